"""A server that ends while clients write: what it acknowledged is there, and nothing is there by half."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from tests.doors import scalar_on
from tests.faults.clients import client_of
from tests.faults.servers import Served, served
from tests.faults.test_shutdown import BACKENDS
from tests.scripts.programs import until, until_async

CLIENTS = 4
ENOUGH = 20  # acknowledged writes, so that the server ends in the middle of others
AT_ONCE = 4  # servers, as many as a small machine starts in reasonable time
HALVES = "SELECT count(*) FROM categories GROUP BY substr(sourced_id, 1, {length}) HAVING count(*) <> 2"
End = Callable[[Served], Awaitable[None]]


async def write(server: Served, name: str, acknowledged: list[str]) -> None:
    """Until the server closes the connection."""
    async with client_of(server.port) as client:
        with suppress(OSError, asyncio.IncompleteReadError):
            for number in range(100_000):
                pair = f"{name}-{number:05}"
                assert await client.ask(f"/pairs/{pair}", "POST") == 200
                assert (await client.reader.readexactly(len(pair))).decode() == pair
                acknowledged.append(pair)


async def end_under_load(url: str, name: str, end: End) -> list[str]:
    """What the server acknowledged until it ended."""
    acknowledged: list[str] = []
    async with served(url, grace_seconds=60) as server, asyncio.TaskGroup() as clients:
        for number in range(CLIENTS):
            clients.create_task(write(server, f"{name}-{number}", acknowledged))
        await until(lambda: len(acknowledged) > ENOUGH)
        await end(server)
    return acknowledged


async def end_many_under_load(url: str, times: int, end: End) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> list[str]:
        async with places:
            return await end_under_load(url, f"{number:03}", end)

    ends = await asyncio.gather(*(one(number) for number in range(times)))

    for acknowledged in ends:
        await expect_all(url, acknowledged)
    assert await scalar_on(url, HALVES.format(length=len("000-0-00000"))) is None


async def expect_all(url: str, pairs: list[str]) -> None:
    ids = ", ".join(f"'{pair}-left'" for pair in pairs)
    found = await scalar_on(url, f"SELECT count(*) FROM categories WHERE sourced_id IN ({ids})")  # noqa: S608  # our own
    assert found == len(pairs)


async def test_sigterm_under_load_loses_no_acknowledged_write(postgres_url: str) -> None:
    await end_many_under_load(postgres_url, 20, Served.stop)

    await until_async(lambda: scalar_on(postgres_url, BACKENDS), 0)


async def test_a_kill_under_load_loses_no_acknowledged_write(postgres_url: str) -> None:
    await end_many_under_load(postgres_url, 4, Served.kill)


@pytest.mark.parametrize("end", [Served.stop, Served.kill])
async def test_on_sqlite_no_acknowledged_write_is_lost_either(sqlite_url: str, end: End) -> None:
    await end_many_under_load(sqlite_url, 2, end)
