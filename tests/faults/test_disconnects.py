"""Clients that leave in the middle of a query, in crowds: nothing leaks, and the pool does not stay cold."""

import asyncio
from contextlib import suppress

import pytest
from quart import Quart, g
from sqlalchemy import text

from models import Category
from models.database import Database
from service.access import allow
from tests.conftest import Connections
from tests.faults.conftest import Make, expect_whole_pool
from tests.faults.proxy import Proxy
from tests.faults.servers import on_hypercorn
from tests.scripts.programs import until

REQUEST = b"GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def add_slow_page(app: Quart, seconds: float) -> None:
    @allow()
    async def slow() -> str:
        await g.session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})
        return "slept"

    app.add_url_rule("/slow", "slow", slow)


async def ask(port: int, *, leave_after: float | None = None) -> bytes:
    """The first line of the answer; nothing for a client that leaves before it comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    line = b""
    with suppress(TimeoutError):
        line = await asyncio.wait_for(reader.readline(), leave_after)
    writer.close()
    return line


@pytest.mark.parametrize("seconds", [0.02, 0.3])
async def test_crowds_that_leave_in_mid_query_cost_nobody_else(make: Make, seconds: float) -> None:
    app = make(pool_size=5, pool_overflow=0, pool_wait_seconds=20.0, pool_waiting_max=500)
    add_slow_page(app, seconds)
    async with on_hypercorn(app) as port:
        for _ in range(3):
            await asyncio.gather(*(ask(port, leave_after=0.01) for _ in range(50)))
        answers = await asyncio.gather(*(ask(port) for _ in range(20)))
        expect_whole_pool(app)

    assert [line.split()[1] for line in answers] == [b"200"] * 20


async def test_impatient_clients_do_not_keep_the_pool_cold(make: Make) -> None:
    app = make(pool_size=5, pool_overflow=0)
    add_slow_page(app, 0.0)
    async with on_hypercorn(app) as port:
        await asyncio.gather(*(ask(port, leave_after=0.001) for _ in range(5)))
        await asyncio.sleep(app.config["SETTINGS"].disconnect_grace_seconds)

        assert app.extensions["database"].reader.pool.checkedin() > 0


async def test_a_commit_ends_although_the_client_left(make: Make, proxy: Proxy, connections: Connections) -> None:
    app, committing = make(disconnect_grace_seconds=0.0), asyncio.Event()

    @allow()
    async def add() -> str:
        g.session = app.extensions["database"].write_session()  # a GET has one that only reads
        g.session.add(Category(sourced_id="c", title="Homework"))
        await g.session.flush()
        proxy.delay = 0.2  # seconds, each way
        committing.set()
        await g.session.commit()
        return "added"

    app.add_url_rule("/slow", "add", add)
    async with on_hypercorn(app) as port:
        _, client = await asyncio.open_connection("127.0.0.1", port)
        client.write(REQUEST)
        await committing.wait()
        client.close()
        database: Database = app.extensions["database"]
        await until(lambda: database.pools["writer"].checkedout() == 0)

        assert connections.lost == 0  # as it is if a statement is cancelled
        async with database.read_session() as session:
            assert await session.get(Category, "c")
