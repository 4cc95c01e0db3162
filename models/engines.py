"""The engines: how each database is connected to, what keeps its connections alive, and what limits them.

Two for one database. The *reader* runs every statement by itself (AUTOCOMMIT), on connections that the database itself
keeps from writing: a SELECT costs one round trip instead of three, and nothing is ever left open. The *writer* runs
transactions that end when the caller commits. Behind a pooler the reader runs transactions too (`models/pooling.py`).
"""

import asyncio
import socket
import time
from typing import Any

import aiosqlite
from sqlalchemy import (
    URL,
    AdaptedConnection,
    AsyncAdaptedQueuePool,
    Connection,
    Dialect,
    NullPool,
    event,
    exc,
    func,
    make_url,
    select,
)
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from models.failures import DatabaseSilent, DatabaseUnavailable
from models.pooling import OneMessageConnection, expect_no_pooler, expect_settings, pooler_arguments
from models.settings import DatabaseSettings
from models.tally import count_statements, current_tally

SQLITE = "sqlite+aiosqlite"
POSTGRESQL = "postgresql+asyncpg"
Options = dict[str, Any]
OUR_FAULT = ("28", "3D")  # a wrong password, no such database: nothing that will pass by waiting


def supported_url(settings: DatabaseSettings) -> URL:
    """Raises ValueError, without the password, if Homeroom cannot use the URL."""
    url = make_url(settings.database_url)
    if url.drivername not in (SQLITE, POSTGRESQL):
        raise ValueError(f"a database URL starts with {SQLITE}:// or {POSTGRESQL}://, not {url.drivername}://")
    if url.drivername == SQLITE and url.database in (None, "", ":memory:"):
        raise ValueError("an SQLite database needs a file: readers and writers are separate connections to it")
    if url.drivername == SQLITE and settings.transaction_pooling:
        raise ValueError("SQLite has no pooler, so HOMEROOM_TRANSACTION_POOLING must not be set")
    return url


def make_engine(settings: DatabaseSettings, *, read_only: bool, pooled: bool = True) -> AsyncEngine:
    """Takes no connection. Raises ValueError for a URL that cannot be used."""
    url = supported_url(settings)
    make = sqlite_engine if url.drivername == SQLITE else postgresql_engine
    pool = pool_options(settings) if pooled else {"poolclass": NullPool}
    engine = make(url, settings, read_only=read_only, pool=pool)
    event.listen(engine.sync_engine, "handle_error", name_the_silence)
    count_statements(engine, settings.slow_seconds)
    return engine


class BoundedPool(AsyncAdaptedQueuePool):
    """A queue pool in front of which only so many may wait; one more is refused at once, not after a wait in vain."""

    waiting = 0
    waiting_max = 0

    def _do_get(self) -> Any:
        if self.waiting >= self.waiting_max and self.checkedout() >= self.size() + self._max_overflow:
            raise exc.TimeoutError("too many requests wait for a connection")
        self.waiting += 1
        began = time.perf_counter()
        try:
            return super()._do_get()
        finally:
            self.waiting -= 1
            now = current_tally()
            now.connections += 1
            now.wait_seconds += time.perf_counter() - began

    def state(self) -> dict[str, int]:
        """How many connections are in use and idle, how many requests wait for one, and how many there may be."""
        most = self.size() + self._max_overflow
        return {"in_use": self.checkedout(), "idle": self.checkedin(), "awaited": self.waiting, "most": most}


def pool_options(settings: DatabaseSettings) -> Options:
    named = {"__module__": AsyncAdaptedQueuePool.__module__}  # so that it logs as SQLAlchemy's own pools do
    return {
        "poolclass": type("BoundedPool", (BoundedPool,), {"waiting_max": settings.pool_waiting_max, **named}),
        "pool_size": settings.pool_size,
        "max_overflow": settings.pool_overflow,
        "pool_timeout": settings.pool_wait_seconds,
        "pool_recycle": settings.pool_recycle_seconds,
        "pool_use_lifo": True,  # what load no longer needs stays idle, and is recycled
    }


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


def postgresql_engine(url: URL, settings: DatabaseSettings, *, read_only: bool, pool: Options) -> AsyncEngine:
    wanted = server_settings(settings, read_only=read_only)
    by_itself = read_only and not settings.transaction_pooling
    engine = create_async_engine(
        url,
        isolation_level="AUTOCOMMIT" if by_itself else "READ COMMITTED",
        skip_autocommit_rollback=by_itself,
        hide_parameters=True,  # an error is logged, and values are people's
        connect_args={
            "timeout": settings.connect_seconds,
            "command_timeout": answer_seconds(settings),
            **(pooler_arguments(wanted) if settings.transaction_pooling else direct_arguments(wanted)),
        },
        **pool,
    )
    event.listen(engine.sync_engine, "do_connect", connect_or_say_why)
    event.listen(engine.sync_engine, "connect", keep_alive)
    event.listen(engine.sync_engine, "begin", join)
    watch_idle_connections(engine, settings.ping_idle_seconds)
    return engine


def direct_arguments(server_settings: dict[str, str]) -> Options:
    return {"server_settings": server_settings, "connection_class": OneMessageConnection}


def join(connection: Connection) -> None:
    """Whether the transaction that begins is one of a writer's (`models/stamps.py`). BEGIN is sent after this."""
    driver: Any = connection.connection.driver_connection
    driver.joins_writers = connection.get_execution_options().get("joins_writers", False)


def answer_seconds(settings: DatabaseSettings) -> float | None:
    """How long to wait for an answer, which never comes through a network that silently drops what it carries."""
    return settings.statement_seconds + settings.connect_seconds if settings.statement_seconds else None


def server_settings(settings: DatabaseSettings, *, read_only: bool) -> dict[str, str]:
    return {
        "application_name": "homeroom reader" if read_only else "homeroom",
        "default_transaction_read_only": "on" if read_only else "off",
        "statement_timeout": milliseconds(settings.statement_seconds),
        "lock_timeout": milliseconds(settings.lock_seconds),
        "idle_in_transaction_session_timeout": milliseconds(settings.idle_transaction_seconds),
        "client_connection_check_interval": "1000",  # a statement whose client is gone stops within a second
        "jit": "off",  # compiling a page's statement takes longer than running it
        "timezone": "UTC",
    }


async def lift_time_limits(connection: AsyncConnection) -> None:
    """Those of a web request, until the transaction ends: a bulk of rows takes longer. SQLite has none."""
    if connection.dialect.name == "postgresql":
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            await connection.execute(select(func.set_config(limit, "0", True)))


def connect_or_say_why(dialect: Dialect, _record: Any, arguments: Any, options: Any) -> Any:
    """SQLAlchemy lets the errors of a socket through as they are, and they could be anybody's: name them here."""
    try:
        connection: Any = dialect.connect(*arguments, **options)
    except (OSError, dialect.loaded_dbapi.Error) as error:
        expect_no_pooler(error)
        if str(getattr(error, "sqlstate", None) or "").startswith(OUR_FAULT):
            raise
        raise DatabaseUnavailable("the database cannot be reached") from error
    expect_settings(connection, options["server_settings"])
    return connection


def name_the_silence(context: ExceptionContext) -> Exception | None:
    """asyncpg's own time limit is a bare TimeoutError. The connection that was silent is not used again."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
        return DatabaseSilent("the database did not answer in time")
    return None


def keep_alive(connection: AdaptedConnection, _record: Any) -> None:
    """Let the kernel find out that the other side is gone, also while nobody asks anything."""
    transport = connection.driver_connection._transport  # asyncpg offers no other way
    peer: socket.socket = transport.get_extra_info("socket")
    if peer.family == socket.AF_UNIX:
        return
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 30_000)):
        if hasattr(socket, name):  # not all systems have all
            peer.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def watch_idle_connections(engine: AsyncEngine, ping_idle_seconds: float) -> None:
    """Notice at checkout that a connection is dead: at no cost if its socket was closed, by asking if it was idle long.

    `pool_pre_ping` asks every time, which takes three round trips with asyncpg.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def note_time(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def expect_life(connection: Any, record: Any, _proxy: Any) -> None:
        if connection.driver_connection.is_closed():
            raise exc.InvalidatePoolError("the connection was closed from the other side")
        idle_since = record.info.pop("idle_since", None)
        if idle_since is not None and time.monotonic() - idle_since > ping_idle_seconds:
            ping(engine.dialect, connection)


def ping(dialect: Dialect, connection: Any) -> None:
    try:
        dialect.do_ping(connection)
    except (OSError, dialect.loaded_dbapi.Error) as error:
        raise exc.InvalidatePoolError("an idle connection no longer answers") from error


# --- SQLite ----------------------------------------------------------------------------------------------------------


def sqlite_engine(url: URL, settings: DatabaseSettings, *, read_only: bool, pool: Options) -> AsyncEngine:
    """Readers never wait for a writer (WAL), and one writer waits for another instead of failing."""
    engine = create_async_engine(
        url,
        isolation_level="AUTOCOMMIT" if read_only else None,
        skip_autocommit_rollback=read_only,
        hide_parameters=True,  # an error is logged, and values are people's
        pool_reset_on_return=None if read_only else "rollback",
        connect_args={"async_creator_fn": connect_to_the_end},
        **pool,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself; `begin_immediate` does
        connection.create_function("lower", 1, lower, deterministic=True)
        for pragma in sqlite_pragmas(settings, read_only=read_only):
            connection.execute(f"PRAGMA {pragma}").close()

    event.listen(engine.sync_engine, "invalidate", give_lock_back)
    if not read_only:
        event.listen(engine.sync_engine, "begin", begin_immediate)
    return engine


async def connect_to_the_end(*arguments: Any, **options: Any) -> aiosqlite.Connection:
    """aiosqlite forgets a connection whose opening was cancelled, and never closes it. Opening takes no time."""
    connecting = asyncio.ensure_future(open_file(*arguments, **options))
    try:
        return await asyncio.shield(connecting)
    except asyncio.CancelledError:
        await (await connecting).close()
        raise


async def open_file(*arguments: Any, **options: Any) -> aiosqlite.Connection:
    connection = aiosqlite.connect(*arguments, **options)
    connection._thread.daemon = True  # as SQLAlchemy has it: no connection keeps a process from ending
    return await connection


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
    """Take the write lock now: a transaction that reads first and asks later is refused at once, without waiting.

    An import takes it when it stops the writers; until then it writes to temporary tables, and needs none.
    """
    if not connection.get_execution_options().get("stages"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def give_lock_back(connection: Any, _record: Any, _error: BaseException | None) -> None:
    """A task that is cancelled inside a statement abandons its cursor, and SQLite keeps the write lock until Python
    collects that. So a rollback is queued before the close. (An interrupt would kill this very rollback.)"""
    driver = connection.driver_connection
    if (raw := getattr(driver, "_connection", None)) is not None:
        driver._tx.put_nowait((None, raw.rollback))


def lower(text: str | None) -> str | None:
    """SQLite's own `lower` knows ASCII only."""
    return None if text is None else str(text).lower()


def milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
