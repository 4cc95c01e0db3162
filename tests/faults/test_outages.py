"""A server under load, in a process of its own, while the database or the network to it goes away and comes back."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

import pytest
from sqlalchemy import make_url

from tests.doors import END_ALL, migrate, run_on, scalar_on
from tests.faults.ledger import under_load
from tests.faults.proxy import proxied
from tests.faults.servers import served
from tests.load import Load, visit
from tests.postgres import OwnPostgres, own_postgres, skipped_without_postgres

numbers = count(1)
HANGS = 60.0  # seconds; whoever waits longer waits for something that does not come
IDLE_IN_TRANSACTION = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
QUICK: dict[str, Any] = {"statement_seconds": 2, "connect_seconds": 1}
SLOW = "/slow?seconds=0.05"


@pytest.fixture(scope="module")
def database_server() -> Iterator[OwnPostgres]:
    """One that these tests may stop."""
    with skipped_without_postgres(), own_postgres() as server:
        yield server


@pytest.fixture
async def url(database_server: OwnPostgres) -> AsyncIterator[str]:
    name = f"homeroom_outages_{next(numbers)}"
    await run_on(database_server.admin_url, f"CREATE DATABASE {name}")
    await migrate(database_server.url(name))
    yield database_server.url(name)
    await run_on(database_server.admin_url, f"DROP DATABASE {name} WITH (FORCE)")


def expect_answers(load: Load, *statuses: int) -> None:
    """Everyone was answered, with one of these, and nobody waited for ever."""
    assert set(load.statuses) <= set(statuses), load.statuses
    assert load.slowest < HANGS


async def test_connections_that_are_ended_under_load_cost_no_read(url: str) -> None:
    async with served(url) as server, under_load(server, "all connections ended, 10 times") as load:
        for _ in range(10):
            await run_on(url, END_ALL)
            await load.more(50)

    expect_answers(load, 200, 503)
    assert load.failures < load.requests / 50  # one is asked again once: it may be met twice


async def test_a_crash_of_the_database(database_server: OwnPostgres, url: str) -> None:
    async with served(url) as server, under_load(server, "database crashes and starts again") as load:
        await asyncio.to_thread(database_server.stop, "immediate")
        database_server.start()
        await load.more(100, status=200)

    expect_answers(load, 200, 503)


async def test_ten_seconds_without_a_database(database_server: OwnPostgres, url: str) -> None:
    async with served(url) as server, under_load(server, "database away for 10 s") as load:
        await asyncio.to_thread(database_server.stop)
        await load.more(1, status=503)
        before = load.statuses[200]
        await asyncio.sleep(10)
        assert load.statuses[200] == before
        database_server.start()
        await load.more(100, status=200)

    expect_answers(load, 200, 503)


async def test_five_seconds_of_a_silent_network(url: str) -> None:
    async with (
        proxied(url) as (proxy, by_proxy),
        served(by_proxy, **QUICK) as server,
        under_load(server, "network silent for 5 s") as load,
    ):
        proxy.silent = True
        await asyncio.sleep(5)
        proxy.silent = False
        await load.more(100, status=200)

    expect_answers(load, 200, 503)


async def test_a_server_that_ends_idle_connections_costs_no_request(url: str) -> None:
    name = make_url(url).database
    async with served(url) as server, under_load(server, "idle connections ended") as load:
        await run_on(url, f"ALTER DATABASE {name} SET idle_session_timeout = '50ms'", END_ALL)
        load.over.set()  # everybody takes a rest
        await asyncio.sleep(1)

    expect_answers(load, 200)


async def test_tables_that_change_under_load_cost_no_read(url: str) -> None:
    async with served(url) as server, under_load(server, "column changed its type, 20 times") as load:
        for kind in ("varchar(300)", "text") * 10:
            await run_on(url, f"ALTER TABLE users ALTER given_name TYPE {kind}")
            await load.more(20)

    expect_answers(load, 200, 503)
    assert load.failures < load.requests / 50


async def test_ten_times_the_load_that_the_pool_can_carry(url: str) -> None:
    few: dict[str, Any] = {"pool_size": 5, "pool_overflow": 0, "pool_wait_seconds": 0.5, "pool_waiting_max": 10}
    fault = "10 times what the pool can carry"
    async with served(url, **few) as server, under_load(server, fault, [SLOW], clients=100) as load:
        await load.more(2000)

    expect_answers(load, 200, 503)
    assert load.statuses[200] > 0
    assert load.statuses[503] > 0


@pytest.mark.parametrize("seconds", [0.02, 0.3])
@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
async def test_a_thousand_clients_that_leave_in_mid_query(url: str, seconds: float, warm: bool) -> None:
    path = f"/slow?seconds={seconds}"
    patient: dict[str, Any] = {"pool_waiting_max": 2000, "pool_wait_seconds": 20}  # nobody is shed, so nobody may fail
    async with served(url, **patient) as server:
        if warm:
            await asyncio.gather(*(visit(server.address, path, HANGS) for _ in range(20)))
        for _ in range(10):
            await asyncio.gather(*(visit(server.address, path, 0.01) for _ in range(100)))
        async with under_load(
            server, f"1,000 clients left, queries of {seconds} s, {'warm' if warm else 'cold'}"
        ) as load:
            await load.more(100)
        idle_in_transaction = await scalar_on(
            url, "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in tr%'"
        )

        assert idle_in_transaction == 0
        assert "garbage collector" not in server.said()
    expect_answers(load, 200)
