"""Give programs access to the API, list who has it, take it back.

Example: homeroom client add "Grade book app" --scope roster.readonly --scope gradebook.readonly
"""

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

import click
from sqlalchemy import select

from models import ApiClient
from models.base import as_utc
from models.database import Database
from scripts.running import run
from service.access import SCOPES, full_scope, new_client, short_scope


@click.group()
def client() -> None:
    """Give programs access to the API, list who has it, take it back.

    A program exchanges its client_id and client_secret for a token at /oauth2/token.

    \b
    Examples:
      homeroom client add "Grade book app" --scope roster.readonly --scope gradebook.readonly
      homeroom client list
      homeroom client revoke 1f0c5a7be3d92486
    """


def parse_scopes(_context: click.Context, _option: click.Parameter, names: tuple[str, ...]) -> list[str]:
    if "all" in names:
        return list(SCOPES)
    try:
        return [full_scope(name) for name in names]
    except ValueError as error:
        raise click.BadParameter(f"{error}, and all") from error


@client.command(epilog="\b\nScopes:\n  " + "\n  ".join(["all", *map(short_scope, SCOPES)]))
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    metavar="SCOPE",
    multiple=True,
    required=True,
    callback=parse_scopes,
    help="What the program may do; repeat it for more.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for another program to read.")
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
    credentials = run(partial(add_client, name=name, scopes=scopes))
    if as_json:
        click.echo(json.dumps(credentials))
    else:
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
        "revoked_at": each.revoked_at and each.revoked_at.isoformat(),
    }


def as_line(each: ApiClient, width: int) -> str:
    end = f"revoked {each.revoked_at:%Y-%m-%d}" if each.revoked_at else "active"
    scopes = "all" if set(SCOPES) <= set(each.scopes) else " ".join(map(short_scope, each.scopes))
    return f"{each.client_id}  {each.name:<{width}}  added {each.created_at:%Y-%m-%d}  {end:<18}  {scopes}"


@client.command()
@click.argument("client_id")
def revoke(client_id: str) -> None:
    """Take a program's access back, for good. Safe to repeat.

    It gets no new token from now on; those that it holds end within HOMEROOM_TOKEN_MINUTES.
    """
    if not run(partial(revoke_client, client_id=client_id)):
        raise click.ClickException(f"no client {client_id}: `homeroom client list` shows them")
    click.echo(f"revoked {client_id}: no new tokens; those it holds end within HOMEROOM_TOKEN_MINUTES")


async def revoke_client(database: Database, client_id: str) -> bool:
    """False if there is no such client."""
    async with database.transaction() as session:
        found = await session.get(ApiClient, client_id)
        if found and not found.revoked_at:
            found.revoked_at = as_utc(datetime.now(UTC))
    return found is not None


if __name__ == "__main__":
    client(prog_name="homeroom client")
