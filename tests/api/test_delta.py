"""`filter=dateLastModified>'T'`, with T the newest stamp that a client has seen, misses no row."""

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest
from quart import Quart
from sqlalchemy import select, text

from models import Category
from models.base import stamp, wire_moment
from models.database import Database
from models.stamps import stop_writers
from service.app import create_app
from service.settings import Settings
from tests.api.calls import GRADEBOOK
from tests.api.test_changes import ask, put, writable
from tests.doors import SECRET_KEY

__all__ = ["writable"]
CATEGORIES = f"{GRADEBOOK}/categories"


async def poll(app: Quart, since: str, limit: int = 100) -> list[dict[str, Any]]:
    """All rows of the delta, page by page."""
    url: str | None = f"{CATEGORIES}?filter=dateLastModified>'{since}'&limit={limit}"
    rows: list[dict[str, Any]] = []
    while url:
        answer = await ask(app, "GET", url)
        assert answer.status == 200, answer.text
        rows += answer.items()
        url = answer.link("next")
    return rows


async def test_what_was_just_written_is_in_the_delta(writable: Quart) -> None:
    for number in range(20):
        before = (await put(writable, f"c{number}", "x")).json["category"]["dateLastModified"]
        after = (await put(writable, "last", str(number))).json["category"]["dateLastModified"]
        since = wire_moment_before(before)

        assert {"last", f"c{number}"} <= {row["sourcedId"] for row in await poll(writable, since)}
        assert after >= before


def wire_moment_before(moment: str) -> str:
    """The year before: everything written here is later."""
    return f"{int(moment[:4]) - 1}{moment[4:]}"


async def test_a_delta_waits_for_the_writers_that_it_finds_and_not_for_new_ones(
    writable: Quart, database: Database
) -> None:
    if database.writer.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer, for whom every other waits")
    async with database.write_session() as first:
        await first.execute(text("SELECT 1"))  # joins the writers
        polling = asyncio.create_task(poll(writable, "2020-01-01T00:00:00Z"))
        await asyncio.sleep(0.2)
        assert not polling.done()
        async with database.write_session() as second:
            await second.execute(text("SELECT 1"))
            await first.commit()
            await asyncio.wait_for(polling, 5)


async def test_a_writer_that_never_ends_is_a_503_and_not_a_missed_row(database_url: str) -> None:
    settings = Settings(database_url=database_url, secret_key=SECRET_KEY, delta_wait_seconds=0.2, lock_seconds=0.2)
    app = create_app(settings)
    other = Database(replace(settings, lock_seconds=5))
    async with app.test_app(), other, other.write_session() as session:
        await session.execute(select(stamp()))
        answer = await ask(app, "GET", f"{CATEGORIES}?filter=dateLastModified>'2020-01-01T00:00:00Z'")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert (await ask(app, "GET", CATEGORIES)).status == 200  # who does not go by stamps does not wait


async def test_twenty_writers_a_bulk_and_a_poller_who_misses_nothing(writable: Quart, database: Database) -> None:
    """Transactions of 1 to 200 ms, which stamp at their beginning and commit later than others that began after."""
    stop = asyncio.Event()
    copy: dict[str, str] = {}
    on_sqlite = database.writer.dialect.name == "sqlite"

    async def write(seed: int) -> None:
        dice = random.Random(seed)
        for number in range(4):
            async with database.write_session() as session:
                category = Category(sourced_id=f"{seed}-{number}", title="new")
                session.add(category)
                await session.flush()
                await asyncio.sleep(dice.uniform(0.001, 0.01 if on_sqlite else 0.2))
                await session.commit()

    async def load() -> None:
        await asyncio.sleep(0.1)
        async with database.bulk_session() as session:
            moment = await stop_writers(session)
            session.add_all(
                Category(sourced_id=f"bulk-{number}", title="x", date_last_modified=moment) for number in range(50)
            )
            await session.commit()

    async def follow() -> None:
        since, last = "2020-01-01T00:00:00.000Z", False
        while not last:
            last = stop.is_set()
            if last:
                await asyncio.sleep(0.01)
            for row in await poll(writable, since, limit=10):
                copy[row["sourcedId"]] = row["dateLastModified"]
            since = max([since, *copy.values()])

    async with asyncio.TaskGroup() as following:
        following.create_task(follow())
        await asyncio.gather(load(), *(write(seed) for seed in range(20)))
        stop.set()

    async with database.read_session() as session:
        rows = await session.execute(select(Category.sourced_id, Category.date_last_modified))
        assert copy == {sourced_id: wire_moment(moment) for sourced_id, moment in rows}
    assert len(copy) == 130


async def test_the_pages_of_a_delta_show_one_moment(writable: Quart) -> None:
    for number in range(6):
        await put(writable, f"c{number}", "old")
    first = await ask(writable, "GET", f"{CATEGORIES}?filter=dateLastModified>'2020-01-01T00:00:00Z'&limit=2")
    changed = (await put(writable, "c5", "new")).json["category"]["dateLastModified"]
    rows = first.items()
    following = first.link("next")
    while following:
        page = await ask(writable, "GET", following)
        rows += page.items()
        following = page.link("next")

    newest = max(row["dateLastModified"] for row in rows)
    assert newest < changed  # or the next delta would begin behind what the first page no longer showed
    assert [row["sourcedId"] for row in await poll(writable, newest)] == ["c5"]
