"""Remove old entries of the history, or give its feed a new id.

Example: homeroom history purge --days 400
"""

from dataclasses import replace
from functools import partial

import click

from models.database import Database
from scripts.running import read_settings, run
from service.privacy.retention import purge_batch, renew_feed


@click.group()
def history() -> None:
    """Remove old entries of the history, or give its feed a new id.

    \b
    Examples:
      homeroom history purge
      homeroom history renew
    """


@history.command()
@click.option(
    "--days",
    type=click.FloatRange(min=0),
    help="Keep so many; 0 keeps everything.  [default: HOMEROOM_HISTORY_DAYS]",
)
def purge(days: float | None) -> None:
    """Remove the entries that are older than --days, for good.

    For a nightly job. It works in batches of 10,000 and may be stopped at any time. Records stay as they are; only
    what is known of their past becomes shorter. Programs that were away for longer have to fetch everything again.
    """
    settings = replace(read_settings(), statement_seconds=0)
    days = settings.history_days if days is None else days
    removed = run(partial(purge_older, days=days), settings) if days else 0
    click.echo(
        f"removed {removed:,} entries older than {days:g} days" if days else "removed nothing: 0 keeps everything"
    )


async def purge_older(database: Database, days: float) -> int:
    total = after = 0
    while True:
        removed, after = await database.repeat(partial(purge_once, database, days, after))
        if not removed:
            return total
        total += removed


async def purge_once(database: Database, days: float, after: int) -> tuple[int, int]:
    async with database.bulk_session() as session:
        outcome = await purge_batch(session, days, after)
        await session.commit()
        return outcome


@history.command()
def renew() -> None:
    """Give the feed a new id: to be called after a backup was restored.

    Programs may have seen changes that the backup does not hold. With the new id their cursors are refused, and they
    fetch everything again. Nothing else changes.
    """
    click.echo(f"the feed is now {run(renewed)}")


async def renewed(database: Database) -> str:
    async with database.transaction() as session:
        return await renew_feed(session)


if __name__ == "__main__":
    history(prog_name="homeroom history")
