"""Engines and sessions for everybody: the service, the scripts, Alembic. The only `create_async_engine` there is.

Two engines for one database. The *reader* runs every statement by itself (AUTOCOMMIT), on connections that the
database itself keeps from writing: a SELECT costs one round trip instead of three, and nothing is ever left open. The
*writer* runs transactions that end when the caller commits.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

SQLITE = "sqlite+aiosqlite"
POSTGRESQL = "postgresql+asyncpg"


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """What an engine needs to know. The service adds its own settings to these (`service/settings.py`)."""

    database_url: str = field(default=f"{SQLITE}:///homeroom.db", repr=False)  # may hold a password
    pool_size: int = 5  # connections that each engine keeps
    pool_overflow: int = 5  # connections that each engine may open beyond that
    pool_wait_seconds: float = 2.0  # for a free connection, before the request is refused
    connect_seconds: float = 5.0
    statement_seconds: float = 30.0
    lock_seconds: float = 5.0


class Database:
    """The sessions of one database. `async with Database(settings) as database:` closes its engines at the end.

    Made inside a running event loop; takes no connection until a session is used. Raises ValueError for a URL that is
    neither `sqlite+aiosqlite:///FILE` nor `postgresql+asyncpg://…`.
    """

    def __init__(self, settings: DatabaseSettings) -> None:
        url = supported_url(settings.database_url)
        make_engine = sqlite_engine if url.drivername == SQLITE else postgresql_engine
        self.reader: AsyncEngine = make_engine(url, settings, read_only=True)
        self.writer: AsyncEngine = make_engine(url, settings, read_only=False)
        # After close a session must not quietly open again; after commit what it loaded stays readable.
        options: dict[str, Any] = {"expire_on_commit": False, "close_resets_only": False}
        self.read_session = async_sessionmaker(self.reader, autoflush=False, **options)
        self.write_session = async_sessionmaker(self.writer, **options)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A write session that commits at the end of the block, and leaves no trace if the block raises."""
        async with self.write_session() as session:
            yield session
            await session.commit()

    async def dispose(self) -> None:
        """Close every connection. The last session must be closed before."""
        await self.reader.dispose()
        await self.writer.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.dispose()


def supported_url(text: str) -> URL:
    """Raises ValueError, without the password, if Homeroom cannot use the URL."""
    url = make_url(text)
    if url.drivername not in (SQLITE, POSTGRESQL):
        raise ValueError(
            f"a database URL starts with {SQLITE}:// or {POSTGRESQL}://, not {url.drivername}://"
        )
    if url.drivername == SQLITE and url.database in (None, "", ":memory:"):
        raise ValueError(
            "an SQLite database needs a file: readers and writers are separate connections to it"
        )
    return url


def postgresql_engine(url: URL, settings: DatabaseSettings, *, read_only: bool) -> AsyncEngine:
    """Limits travel as settings of the connection, where they cost no statement per request."""
    server_settings = {
        "application_name": "homeroom reader" if read_only else "homeroom",
        "default_transaction_read_only": "on" if read_only else "off",
        "statement_timeout": milliseconds(settings.statement_seconds),
        "lock_timeout": milliseconds(settings.lock_seconds),
        "idle_in_transaction_session_timeout": milliseconds(settings.statement_seconds),
        "jit": "off",  # compiling a page's statement takes longer than running it
        "timezone": "UTC",
    }
    return create_async_engine(
        url,
        isolation_level="AUTOCOMMIT" if read_only else "READ COMMITTED",
        skip_autocommit_rollback=read_only,
        connect_args={"timeout": settings.connect_seconds, "server_settings": server_settings},
        **pool_options(settings),
    )


def sqlite_engine(url: URL, settings: DatabaseSettings, *, read_only: bool) -> AsyncEngine:
    """Readers never wait for a writer (WAL), and one writer waits for another instead of failing."""
    engine = create_async_engine(
        url,
        isolation_level="AUTOCOMMIT" if read_only else None,
        skip_autocommit_rollback=read_only,
        pool_reset_on_return=None if read_only else "rollback",
        **pool_options(settings),
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself; `begin_immediate` does
        connection.create_function("lower", 1, lower, deterministic=True)
        for pragma in sqlite_pragmas(settings, read_only=read_only):
            connection.execute(f"PRAGMA {pragma}").close()

    if not read_only:
        event.listen(engine.sync_engine, "begin", begin_immediate)
    return engine


def sqlite_pragmas(settings: DatabaseSettings, *, read_only: bool) -> list[str]:
    return [
        f"busy_timeout = {milliseconds(settings.lock_seconds)}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "cache_size = -32000",  # KiB; a page walk over a large table should not go to the disk for its index
        *(["query_only = ON"] if read_only else []),
    ]


def begin_immediate(connection: Connection) -> None:
    """Take the write lock now: a transaction that reads first and asks later is refused at once, without waiting."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def lower(text: str | None) -> str | None:
    """SQLite's own `lower` knows ASCII only."""
    return None if text is None else str(text).lower()


def pool_options(settings: DatabaseSettings) -> dict[str, Any]:
    return {
        "pool_size": settings.pool_size,
        "max_overflow": settings.pool_overflow,
        "pool_timeout": settings.pool_wait_seconds,
        "pool_use_lifo": True,
    }


def milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
