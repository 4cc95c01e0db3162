"""Databases to test on, SQLite and a real PostgreSQL; the application; a client that may read everything."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol
from sqlalchemy import Engine, Pool, event

from models.database import Database
from models.tally import Tally, tally
from service.access import SCOPES
from service.app import create_app
from service.running.revoked import ASKER
from service.settings import Settings
from tests.doors import SECRET_KEY, bearer, copy_database, migrate, run_on
from tests.faults import ledger
from tests.postgres import Postgres, running_postgres, skipped_without_postgres

BACKENDS = ("sqlite", "postgresql")
numbers = count(1)
COSTS = "what_faults_cost"  # how a worker of pytest-xdist hands its lines of the table over


def pytest_sessionfinish(session: pytest.Session) -> None:
    if (handed_over := getattr(session.config, "workeroutput", None)) is not None:
        handed_over[COSTS] = ledger.LINES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    ledger.LINES.extend(getattr(node, "workeroutput", {}).get(COSTS, []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if ledger.LINES:
        terminalreporter.section("what faults cost")
        for line in ledger.table():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with skipped_without_postgres(), running_postgres() as server:
        yield server


# These are no coroutines, so that one of them can ask for another by name.
@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> Iterator[str]:
    """The name of a migrated, empty database; a test's own is a copy of it."""
    name = f"homeroom_template_{os.getpid()}"
    asyncio.run(run_on(postgres.admin_url, f"CREATE DATABASE {name}"))
    asyncio.run(migrate(postgres.url(name)))
    yield name
    asyncio.run(run_on(postgres.admin_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "homeroom.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty database of this test's own, on each of the two."""
    if request.param == "sqlite":
        copy = tmp_path / "homeroom.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), copy)
        yield f"sqlite+aiosqlite:///{copy}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("postgres_template")
    name = f"homeroom_test_{os.getpid()}_{next(numbers)}"
    asyncio.run(copy_database(server.admin_url, template, name))
    yield server.url(name)
    asyncio.run(run_on(server.admin_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, secret_key=SECRET_KEY)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The test's own engines, beside those of the application."""
    async with Database(settings) as database:
        yield database


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Quart]:
    app = create_app(settings)
    async with app.test_app():
        yield app


@pytest.fixture
def client(app: Quart) -> TestClientProtocol:
    return app.test_client()


@pytest.fixture
def reader() -> dict[str, str]:
    """The headers of a program that was granted every scope."""
    return bearer(*SCOPES)


@pytest.fixture(autouse=True)
def connections() -> Iterator["Connections"]:
    """After every test, every connection is back in its pool, and no request has held two at once."""
    watched = Connections()
    event.listen(Pool, "checkout", watched.note_checkout)
    event.listen(Pool, "checkin", watched.note_checkin)
    event.listen(Pool, "invalidate", watched.note_loss)
    yield watched
    event.remove(Pool, "checkout", watched.note_checkout)
    event.remove(Pool, "checkin", watched.note_checkin)
    event.remove(Pool, "invalidate", watched.note_loss)
    assert watched.taken == {}
    assert watched.held_two == []


def in_the_background(asked: Tally | None) -> bool:
    """Whether a server looks up what it wants to know every few seconds, at any moment of a test."""
    return asked is not None and asked.asker == ASKER


class Connections:
    """Those that are out of their pools, and for which request."""

    def __init__(self) -> None:
        self.taken: dict[object, Tally | None] = {}
        self.held_two: list[str] = []
        self.lost = 0

    def note_checkout(self, _connection: object, record: object, _proxy: object) -> None:
        request = tally.get(None)
        if in_the_background(request):
            return
        self.taken.pop(record, None)  # one that was found dead is made anew, and checked out again
        if request and any(request is other for other in self.taken.values()):
            self.held_two.append(request.asker)
        self.taken[record] = request

    def note_checkin(self, _connection: object, record: object) -> None:
        self.taken.pop(record, None)

    def note_loss(self, _connection: object, _record: object, _error: object) -> None:
        self.lost += 1


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every statement that any engine runs while the test does; clear it before the part that counts."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not in_the_background(tally.get(None)):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)
