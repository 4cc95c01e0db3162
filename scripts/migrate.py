"""Bring the database's tables up to date; makes an SQLite database that is not there yet.

Example: homeroom migrate
"""

import asyncio
from dataclasses import replace

import click
from alembic.util import CommandError

from scripts.running import open_database, read_settings, shown
from service.running import revisions
from service.settings import Settings


async def migrate_database(settings: Settings, revision: str = "head") -> tuple[str | None, str | None]:
    """The revisions before and after. Safe to run twice. Raises alembic's CommandError for an unknown revision."""
    patient = replace(settings, statement_seconds=0)  # an index on a large table takes its time
    async with open_database(patient, migrated=False) as database, database.writer.connect() as connection:
        await connection.run_sync(revisions.take_turn)
        before = await connection.run_sync(revisions.current)
        await connection.run_sync(revisions.upgrade, revision)
        await connection.commit()
        return before, await connection.run_sync(revisions.current)


@click.command()
@click.argument("revision", default="head")
def migrate(revision: str) -> None:
    """Bring the database's tables up to date, or up to REVISION.

    Safe to run twice, and to run before the new version is started: it only goes forward. An SQLite database that
    is not there yet is made; a PostgreSQL database must exist (`createdb homeroom`).

    \b
    Examples:
      homeroom migrate
      HOMEROOM_DATABASE_URL=postgresql+asyncpg://homeroom:PASSWORD@localhost/homeroom homeroom migrate
    """
    settings = read_settings()
    try:
        before, after = asyncio.run(migrate_database(settings, revision))
    except CommandError as error:
        raise click.BadParameter(str(error), param_hint="REVISION") from error
    if before == after:
        click.echo(f"{shown(settings)} is at revision {after}: nothing to do")
    else:
        click.echo(f"{shown(settings)}: migrated from {before or 'nothing'} to revision {after}")


if __name__ == "__main__":
    migrate(prog_name="homeroom migrate")
