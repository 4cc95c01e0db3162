"""How every command meets its surroundings: settings, a database that is there and migrated, failures in one line.

A command that uses the database is a click command around an async function of a `Database`; `run` does the rest:

    @click.command()
    @click.argument("name")
    def find_org(name: str) -> None:
        click.echo(run(partial(sourced_id_of, name=name)))

    async def sourced_id_of(database: Database, name: str) -> str:
        async with database.read_session() as session:  # or `database.transaction()`, which commits at its end
            ...

What it must refuse, it raises as `click.ClickException("one line that says what to do")`: exit code 1. A wrong call is
`click.UsageError` or `click.BadParameter`: exit code 2. Failures of the database become such a line by themselves; any
other exception is a bug and keeps its traceback. Pass `run` settings of your own where the environment's do not do:
`replace(read_settings(), statement_seconds=0)` lets a statement take as long as it likes.
"""

import asyncio
import math
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import asyncpg
import click
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from models.database import Database
from models.engines import SQLITE, supported_url
from models.failures import DatabaseSilent, DatabaseUnavailable, UnannouncedPooler
from service.running import revisions
from service.settings import Settings

T = TypeVar("T")
DRIVER_FAILURES = (
    DatabaseUnavailable,
    DatabaseSilent,
    DBAPIError,
    PoolTimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)


class UnusableSettings(click.ClickException):
    """A HOMEROOM_ variable has a value that nothing can be done with."""

    exit_code = 2


class Unreachable(click.ClickException):
    """There is no database at that address, or none that lets us in."""


def read_settings() -> Settings:
    """Settings from the environment. Raises UnusableSettings naming each variable that is wrong."""
    try:
        settings = Settings.from_environment()
    except ValueError as error:
        raise UnusableSettings(str(error)) from error
    try:
        supported_url(settings)
    except (ValueError, ArgumentError) as error:
        raise UnusableSettings(f"HOMEROOM_DATABASE_URL: {reason(error)}") from error
    return settings


def run(work: Callable[[Database], Awaitable[T]], settings: Settings | None = None) -> T:
    """What `work` returns. It gets a database that was reached and is migrated, and that is closed at its end."""
    settings = settings or read_settings()

    async def on_database() -> T:
        async with open_database(settings) as database:
            return await work(database)

    return asyncio.run(on_database())


@asynccontextmanager
async def open_database(settings: Settings, *, migrated: bool = True) -> AsyncIterator[Database]:
    """Raises click.ClickException if it cannot be reached, is not migrated, or fails inside the block."""
    expect_file(settings, migrated=migrated)
    with plain_failures():
        async with Database(replace(settings, slow_seconds=math.inf)) as database:  # a command may take its time
            revision = await current_revision(database, settings)
            if migrated and revisions.is_behind(revision):
                raise click.ClickException(
                    f"{shown(settings)} is {f'at revision {revision}' if revision else 'empty'}, this Homeroom"
                    f" needs {revisions.head()}: run `homeroom migrate`"
                )
            yield database


def expect_file(settings: Settings, *, migrated: bool) -> None:
    """Without a thread, unlike aiosqlite, whose thread fails as well if the event loop ends right after it failed.

    SQLite would make an empty database of a path with a typing error.
    """
    url = make_url(settings.database_url)
    if url.drivername != SQLITE or not url.database or "uri" in url.query:
        return
    path = Path(url.database).absolute()
    if migrated and not path.exists():
        raise click.ClickException(f"there is no database {path}: `homeroom migrate` makes it")
    try:
        if not path.exists() and path.parent.is_dir():
            path.touch(mode=0o600)  # people's data; what SQLite keeps beside it gets the same mode
        sqlite3.connect(path).close()
    except (OSError, sqlite3.Error) as error:
        raise Unreachable(f"cannot use {shown(settings)}: {reason(error)}") from error


async def current_revision(database: Database, settings: Settings) -> str | None:
    try:
        async with database.reader.connect() as connection:
            return await connection.run_sync(revisions.current)
    except (*DRIVER_FAILURES, OSError, TypeError) as error:  # TypeError: an option in the URL that asyncpg lacks
        raise Unreachable(f"cannot use {shown(settings)}: {reason(error)}") from error


@contextmanager
def plain_failures() -> Iterator[None]:
    try:
        yield
    except UnannouncedPooler as error:
        raise UnusableSettings(str(error)) from error
    except (*DRIVER_FAILURES, ConnectionError, TimeoutError) as error:
        raise click.ClickException(f"the database failed: {reason(error)}") from error


def reason(error: Exception) -> str:
    """The first line of what went wrong, without the statement and the values that SQLAlchemy adds."""
    cause = getattr(error, "driver_exception", None) or error
    return next(iter(str(cause).splitlines()), "") or type(cause).__name__


def shown(settings: Settings) -> str:
    """The database's URL without its password."""
    return make_url(settings.database_url).render_as_string(hide_password=True)
