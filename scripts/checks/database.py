"""What the database itself can tell."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from scripts.checks.finding import DatabaseCheck, Finding, Place, unknown, warning, wrong
from service.running import revisions

POSTGRESQL_MIN = 14  # client_connection_check_interval
CLOCK_WARNING, CLOCK_WRONG = 2.0, 30.0  # seconds
IDLE_MINUTES = 5
CHECK_SECONDS = 20.0  # for reading through an SQLite database
STEPS = 10_000  # of SQLite between two looks at the clock
ENGINES = 2


async def migrations(_place: Place, connection: AsyncConnection) -> AsyncIterator[Finding]:
    revision = await connection.run_sync(revisions.current)
    if revision is None:
        yield wrong("the database has no tables of Homeroom", "run `homeroom migrate`, or `homeroom restore`")
    elif revisions.is_behind(revision):
        yield wrong(f"the database is at revision {revision}, before {revisions.head()}", "run `homeroom migrate`")
    elif revision != revisions.head():
        says = f"the database is at revision {revision}, of a newer Homeroom than this"
        yield warning(says, "finish the upgrade: install the newer Homeroom here, too")


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


async def server(_place: Place, connection: AsyncConnection) -> AsyncIterator[Finding]:
    version = int(str(await ask(connection, "SHOW server_version_num")))
    if version < POSTGRESQL_MIN * 10_000:
        yield wrong(f"PostgreSQL is of version {version // 10_000}", f"upgrade it to {POSTGRESQL_MIN} or newer")
    if (encoding := await ask(connection, "SHOW server_encoding")) != "UTF8":
        do = "make the database anew, with `createdb --encoding UTF8 --template template0`"
        yield wrong(f"the database's encoding is {encoding}, which cannot hold every name", do)
    if await ask(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        do = "make a role that owns the database and nothing else, and name it in HOMEROOM_DATABASE_URL"
        yield warning("the service is the database server's superuser", do)


async def clock(_place: Place, connection: AsyncConnection) -> AsyncIterator[Finding]:
    before = datetime.now(UTC)
    there: Any = await ask(connection, "SELECT clock_timestamp()")
    middle = before + (datetime.now(UTC) - before) / 2
    if (apart := abs((there - middle).total_seconds())) > CLOCK_WARNING:
        says = f"the clocks of this machine and of the database are {apart:,.0f} seconds apart"
        do = "let both machines keep their clocks by NTP: tokens and dateLastModified go by them"
        yield (wrong if apart > CLOCK_WRONG else warning)(says, do)


async def connections(place: Place, connection: AsyncConnection) -> AsyncIterator[Finding]:
    settings = place.settings
    each = ENGINES * (settings.pool_size + settings.pool_overflow)
    needed = place.workers * (each + 1)  # one for /readyz
    if settings.transaction_pooling:
        says = f"{place.workers} workers may take {needed:,} connections of the pooler, whose limits are not known here"
        yield unknown(says, "compare PgBouncer's max_client_conn")
        return
    most = int(str(await ask(connection, "SHOW max_connections")))
    reserved = int(str(await ask(connection, RESERVED)))
    if needed > most - reserved:
        says = (
            f"{place.workers} workers may take {needed:,} connections, and PostgreSQL gives {most - reserved:,}"
            f" (max_connections {most:,}, of which {reserved:,} are reserved)"
        )
        do = "raise max_connections, or lower HOMEROOM_POOL_SIZE, HOMEROOM_POOL_OVERFLOW or --workers"
        yield wrong(says, do)


RESERVED = """
    SELECT sum(setting::int) FROM pg_settings WHERE name IN ('superuser_reserved_connections', 'reserved_connections')
"""


async def indexes(_place: Place, connection: AsyncConnection) -> AsyncIterator[Finding]:
    for (name,) in await rows(connection, INVALID):
        yield wrong(f"the index {name} is invalid, and serves no query", f"REINDEX INDEX CONCURRENTLY {name}")


INVALID = """
    SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace
"""


async def idle_transactions(_place: Place, connection: AsyncConnection) -> AsyncIterator[Finding]:
    """They keep old versions of rows, and may hold locks."""
    for pid, name, minutes in await rows(connection, IDLE, minutes=IDLE_MINUTES):
        says = f"the connection {pid} ({name}) has been idle in a transaction for {minutes} minutes"
        yield warning(says, f"find out what it is; SELECT pg_terminate_backend({pid}) ends it")


IDLE = """
    SELECT pid, application_name, floor(extract(epoch FROM now() - state_change) / 60)::int FROM pg_stat_activity
    WHERE datname = current_database() AND state LIKE 'idle in transaction%'
      AND state_change < now() - make_interval(mins => :minutes)
"""


async def ask(connection: AsyncConnection, question: str) -> object:
    return await connection.scalar(text(question))


async def rows(connection: AsyncConnection, question: str, **values: Any) -> Sequence[Any]:
    return (await connection.execute(text(question), values)).all()


# --- SQLite ----------------------------------------------------------------------------------------------------------


async def journal(_place: Place, connection: AsyncConnection) -> AsyncIterator[Finding]:
    if (mode := await ask(connection, "PRAGMA journal_mode")) != "wal":
        says = f"SQLite's journal is {mode} and not wal, so readers and writers wait for each other"
        yield wrong(says, "put the file on a disk of this machine: a network's file systems do not do")


async def integrity(place: Place, _connection: AsyncConnection) -> AsyncIterator[Finding]:
    for pragma, says, do in INTEGRITY:
        try:
            found = await asyncio.to_thread(first_of, place.file, pragma) if place.file else None
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            look = f"run it yourself, at night: sqlite3 {place.file} 'PRAGMA {pragma}'"
            yield unknown(f"{pragma} takes longer than {CHECK_SECONDS:g} seconds", look)
        else:
            if found and found[0] != "ok":
                yield wrong(says.format(*found), do)


INTEGRITY = (
    ("quick_check(1)", "the file is damaged: {0}", "restore the last backup, and look at the disk"),
    (
        "foreign_key_check",
        "a row of {0} refers to one of {2} that is not there",
        "something else than Homeroom wrote to the file: restore the last backup, or remove such rows",
    ),
)


def first_of(file: Path, pragma: str) -> tuple[Any, ...] | None:
    """The first row of its answer. Raises OperationalError (interrupted) if it takes too long."""
    until = time.monotonic() + CHECK_SECONDS
    connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
    try:
        connection.set_progress_handler(lambda: time.monotonic() > until, STEPS)
        row: tuple[Any, ...] | None = connection.execute(f"PRAGMA {pragma}").fetchone()
        return row
    finally:
        connection.close()


CHECKS: dict[str, tuple[DatabaseCheck, ...]] = {
    "postgresql": (migrations, server, clock, connections, indexes, idle_transactions),
    "sqlite": (migrations, journal, integrity),
}
