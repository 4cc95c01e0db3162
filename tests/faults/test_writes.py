"""Writes that meet others, or whose COMMIT fails; and misuse of a session. Views of our own, on the application."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from quart import Quart, current_app, g, request
from sqlalchemy import func, select, text

from models import Category, Course
from models.database import Database
from service.access import allow
from service.app import create_app
from service.sessions import repeatable
from service.settings import Settings
from tests.api.test_observed import numbers
from tests.conftest import Connections
from tests.doors import run_on

WRITERS = 50
DEFER = {"sqlite": "PRAGMA defer_foreign_keys = ON", "postgresql": "SET CONSTRAINTS ALL DEFERRED"}
SLEEP = {"sqlite": "SELECT 1", "postgresql": "SELECT pg_sleep(0.01)"}


def dialect() -> str:
    return str(g.session.get_bind().dialect.name)


@repeatable
@allow()
async def transfer() -> str:
    """Take one from a category and give it to the other, in the order that the client says: a deadlock, if it can."""
    for name, change in zip(request.args["order"], (-1, 1), strict=True):
        category = await g.session.get_one(Category, name, with_for_update=True)
        await g.session.execute(text(SLEEP[dialect()]))
        category.weight = (category.weight or 0) + change
    await g.session.commit()
    return "done"


@repeatable
@allow()
async def balance() -> str:
    """Add to the lighter category, or to the first if none is: under READ COMMITTED, two at once would add the same."""
    if dialect() == "postgresql":
        await g.session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
    one, other = await g.session.scalars(select(Category).order_by(Category.weight, Category.sourced_id))
    one.weight = (other.weight or 0) if one.weight != other.weight else (one.weight or 0) + 1
    await g.session.commit()
    return "done"


@allow()
async def fail_at_commit() -> str:
    await g.session.execute(text(DEFER[dialect()]))
    g.session.add(Course(sourced_id="c", title="Algebra", org_sourced_id="nowhere"))
    await g.session.flush()
    await g.session.commit()
    return "done"


@allow()
async def forget_to_commit() -> str:
    g.session.add(Category(sourced_id="forgotten", title="Homework"))
    await g.session.flush()
    return "done"


@allow()
async def two_sessions() -> str:
    await g.session.execute(select(1))
    database: Database = current_app.extensions["database"]
    async with database.read_session() as second:
        await second.execute(select(1))
    return "done"


@allow()
async def share_the_session() -> str:
    await asyncio.gather(g.session.execute(select(1)), g.session.execute(select(1)))
    return "done"


@allow()
async def use_after_close() -> str:
    session = g.session
    async with session:
        pass
    await session.execute(select(1))
    return "done"


VIEWS = (transfer, balance, fail_at_commit, forget_to_commit, two_sessions, share_the_session, use_after_close)


@pytest.fixture
async def writing(settings: Settings) -> AsyncIterator[Quart]:
    """The application with these views at `/NAME`, and two categories that weigh nothing."""
    app = create_app(settings)
    for view in VIEWS:
        app.add_url_rule(f"/{view.__name__}", view.__name__, view, methods=["POST"])
    async with app.test_app():
        async with app.extensions["database"].transaction() as session:
            session.add_all(Category(sourced_id=name, title=name, weight=0) for name in "ab")
        yield app


async def post(app: Quart, path: str) -> int:
    return (await app.test_client().post(path)).status_code


async def weights(app: Quart) -> list[float | None]:
    async with app.extensions["database"].read_session() as session:
        return list(await session.scalars(select(Category.weight).order_by(Category.sourced_id)))


async def notice_deadlocks_soon(settings: Settings) -> None:
    if "postgresql" in settings.database_url:
        name = settings.database_url.rpartition("/")[2]
        await run_on(settings.database_url, f"ALTER DATABASE {name} SET deadlock_timeout = '20ms'")


async def test_a_storm_of_deadlocks_loses_no_write(settings: Settings, writing: Quart) -> None:
    await notice_deadlocks_soon(settings)
    await writing.extensions["database"].writer.dispose()  # connections from before do not know
    orders = ["ab", "ba"] * (WRITERS // 2)
    answers = await asyncio.gather(*(post(writing, f"/transfer?order={order}") for order in orders))

    assert answers == [200] * WRITERS
    assert await weights(writing) == [0, 0]
    repeats = (await numbers(writing.test_client())).get("homeroom_repeated_total{kind=write}", 0)
    assert (repeats > 0) is ("postgresql" in settings.database_url)  # on SQLite one writer waits for the other


async def test_a_storm_of_failures_to_serialize_loses_no_write(settings: Settings, writing: Quart) -> None:
    answers = await asyncio.gather(*(post(writing, "/balance") for _ in range(WRITERS)))

    assert answers == [200] * WRITERS
    assert await weights(writing) == [WRITERS / 2, WRITERS / 2]


async def test_a_commit_that_fails_is_not_answered_as_done(settings: Settings, writing: Quart) -> None:
    if "postgresql" in settings.database_url:
        await run_on(settings.database_url, "ALTER TABLE courses ALTER CONSTRAINT fk_courses_org_sourced_id DEFERRABLE")

    assert await post(writing, "/fail_at_commit") == 409
    async with writing.extensions["database"].read_session() as session:
        assert await session.scalar(select(func.count()).select_from(Course)) == 0


async def test_nothing_commits_by_itself(writing: Quart) -> None:
    assert await post(writing, "/forget_to_commit") == 200

    assert len(await weights(writing)) == 2


@pytest.mark.parametrize("misuse", ["share_the_session", "use_after_close"])
async def test_misuse_of_a_session_fails_always(misuse: str, writing: Quart) -> None:
    assert [await post(writing, f"/{misuse}") for _ in range(3)] == [500] * 3


async def test_two_sessions_in_a_request_are_noticed(writing: Quart, connections: Connections) -> None:
    await post(writing, "/two_sessions")

    assert connections.held_two == ["two_sessions"]
    connections.held_two.clear()
