"""Springfield, on both databases: filled once for each, shared by all tests that only read, copied for who writes."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from quart import Quart
from sqlalchemy import make_url

from models import ApiClient
from models.database import Database
from service.access import SCOPES
from service.app import create_app
from service.settings import Settings
from tests.api.calls import Caller
from tests.conftest import BACKENDS
from tests.doors import CLIENT_ID, SECRET_KEY, copy_database, run_on
from tests.postgres import Postgres
from tests.samples import a_district, some_clients

numbers = count(1)


@pytest.fixture(scope="session", params=BACKENDS)
def springfield_template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with Springfield, and a client that may write; nobody is connected to it, so it can be copied."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        file = tmp_path_factory.mktemp("springfield") / "homeroom.db"
        shutil.copy(template, file)
        yield asyncio.run(filled(f"sqlite+aiosqlite:///{file}"))
        return
    server: Postgres = request.getfixturevalue("postgres")
    with copied(server.url(request.getfixturevalue("postgres_template")), server.admin_url) as url:
        yield asyncio.run(filled(url))


async def filled(url: str) -> str:
    async with Database(Settings(database_url=url)) as database, database.transaction() as session:
        await a_district(session)
        session.add_all(some_clients())
        session.add(ApiClient(client_id=CLIENT_ID, name=CLIENT_ID, secret_sha256="", scopes=list(SCOPES)))
    return url


@contextmanager
def copied(url: str, admin_url: str) -> Iterator[str]:
    """The URL of a copy of a database on PostgreSQL, which is dropped afterwards."""
    source, name = str(make_url(url).database), f"homeroom_springfield_{os.getpid()}_{next(numbers)}"
    asyncio.run(copy_database(admin_url, source, name))
    yield make_url(url).set(database=name).render_as_string(hide_password=False)
    asyncio.run(run_on(admin_url, f"DROP DATABASE {name} WITH (FORCE)"))


def a_copy(request: pytest.FixtureRequest, template: str, folder: Path) -> Iterator[str]:
    if template.startswith("sqlite"):
        yield f"sqlite+aiosqlite:///{shutil.copy(str(make_url(template).database), folder / 'springfield.db')}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    with copied(template, server.admin_url) as url:
        yield url


@pytest.fixture(scope="session")
def springfield_url(
    request: pytest.FixtureRequest, springfield_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    yield from a_copy(request, springfield_template, tmp_path_factory.mktemp("springfield"))


@pytest.fixture
def own_springfield(request: pytest.FixtureRequest, springfield_template: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a Springfield of the test's own."""
    yield from a_copy(request, springfield_template, tmp_path)


@pytest.fixture
async def writer(own_springfield: str) -> AsyncIterator[Caller]:
    """Who may write, into a Springfield of the test's own; and who may wait long, should the machine be busy."""
    settings = Settings(
        database_url=own_springfield,
        secret_key=SECRET_KEY,
        body_bytes_max=100_000,
        pool_wait_seconds=60,
        lock_seconds=60,
        statement_seconds=60,
    )
    app = create_app(settings)
    async with app.test_app():
        yield Caller(app)


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
