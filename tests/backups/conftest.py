"""A second database beside the test's own, of the other kind; and the command line."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import make_url

from tests.doors import run_on
from tests.postgres import Postgres
from tests.scripts.programs import homeroom_says

Homeroom = Callable[..., Awaitable[Result]]
numbers = count(1)


@pytest.fixture
def other_url(database_url: str, postgres: Postgres, tmp_path: Path) -> Iterator[str]:
    """Of an empty database without tables, SQLite where `database_url` is PostgreSQL, and the other way round."""
    if make_url(database_url).drivername.startswith("postgresql"):
        yield f"sqlite+aiosqlite:///{tmp_path}/other.db"
        return
    name = f"homeroom_other_{os.getpid()}_{next(numbers)}"
    asyncio.run(run_on(postgres.admin_url, f"CREATE DATABASE {name}"))
    yield postgres.url(name)
    asyncio.run(run_on(postgres.admin_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def homeroom(database_url: str) -> Homeroom:
    """The command on the test's own database; `on` names another."""

    async def run(*arguments: object, on: str = database_url, **settings: str) -> Result:
        return await homeroom_says(on, *map(str, arguments), **settings)

    return run
