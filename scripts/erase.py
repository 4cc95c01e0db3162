"""Erase a person: nothing is left that says who it was, and totals stay.

Example: homeroom erase 1f0c5a7b
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from models.base import wire_moment
from models.database import Database
from scripts.running import read_settings, run
from service.bundles.exporting import snapshot
from service.privacy.erasing import Outcome, count_person, erase_person
from service.privacy.people import NoSuchPerson

Outcomes = Mapping[str, Outcome]


async def count_rows(database: Database, user: str) -> dict[str, int]:
    async with snapshot(database) as connection:
        return await count_person(connection, user)


async def erase_rows(database: Database, user: str) -> Outcomes:
    async def attempt() -> Outcomes:
        async with database.bulk_session() as session:
            outcomes = await erase_person(session, user)
            await session.commit()
            return outcomes

    return await database.repeat(attempt)  # a purge of the history may get in its way


def confirm(found: Mapping[str, int], user: str) -> None:
    for name, rows in found.items():
        if rows:
            click.echo(f"{name:<30}{rows:>12,}")
    click.confirm(f"Erase {user}? It cannot be taken back", abort=True)


def lines(outcomes: Outcomes) -> list[str]:
    head = f"{'':<30}{'removed':>12}{'blanked':>12}{'kept':>12}"
    rows = [f"{name:<30}{each.removed:>12,}{each.blanked:>12,}{each.kept:>12,}" for name, each in outcomes.items()]
    return [head, *rows]


def write_report(path: Path, outcomes: Outcomes) -> None:
    tables = {name: asdict(each) for name, each in outcomes.items()}
    report = {"erasedAt": wire_moment(datetime.now(UTC)), "tables": tables}
    try:
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"erased, but cannot write {path}: {error.strerror or error}") from error


@click.command()
@click.argument("user")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--report",
    "report_path",
    metavar="FILE.json",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write how many rows of each table went; nothing in it says whose.",
)
def erase(user: str, yes: bool, report_path: Path | None) -> None:
    """Erase the person whose sourcedId is USER from the database, for good.

    Shows how many rows there are, and asks. The user stays as an empty row that is marked tobedeleted; enrollments
    and results stay for the totals, without words. Safe to repeat. Backups, exported files and bundles are beyond its
    reach: the next import of a bundle that holds the person brings them back. docs/privacy.md says it all.

    \b
    Examples:
      homeroom erase 1f0c5a7b
      homeroom erase 1f0c5a7b --yes --report erased.json

    Exit codes: 0 erased, 1 failed, refused or no such person, 2 wrong usage.
    """
    if report_path and not report_path.parent.is_dir():
        raise click.UsageError(f"there is no folder {report_path.parent}")
    settings = replace(read_settings(), statement_seconds=0)
    try:
        if not yes:
            confirm(run(partial(count_rows, user=user), settings), user)
        outcomes = run(partial(erase_rows, user=user), settings)
    except NoSuchPerson as error:
        raise click.ClickException(f"no user has the sourcedId {user}") from error
    for line in lines(outcomes):
        click.echo(line)
    if report_path:
        write_report(report_path, outcomes)


if __name__ == "__main__":
    erase(prog_name="homeroom erase")
