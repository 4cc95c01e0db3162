"""Springfield, on both databases, shared by all tests that only read: it is filled once for each."""

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
from tests.api.calls import Caller
from tests.doors import SECRET_KEY, run_on
from tests.postgres import Postgres
from tests.samples import a_district, some_clients


@pytest.fixture(scope="session", params=("sqlite", "postgresql"))
def springfield_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        file = tmp_path_factory.mktemp("springfield") / "homeroom.db"
        shutil.copy(template, file)
        yield asyncio.run(filled(f"sqlite+aiosqlite:///{file}"))
        return
    server: Postgres = request.getfixturevalue("postgres")
    name, source = f"homeroom_springfield_{os.getpid()}", request.getfixturevalue("postgres_template")
    asyncio.run(run_on(server.admin_url, f"CREATE DATABASE {name} TEMPLATE {source}"))
    yield asyncio.run(filled(server.url(name)))
    asyncio.run(run_on(server.admin_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def filled(url: str) -> str:
    async with Database(Settings(database_url=url)) as database, database.transaction() as session:
        await a_district(session)
        session.add_all(some_clients())
    return url


@pytest.fixture(scope="session")
async def springfield(springfield_url: str) -> AsyncIterator[Quart]:
    """The application over Springfield. A test that writes takes `app`, over a database of its own."""
    app = create_app(Settings(database_url=springfield_url, secret_key=SECRET_KEY))
    async with app.test_app():
        yield app


@pytest.fixture(scope="session")
def caller(springfield: Quart) -> Caller:
    return Caller(springfield)


@pytest.fixture(scope="session")
async def offline(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Caller]:
    """For what is answered without a database: there is none behind this one."""
    nowhere = tmp_path_factory.mktemp("nowhere") / "no such folder" / "homeroom.db"
    app = create_app(Settings(database_url=f"sqlite+aiosqlite:///{nowhere}", secret_key=SECRET_KEY))
    async with app.test_app():
        yield Caller(app)
