"""Fill an empty database from a backup.

Example: homeroom restore homeroom-2026-11-24.zip
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError

from models.failures import Failure, failure_of
from scripts.export_roster import progress_bar
from scripts.running import open_database, read_settings, reason, shown
from service.backups.archive import Archive, Unusable, open_archive
from service.backups.restoring import NotEmpty, Restored, restore, verify
from service.backups.saving import OtherRevision, Watch
from service.settings import Settings

IN_USE = "others use the database: stop the service, then restore"


async def restore_and_commit(settings: Settings, archive: Archive, *, replacing: bool, watch: Watch) -> Restored:
    patient = replace(settings, statement_seconds=0)
    async with open_database(patient, migrated=False) as database, database.bulk_session() as session:
        try:
            outcome = await restore(session, archive, replace=replacing, watch=watch)
        except DBAPIError as error:
            raise explained(error) from error
        watch("committing", 0, 0)
        await session.commit()
        return outcome


def explained(error: DBAPIError) -> Exception:
    failure = failure_of(error)
    if failure is Failure.LOCKED:
        return click.ClickException(IN_USE)
    if failure in (Failure.REFUSED, Failure.INVALID):
        return Unusable(f"holds a row that this database refuses: {reason(error)}")
    return error


@contextmanager
def plain_refusals(file: Path, settings: Settings) -> Iterator[None]:
    try:
        yield
    except Unusable as error:
        raise click.ClickException(f"{file} {error}") from error
    except OtherRevision as error:
        raise click.ClickException(f"{error}: restore with the Homeroom that serves it") from error
    except NotEmpty as error:
        raise click.ClickException(
            f"{shown(settings)} is not empty ({listed(error.rows)}): name another database in HOMEROOM_DATABASE_URL, or"
            " remove what it holds with --replace"
        ) from error
    except OSError as error:
        raise click.ClickException(f"cannot read {file}: {error.strerror or error}") from error


def listed(rows: dict[str, int]) -> str:
    """The largest three."""
    largest = sorted(rows, key=rows.__getitem__, reverse=True)
    shown = ", ".join(f"{rows[name]:,} {name}" for name in largest[:3])
    return f"{shown} and {len(largest) - 3} more tables" if len(largest) > 3 else shown


def report(outcome: Restored, archive: Archive, settings: Settings) -> Iterator[str]:
    manifest = archive.manifest
    if outcome.emptied:
        yield f"removed what was there: {listed(outcome.emptied)}"
    yield f"restored {shown(settings)}: {manifest.rows:,} rows, as of {manifest.created}"
    if outcome.now != outcome.revision:
        yield f"migrated from revision {outcome.revision}, which the backup is of, to {outcome.now}"
    yield "the feed of changes has a new id: programs that follow it are told to read everything again"


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", "replacing", is_flag=True, help="Remove all that the database holds first.")
@click.option("--check", is_flag=True, help="Only read FILE and compare it with its checksums; needs no database.")
def restore_backup(file: Path, replacing: bool, check: bool) -> None:
    """Fill the database from FILE, which `homeroom backup` wrote, on either kind of database.

    The database must be empty: an SQLite file is made, a PostgreSQL database must exist (`createdb homeroom`). It need
    not be migrated. A backup of an older Homeroom is brought up to date. All of it happens or nothing, and only after
    counts, checksums and references were found right. Stop the service meanwhile.

    \b
    Examples:
      homeroom restore homeroom.zip --check
      HOMEROOM_DATABASE_URL=sqlite+aiosqlite:///copy.db homeroom restore homeroom.zip

    Exit codes: 0 restored, 1 failed or refused, and nothing was changed, 2 wrong usage.
    """
    settings = read_settings()
    with plain_refusals(file, settings), open_archive(file) as archive, progress_bar() as watch:
        if check:
            verify(archive, watch)
            lines = iter([f"{file} is whole: {archive.manifest.rows:,} rows, as of {archive.manifest.created}"])
        else:
            work = restore_and_commit(settings, archive, replacing=replacing, watch=watch)
            lines = report(asyncio.run(work), archive, settings)
    for line in lines:
        click.echo(line)


if __name__ == "__main__":
    restore_backup(prog_name="homeroom restore")
