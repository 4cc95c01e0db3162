"""What a session promises, on both databases."""

import asyncio
import random

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError

from models import Category, Class, Course
from models.database import Database
from models.failures import Failure, failure_of
from models.settings import DatabaseSettings
from tests.conftest import Connections

DEFER = {"sqlite": "PRAGMA defer_foreign_keys = ON", "postgresql": "SET CONSTRAINTS ALL DEFERRED"}


async def weight(database: Database) -> float | None:
    async with database.read_session() as session:
        found: float | None = await session.scalar(select(Category.weight).where(Category.sourced_id == "counter"))
        return found


@pytest.fixture
async def counter(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Category(sourced_id="counter", title="A counter", weight=0))


async def add_one(database: Database) -> None:
    """Read, change, write: loses an update if another one may come between."""
    async with database.transaction() as session:
        found = await session.get_one(Category, "counter", with_for_update=True)
        found.weight = (found.weight or 0) + 1


async def test_what_was_not_committed_leaves_no_trace(database: Database) -> None:
    async def add_and_fail() -> None:
        async with database.transaction() as session:
            session.add(Category(sourced_id="c", title="Homework"))
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await add_and_fail()

    async with database.read_session() as session:
        assert await session.scalar(select(func.count()).select_from(Category)) == 0


async def test_a_refused_row_names_what_it_violates(database: Database) -> None:
    with pytest.raises(IntegrityError) as refused:
        async with database.transaction() as session:
            session.add(Class(sourced_id="c", title="Algebra", course_sourced_id="none", school_sourced_id="none"))

    assert failure_of(refused.value) is Failure.REFUSED


async def test_a_closed_session_cannot_be_used(database: Database) -> None:
    async with database.read_session() as session:
        pass

    with pytest.raises(InvalidRequestError):
        await session.scalar(select(1))


@pytest.mark.parametrize("warm", [False, True])
async def test_another_task_cannot_use_a_session(database: Database, warm: bool) -> None:
    async with database.read_session() as session:
        if warm:
            await session.scalar(select(1))
        with pytest.raises(InvalidRequestError, match="belongs to the task"):
            await asyncio.create_task(session.scalar(select(1)))


async def test_a_read_session_cannot_write(database: Database, counter: None) -> None:
    with pytest.raises(DBAPIError):
        async with database.read_session() as session:
            await session.execute(update(Category).values(weight=1))

    assert await weight(database) == 0


async def test_writers_at_the_same_time_lose_nothing(database: Database, counter: None) -> None:
    await asyncio.gather(*(add_one(database) for _ in range(32)))

    assert await weight(database) == 32


async def test_a_reader_does_not_wait_for_a_writer(database: Database, counter: None) -> None:
    async with database.write_session() as writer:
        await writer.execute(update(Category).values(weight=5))

        assert await asyncio.wait_for(weight(database), 5) == 0


async def test_cancelled_writers_leave_nothing_locked(database: Database, counter: None) -> None:
    dice = random.Random(1)
    for _ in range(60):
        task = asyncio.create_task(add_one(database))
        await asyncio.sleep(dice.random() / 200)
        task.cancel()
        await asyncio.wait([task])

    await asyncio.wait_for(add_one(database), 5)  # and not "database is locked", nor a pool that leaked dry


async def test_a_failing_commit_is_an_error_and_stores_nothing(database: Database) -> None:
    await allow_deferring(database)
    async with database.write_session() as session:
        await session.execute(text(DEFER[database.writer.dialect.name]))
        session.add(Course(sourced_id="c", title="Algebra", org_sourced_id="nowhere"))
        await session.flush()  # goes well: the constraint is looked at when the transaction ends
        with pytest.raises(IntegrityError):
            await session.commit()

    async with database.read_session() as session:
        assert await session.scalar(select(func.count()).select_from(Course)) == 0


async def allow_deferring(database: Database) -> None:
    if database.writer.dialect.name == "postgresql":
        async with database.transaction() as session:
            await session.execute(text("ALTER TABLE courses ALTER CONSTRAINT fk_courses_org_sourced_id DEFERRABLE"))


async def test_a_commit_ends_although_it_is_cancelled(database: Database, connections: Connections) -> None:
    begun = asyncio.Event()

    async def add() -> None:
        async with database.write_session() as session:
            session.add(Category(sourced_id="c", title="Homework"))
            await session.flush()
            begun.set()
            await session.commit()

    task = asyncio.create_task(add())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with database.read_session() as session:
        assert await session.scalar(select(func.count()).select_from(Category)) == 1
    assert connections.lost == 0  # as it is if a statement is cancelled


async def test_only_a_conflict_is_repeated(database: Database) -> None:
    attempts = 0

    async def attempt() -> None:
        nonlocal attempts
        attempts += 1
        async with database.transaction() as session:
            session.add(Class(sourced_id="c", title="Algebra", course_sourced_id="none", school_sourced_id="none"))

    with pytest.raises(IntegrityError):
        await database.repeat(attempt)

    assert attempts == 1


async def test_an_error_does_not_repeat_the_values(database: Database) -> None:
    async with database.read_session() as session:
        with pytest.raises(DBAPIError) as failed:
            await session.execute(text("SELECT * FROM nowhere WHERE name = :name"), {"name": "Zoë"})

    assert "nowhere" in str(failed.value)
    assert "Zoë" not in str(failed.value)


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a file"):
        Database(DatabaseSettings(database_url="sqlite+aiosqlite://"))
