"""Remove old entries of the history, or give its feed a new id.

Example: homeroom history purge --days 400
"""

from dataclasses import replace
from functools import partial

import click

from models.database import Database
from scripts.running import read_settings, run
from service.privacy.retention import purge, renew_feed


@click.group()
def history() -> None:
    """Remove old entries of the history, or give its feed a new id.

    \b
    Examples:
      homeroom history purge
      homeroom history renew
    """


@history.command("purge")
@click.option(
    "--days",
    type=click.FloatRange(min=0),
    help="Keep so many; 0 keeps everything.  [default: HOMEROOM_HISTORY_DAYS]",
)
def purge_history(days: float | None) -> None:
    """Remove the entries that are older than --days, for good.

    A server does the same every hour. It works in batches of 10,000 and may be stopped at any time. Records stay as
    they are; only what is known of their past becomes shorter. Programs that were away for longer have to fetch
    everything again.
    """
    settings = replace(read_settings(), statement_seconds=0)
    days = settings.history_days if days is None else days
    removed = run(partial(purge, days=days), settings) if days else 0
    click.echo(
        f"removed {removed:,} entries older than {days:g} days" if days else "removed nothing: 0 keeps everything"
    )


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
