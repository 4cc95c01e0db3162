"""Give programs access to the API, list who has it, renew their secrets, take it back.

Example: homeroom client add "Grade book app" --scope roster.readonly --scope gradebook.readonly
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import click
from sqlalchemy import select

from models import ApiClient
from models.base import as_utc
from models.database import Database
from scripts.running import read_settings, run
from service.access import SCOPES, end_tokens, full_scope, new_client, old_secret_end, rotate, short_scope

T = TypeVar("T")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
OVERLAP_MAX = timedelta(days=366)


@click.group()
def client() -> None:
    """Give programs access to the API, list who has it, renew their secrets, take it back.

    A program exchanges its client_id and client_secret for a token at /oauth2/token.

    \b
    Examples:
      homeroom client add "Grade book app" --scope roster.readonly --scope gradebook.readonly
      homeroom client list
      homeroom client rotate 1f0c5a7be3d92486a7be3d92
      homeroom client revoke 1f0c5a7be3d92486a7be3d92
    """


def parse_scopes(_context: click.Context, _option: click.Parameter, names: tuple[str, ...]) -> list[str]:
    if "all" in names:
        return list(SCOPES)
    try:
        return [full_scope(name) for name in names]
    except ValueError as error:
        raise click.BadParameter(f"{error}, and all") from error


EPILOG = "\b\nScopes:\n  " + "\n  ".join(["all", *map(short_scope, SCOPES)])
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for another program to read.")
scope_option = click.option(
    "--scope",
    "scopes",
    metavar="SCOPE",
    multiple=True,
    required=True,
    callback=parse_scopes,
    help="What the program may do; repeat it for more.",
)


@client.command(epilog=EPILOG)
@click.argument("name")
@scope_option
@json_option
def add(name: str, scopes: list[str], as_json: bool) -> None:
    """Add a program called NAME and print its client_id and client_secret.

    The secret is shown this once: only its hash is kept. Two programs may have one name; their ids differ.
    Scopes of OneRoster 1.1 start with v1p1: and open nothing of 1.2; the others open nothing of 1.1.

    \b
    Examples:
      homeroom client add "Grade book app" --scope roster.readonly --scope gradebook.readonly
      homeroom client add "Old vendor" --scope v1p1:roster.readonly
      homeroom client add "Nightly job" --scope all --json > credentials.json
    """
    show_credentials(run(partial(add_client, name=name, scopes=scopes)), as_json=as_json)


def show_credentials(credentials: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        return click.echo(json.dumps(credentials))
    for word, value in credentials.items():
        click.echo(f"{word:<14} {value}")
    click.echo("Keep the secret now: it is not shown again.", err=True)


async def add_client(database: Database, name: str, scopes: list[str]) -> dict[str, str]:
    """`{"client_id": …, "client_secret": …}`."""
    async with database.transaction() as session:
        added, secret = new_client(name, scopes)
        session.add(added)
    return {"client_id": added.client_id, "client_secret": secret}


@client.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, scopes as full URLs.")
def list_(as_json: bool) -> None:
    """List the programs that have, or had, access."""
    clients = run(all_clients)
    if as_json:
        click.echo(json.dumps([as_json_object(each) for each in clients], indent=2, ensure_ascii=False))
    elif not clients:
        click.echo("no clients yet: `homeroom client add --help` says how to add one", err=True)
    else:
        width = max(len(each.name) for each in clients)
        for each in clients:
            click.echo(as_line(each, width))


async def all_clients(database: Database) -> list[ApiClient]:
    async with database.read_session() as session:
        return list(await session.scalars(select(ApiClient).order_by(ApiClient.created_at, ApiClient.client_id)))


def as_json_object(each: ApiClient) -> dict[str, Any]:
    return {
        "client_id": each.client_id,
        "name": each.name,
        "scopes": each.scopes,
        "created_at": each.created_at.isoformat(),
        "old_secret_until": (until := old_secret_end(each)) and until.isoformat(),
        "revoked_at": each.revoked_at and each.revoked_at.isoformat(),
    }


def as_line(each: ApiClient, width: int) -> str:
    scopes = "all" if set(SCOPES) <= set(each.scopes) else " ".join(map(short_scope, each.scopes))
    return f"{each.client_id}  {each.name:<{width}}  added {each.created_at:%Y-%m-%d}  {state(each):<29}  {scopes}"


def state(each: ApiClient) -> str:
    if each.revoked_at:
        return f"revoked {each.revoked_at:%Y-%m-%d}"
    until = old_secret_end(each)
    return f"old secret until {until:%Y-%m-%d}" if until else "active"


@client.command()
@click.argument("client_id")
@json_option
def show(client_id: str, as_json: bool) -> None:
    """Show one program: its scopes, and until when a former secret of it is valid."""
    shown = as_json_object(run(partial(one_client, client_id=client_id)))
    if as_json:
        return click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    for word, value in shown.items():
        if value is not None:
            click.echo(f"{word:<17} {' '.join(map(short_scope, value)) if word == 'scopes' else value}")


async def one_client(database: Database, client_id: str) -> ApiClient:
    async with database.read_session() as session:
        return expect_found(await session.get(ApiClient, client_id), client_id)


def expect_found(found: ApiClient | None, client_id: str) -> ApiClient:
    if found is None:
        raise click.ClickException(f"no client {client_id}: `homeroom client list` shows them")
    return found


def parse_overlap(_context: click.Context, _option: click.Parameter, text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if not found:
        raise click.BadParameter(f"{text!r} is not a time such as 7d, 12h or 30m")
    overlap = timedelta(**{UNITS[found[2]]: int(found[1])})
    if not timedelta(0) < overlap <= OVERLAP_MAX:
        raise click.BadParameter("it is more than 0 and at most 366d; --now ends the old secret at once")
    return overlap


@client.command("rotate")
@click.argument("client_id")
@click.option(
    "--overlap",
    metavar="TIME",
    default="7d",
    show_default=True,
    callback=parse_overlap,
    help="How long the old secret stays valid: days, hours or minutes, such as 7d, 12h, 30m.",
)
@click.option("--now", is_flag=True, help="End the old secret at once, and every token with it.")
@json_option
def rotate_(client_id: str, overlap: timedelta, now: bool, as_json: bool) -> None:
    """Give a program a new secret and print it. The old one stays valid for a while, so that nothing stops.

    Whoever runs the program changes the secret within that time. With --now the old one ends at once, as it must if
    somebody else knows it; the program then stands still until it has the new one.

    \b
    Examples:
      homeroom client rotate 1f0c5a7be3d92486a7be3d92
      homeroom client rotate 1f0c5a7be3d92486a7be3d92 --overlap 30d
      homeroom client rotate 1f0c5a7be3d92486a7be3d92 --now
    """
    change = partial(renew_secret, overlap=timedelta(0) if now else overlap)
    credentials, until = run(partial(change_client, client_id=client_id, change=change))
    show_credentials(credentials, as_json=as_json)
    end = f"is valid until {until:%Y-%m-%d %H:%M} UTC" if until else f"is void, and tokens that are out end {soon()}"
    click.echo(f"The old secret {end}.", err=True)


def renew_secret(found: ApiClient, overlap: timedelta) -> tuple[dict[str, str], datetime | None]:
    """A third secret would end the first, which the program may still use."""
    if found.revoked_at:
        raise click.ClickException(f"{found.client_id} is revoked: `homeroom client enable` lets it in again")
    if overlap and (until := old_secret_end(found)):
        raise click.ClickException(
            f"{found.client_id} has two valid secrets, the old one until {until:%Y-%m-%d %H:%M} UTC:"
            " wait for that, or end both with --now"
        )
    secret = rotate(found, overlap)
    return {"client_id": found.client_id, "client_secret": secret}, found.old_secret_until


@client.command(epilog=EPILOG)
@click.argument("client_id")
@scope_option
def grant(client_id: str, scopes: list[str]) -> None:
    """Set what a program may do, from now on. The scopes named here replace those that it has.

    If it loses one, its tokens end, and it gets new ones with its next request for a token.
    """
    lost = run(partial(change_client, client_id=client_id, change=partial(set_scopes, scopes=scopes)))
    gone = f"; it lost {' '.join(map(short_scope, sorted(lost)))}, and its tokens end {soon()}" if lost else ""
    click.echo(f"{client_id} may {' '.join(map(short_scope, scopes))}{gone}")


def set_scopes(found: ApiClient, scopes: list[str]) -> set[str]:
    """Those that it lost."""
    lost = set(found.scopes) - set(scopes)
    found.scopes = sorted(set(scopes))
    if lost:
        end_tokens(found)
    return lost


@client.command()
@click.argument("client_id")
def revoke(client_id: str) -> None:
    """Take a program's access back. Safe to repeat.

    It gets no new token and writes nothing more from now on. Running servers refuse the tokens that it holds within
    HOMEROOM_REVOCATION_SECONDS.
    """
    run(partial(change_client, client_id=client_id, change=take_back))
    click.echo(f"revoked {client_id}: no new tokens, no writes; those that it holds end {soon()}")


def take_back(found: ApiClient) -> None:
    found.revoked_at = found.revoked_at or as_utc(datetime.now(UTC))


@client.command()
@click.argument("client_id")
def enable(client_id: str) -> None:
    """Let a program that was revoked in again, with the secret and the scopes that it had. Safe to repeat.

    Tokens from before it was revoked stay void.
    """
    run(partial(change_client, client_id=client_id, change=let_in_again))
    click.echo(f"{client_id} may get tokens again")


def let_in_again(found: ApiClient) -> None:
    if found.revoked_at:
        found.revoked_at = None
        end_tokens(found)


def soon() -> str:
    return f"within {read_settings().revocation_seconds:g} seconds"


async def change_client(database: Database, client_id: str, change: Callable[[ApiClient], T]) -> T:
    """What `change` returns. Raises ClickException if there is no such client."""
    async with database.transaction() as session:
        return change(expect_found(await session.get(ApiClient, client_id, with_for_update=True), client_id))


if __name__ == "__main__":
    client(prog_name="homeroom client")
