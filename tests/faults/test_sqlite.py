"""SQLite under many writers, in several processes at once: one waits for the other, and nothing is lost."""

import asyncio
import sys
from pathlib import Path

import pytest

from models import Category
from models.database import Database
from models.settings import DatabaseSettings

PROCESSES, WRITERS, TIMES = 4, 8, 5


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path) -> str:
    file = tmp_path / "homeroom.db"
    file.write_bytes(sqlite_template.read_bytes())
    return f"sqlite+aiosqlite:///{file}"


async def write(url: str) -> None:
    """Read, change and write one row, so many times, in as many tasks."""

    async def add_one() -> None:
        for _ in range(TIMES):
            async with database.transaction() as session:
                counter = await session.get_one(Category, "counter")
                counter.weight = (counter.weight or 0) + 1

    async with Database(DatabaseSettings(database_url=url)) as database:
        await asyncio.gather(*(add_one() for _ in range(WRITERS)))


async def test_writers_in_several_processes_lose_nothing(url: str) -> None:
    async with Database(DatabaseSettings(database_url=url)) as database:
        async with database.transaction() as session:
            session.add(Category(sourced_id="counter", title="A counter", weight=0))
        processes = [await start(url) for _ in range(PROCESSES)]

        assert [await process.wait() for process in processes] == [0] * PROCESSES
        async with database.read_session() as session:
            assert (await session.get_one(Category, "counter")).weight == PROCESSES * WRITERS * TIMES


async def start(url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.faults.test_sqlite", url)


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
