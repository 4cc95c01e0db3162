"""Databases to test on, SQLite and a real PostgreSQL; the application; a client that may read everything."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from postgres import NoPostgres, Postgres, running_postgres
from quart import Quart
from quart.typing import TestClientProtocol
from sqlalchemy import Connection, Engine, event
from sqlalchemy.ext.asyncio import create_async_engine

from models.database import Database
from service.access import SCOPES, issue_token
from service.app import create_app
from service.settings import Settings

SECRET_KEY = "a key for tests that everybody may know"
BACKENDS = ("sqlite", "postgresql")
numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    try:
        with running_postgres() as server:
            yield server
    except NoPostgres as reason:
        if os.environ.get("HOMEROOM_REQUIRE_POSTGRES"):
            raise
        pytest.skip(f"NOT TESTED ON POSTGRESQL: {reason}")


@pytest.fixture(scope="session")
async def postgres_template(postgres: Postgres) -> str:
    """The name of a migrated, empty database; a test's own is a copy of it."""
    await run_on(postgres.admin_url, "DROP DATABASE IF EXISTS homeroom_template", "CREATE DATABASE homeroom_template")
    await migrate(postgres.url("homeroom_template"))
    return "homeroom_template"


@pytest.fixture(scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "homeroom.db"
    await migrate(f"sqlite+aiosqlite:///{file}")
    return file


async def migrate(url: str, revision: str = "head", *, down: bool = False) -> None:
    """Up to the revision, or down to it, by Alembic and our own env.py."""
    config = Config(Path(__file__).parent.parent / "alembic.ini")

    def run(connection: Connection) -> None:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)

    async with Database(Settings(database_url=url)) as database, database.writer.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()


async def run_on(url: str, *statements: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
    await engine.dispose()


@pytest.fixture(params=BACKENDS)
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A migrated, empty database of this test's own, on each of the two."""
    if request.param == "sqlite":
        copy = tmp_path / "homeroom.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), copy)
        yield f"sqlite+aiosqlite:///{copy}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("postgres_template")
    name = f"homeroom_test_{os.getpid()}_{next(numbers)}"
    await run_on(server.admin_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.url(name)
    await run_on(server.admin_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, secret_key=SECRET_KEY)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The test's own engines, beside those of the application."""
    async with Database(settings) as database:
        yield database
        expect_no_connection_in_use(database)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Quart]:
    app = create_app(settings)
    async with app.test_app():
        yield app
        expect_no_connection_in_use(app.extensions["database"])


@pytest.fixture
def client(app: Quart) -> TestClientProtocol:
    return app.test_client()


@pytest.fixture
def reader() -> dict[str, str]:
    """The headers of a program that was granted every scope."""
    return bearer(*SCOPES)


def bearer(*scopes: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {issue_token(SECRET_KEY, 'a-test', list(scopes), 3600)}"}


def expect_no_connection_in_use(database: Database) -> None:
    for engine in (database.reader, database.writer):
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # QueuePool has it


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every statement that any engine runs while the test does; clear it before the part that counts."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)
