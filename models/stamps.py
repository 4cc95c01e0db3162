"""Moments by the database's clock, and how those who read by them wait for those who write them.

A row is stamped before its transaction commits. Who asks "what changed since T" could so see a newer stamp first and
miss the older one that is committed after it. So every writer joins the writers, a shared lock that ends with its
transaction, before it stamps; and who reads by stamps first waits for the writers that it finds (`settled`), and then
looks at no stamp that is younger than that moment. New writers are not held up, and nobody waits for a reader.
"""

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from models.base import stamp

if TYPE_CHECKING:
    from models.database import Database

CLASS, OBJECT = "hashtext('homeroom writers')", "hashtext(coalesce(current_schema(), ''))"
JOIN_WRITERS = f"SELECT pg_advisory_xact_lock_shared({CLASS}, {OBJECT})"
STOP_WRITERS = text(f"SELECT pg_advisory_xact_lock({CLASS}, {OBJECT})")
WRITERS = f"""
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 2
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid::bigint = {CLASS}::bigint & 4294967295 AND objid::bigint = {OBJECT}::bigint & 4294967295
"""  # noqa: S608 - of constants
# By the statement's own time, which is over before it looks: a writer that it does not find stamps later.
FIND_WRITERS = text(f"SELECT date_trunc('milliseconds', statement_timestamp()), array({WRITERS})")
STILL_WRITING = text(f"SELECT exists({WRITERS} AND virtualtransaction = ANY(:found))")
POLL_SECONDS = 0.01
MILLISECOND = 0.001


class WritersBusy(Exception):
    """Transactions that write took longer than a reader by stamps may wait."""


async def stop_writers(session: AsyncSession | AsyncConnection) -> datetime:
    """Wait for the writers there are, and keep others waiting until this transaction ends. Returns the moment,
    which is later than their stamps.

    For a bulk of rows whose writer would otherwise meet all others, row by row. On SQLite a staging session begins its
    transaction here; in any other it is the only writer anyway.
    """
    connection = await session.connection() if isinstance(session, AsyncSession) else session
    if connection.dialect.name == "postgresql":
        await connection.execute(STOP_WRITERS)
    elif not await in_transaction(connection):
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
    await asyncio.sleep(MILLISECOND)  # or the last of them may have stamped in the same one
    moment: datetime = (await connection.execute(select(stamp()))).scalar_one()
    return moment


async def in_transaction(connection: AsyncConnection) -> bool:
    """Whether SQLite knows of it, as SQLAlchemy always does."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    return bool(driver.in_transaction)


async def settled(database: "Database", seconds: float) -> datetime:
    """A moment before which nothing will be stamped any more, and everything stamped is committed.

    It is later than every stamp that was committed a millisecond ago. Raises WritersBusy if the writers that are at
    work do not end within so many seconds, DBAPIError (SQLITE_BUSY) on SQLite after `lock_seconds`.
    """
    await asyncio.sleep(MILLISECOND)
    if database.writer.dialect.name == "sqlite":
        async with database.writer.begin() as connection:  # takes the write lock, and with it the last place in line
            return (await connection.execute(select(stamp()))).scalar_one()
    until = time.monotonic() + seconds
    async with database.read_session() as session:
        moment, found = (await session.execute(FIND_WRITERS)).one()
    while found:
        if time.monotonic() > until:
            raise WritersBusy("transactions that write take too long")
        await asyncio.sleep(POLL_SECONDS)
        async with database.read_session() as session:
            if not await session.scalar(STILL_WRITING, {"found": found}):
                break
    settled_at: datetime = moment
    return settled_at
