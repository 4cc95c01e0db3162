"""How long the history is kept, and what its feed is told of what is gone."""

import asyncio
import logging
from datetime import timedelta
from functools import partial
from uuid import uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from models import Feed
from models.base import stamp
from models.database import Database
from models.failures import DatabaseSilent, DatabaseUnavailable
from service.records.history import CHANGES

log = logging.getLogger(__name__)
BATCH = 10_000
PURGE_SECONDS = 3600.0  # between two looks of a server
CENTURY = 36_500  # days; the calendar ends somewhere


async def purge(database: Database, days: float) -> int:
    """Remove the entries that are older, a batch in a transaction. Returns how many went; none for 0 days."""
    total, removed, after = 0, 1 if days else 0, 0
    while removed:
        removed, after = await database.repeat(partial(purge_once, database, days, after))
        total += removed
    return total


async def purge_once(database: Database, days: float, after: int) -> tuple[int, int]:
    async with database.bulk_session() as session:
        outcome = await purge_batch(session, days, after)
        await session.commit()
        return outcome


async def keep_purging(database: Database, days: float, every: float = PURGE_SECONDS) -> None:
    """For as long as a server runs. Of several processes one purges at a time, and the others find nothing left."""
    while days:
        await asyncio.sleep(every)
        try:
            if removed := await purge(database, days):
                log.info("removed %d entries of the history, older than %g days", removed, days)
        except (SQLAlchemyError, DatabaseUnavailable, DatabaseSilent, OSError) as error:
            log.warning("the history was not purged: %s", type(error).__name__)


async def purge_batch(session: AsyncSession, days: float, after: int = 0) -> tuple[int, int]:
    """Remove those of the first 10,000 entries after this `seq` that are older, and note it in the feed.

    Returns how many went, and the `seq` of the last: where the next batch goes on, for PostgreSQL would otherwise pass
    again what was removed. From the lowest `seq` on, so that what programs miss is the oldest, and has no holes.
    """
    feed = (await session.scalars(select(Feed).with_for_update())).one()  # one purge at a time
    limit = (await session.execute(select(stamp()))).scalar_one() - timedelta(days=min(days, CENTURY))
    first = select(CHANGES).where(CHANGES.c.seq > after).order_by(CHANGES.c.seq).limit(BATCH).subquery()
    columns = (func.count(), func.max(first.c.seq), func.max(first.c.transaction_id))
    removed, seq, transaction = (await session.execute(select(*columns).where(first.c.at < limit))).one()
    if removed:
        await session.execute(delete(CHANGES).where(CHANGES.c.seq.between(after + 1, seq), CHANGES.c.at < limit))
        feed.purged_seq = max(feed.purged_seq, seq)
        feed.purged_transaction = max(feed.purged_transaction, transaction or 0)
    return removed, seq or after


async def renew_feed(session: AsyncSession) -> str:
    """The new id. Cursors of the old one are refused from now on."""
    feed = (await session.scalars(select(Feed).with_for_update())).one()
    feed.id = str(uuid4())
    return feed.id
