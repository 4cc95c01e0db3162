"""A PostgreSQL database behind a proxy, and the application that reaches it through that."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from quart import Quart, Response, g
from sqlalchemy import text

from service.access import SCOPES
from service.app import create_app
from service.settings import Settings
from tests.doors import SECRET_KEY, bearer, copy_database, run_on
from tests.faults.proxy import Proxy, proxied
from tests.postgres import Postgres

ORGS = "/ims/oneroster/rostering/v1p2/orgs"
UNSEEN = 10_000.0  # seconds; a look at the revoked clients is a round trip that a test would count
numbers = count(1)
Make = Callable[..., Quart]
Serve = Callable[..., AbstractAsyncContextManager[Quart]]


@pytest.fixture
def postgres_url(postgres: Postgres, postgres_template: str) -> Iterator[str]:
    name = f"homeroom_faults_{os.getpid()}_{next(numbers)}"
    asyncio.run(copy_database(postgres.admin_url, postgres_template, name))
    yield postgres.url(name)
    asyncio.run(run_on(postgres.admin_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{shutil.copy(sqlite_template, tmp_path / 'homeroom.db')}"


@pytest.fixture
async def proxy_and_url(postgres_url: str) -> AsyncIterator[tuple[Proxy, str]]:
    async with proxied(postgres_url) as found:
        yield found


@pytest.fixture
def proxy(proxy_and_url: tuple[Proxy, str]) -> Proxy:
    return proxy_and_url[0]


@pytest.fixture
def make(proxy_and_url: tuple[Proxy, str]) -> Make:
    """Makes the application with settings of the test's own: `make(pool_size=1)`."""
    settings = Settings(database_url=proxy_and_url[1], secret_key=SECRET_KEY, revocation_seconds=UNSEEN)
    return lambda **changes: create_app(replace(settings, **changes))


@pytest.fixture
def serve(make: Make) -> Serve:
    """The same, started: `async with serve(pool_size=1) as app:`."""

    @asynccontextmanager
    async def serving(**changes: Any) -> AsyncIterator[Quart]:
        app = make(**changes)
        async with app.test_app():
            yield app
            expect_whole_pool(app)

    return serving


def expect_whole_pool(app: Quart) -> None:
    database = app.extensions["database"]
    assert (database.reader.pool.checkedout(), database.writer.pool.checkedout()) == (0, 0)


async def ask(app: Quart, path: str = ORGS) -> Response:
    return await app.test_client().get(path, headers=bearer(*SCOPES))


async def statuses(app: Quart, times: int) -> list[int]:
    answers = await asyncio.gather(*(ask(app) for _ in range(times)))
    return [answer.status_code for answer in answers]


async def write_in_a_read() -> str:
    await g.session.execute(text("INSERT INTO categories (sourced_id, status) VALUES ('x', 'active')"))
    return "written"
