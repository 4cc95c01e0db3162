"""Programs that write: to a database of their test's own, or to one that random writes share, on each of the two."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from quart import Quart

from models.database import Database
from service.app import create_app
from service.settings import Settings
from tests.conftest import BACKENDS
from tests.doors import SECRET_KEY, copy_database, run_on
from tests.postgres import Postgres
from tests.writes.program import Program, a_program
from tests.writes.replay import Replay


@pytest.fixture
async def program(app: Quart) -> Program:
    return await admitted(app)


@pytest.fixture
def replay(database: Database) -> Replay:
    return Replay(database)


@pytest.fixture(scope="session", params=BACKENDS)
def shared_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        yield f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path_factory.mktemp('shared') / 'homeroom.db')}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name, source = f"homeroom_shared_{os.getpid()}", request.getfixturevalue("postgres_template")
    asyncio.run(copy_database(server.admin_url, source, name))
    yield server.url(name)
    asyncio.run(run_on(server.admin_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
async def shared(shared_url: str) -> AsyncIterator[Program]:
    """For tests that empty the database themselves."""
    app = create_app(Settings(database_url=shared_url, secret_key=SECRET_KEY))
    async with app.test_app():
        yield await admitted(app)


async def admitted(app: Quart) -> Program:
    async with app.extensions["database"].transaction() as session:
        session.add(a_program())
    return Program(app)
