"""SIGTERM, whatever the clients do: exit code 0 in time, and every connection given back before the engines close."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import pytest

from tests.doors import scalar_on
from tests.faults.clients import Client, Websocket, client_of, websocket_of
from tests.faults.proxy import Proxy
from tests.faults.servers import HYPERCORN, served
from tests.scripts.programs import HALF, until_async

SMALL = 4096
BACKENDS = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'homeroom%' AND datname = current_database()"
)
# /slow in its query, /hold and the background work in their transactions.
AT_WORK = f"{BACKENDS} AND (state = 'idle in transaction' OR query LIKE '%pg_sleep%')"
Held = Callable[[int], AbstractAsyncContextManager[object]]


@asynccontextmanager
async def idle(port: int) -> AsyncIterator[Client]:
    """A connection that is kept for a next request."""
    async with client_of(port) as client:
        assert await client.ask("/healthz") == 200
        yield client


@asynccontextmanager
async def half_of_its_headers(port: int) -> AsyncIterator[Client]:
    async with client_of(port) as client:
        client.writer.write(b"GET /healthz HTTP/1.1\r\nHost:")
        yield client


@asynccontextmanager
async def half_of_its_body(port: int) -> AsyncIterator[Client]:
    async with client_of(port) as client:
        client.writer.write(HALF)
        yield client


def request_for(path: str) -> Held:
    """One that is not answered in the time of a test."""

    @asynccontextmanager
    async def asking(port: int) -> AsyncIterator[Client]:
        async with client_of(port) as client:
            client.writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            yield client

    return asking


@asynccontextmanager
async def reading_a_stream(port: int) -> AsyncIterator[Client]:
    async with client_of(port) as client:
        assert await client.ask("/stream") == 200
        reading = asyncio.create_task(client.rest())
        yield client
        await reading


@asynccontextmanager
async def not_reading_a_stream(port: int) -> AsyncIterator[Client]:
    async with client_of(port, buffer=SMALL) as client:
        assert await client.ask("/flood") == 200
        yield client


@asynccontextmanager
async def on_a_websocket(port: int) -> AsyncIterator[Websocket]:
    async with websocket_of(port, "/count") as websocket:
        await websocket.say("how many?")
        assert await websocket.hear() == "0"
        yield websocket


@asynccontextmanager
async def holding_a_session_on_a_websocket(port: int) -> AsyncIterator[Websocket]:
    async with websocket_of(port, "/hold") as websocket:
        assert await websocket.hear() == "held"
        yield websocket


@asynccontextmanager
async def not_reading_a_websocket(port: int) -> AsyncIterator[Websocket]:
    async with websocket_of(port, "/flood", buffer=SMALL) as websocket:
        yield websocket


@asynccontextmanager
async def with_work_in_the_background(port: int) -> AsyncIterator[Client]:
    async with client_of(port) as client:
        assert await client.ask("/later/never", "POST") == 200
        yield client


PATIENT: list[Held] = [idle, half_of_its_headers]
HOLDING: list[Held] = [
    half_of_its_body,
    request_for("/slow"),
    request_for("/hold"),
    with_work_in_the_background,
    reading_a_stream,
    not_reading_a_stream,
    on_a_websocket,
    holding_a_session_on_a_websocket,
    not_reading_a_websocket,
]


async def test_clients_who_wait_for_nothing_delay_no_shutdown(postgres_url: str) -> None:
    async with served(postgres_url, grace_seconds=1000) as server, AsyncExitStack() as clients:
        for client in PATIENT:
            await clients.enter_async_context(client(server.port))
        await server.stop(within_seconds=0)


async def test_sigterm_ends_the_server_in_time_whatever_its_clients_do(postgres_url: str) -> None:
    async with served(postgres_url, grace_seconds=0.5) as server, AsyncExitStack() as clients:
        for client in PATIENT + HOLDING:
            await clients.enter_async_context(client(server.port))
        await until_async(lambda: scalar_on(postgres_url, AT_WORK), 3)
        await server.stop()

    await until_async(lambda: scalar_on(postgres_url, BACKENDS), 0)


async def test_what_ends_within_the_grace_is_finished(postgres_url: str) -> None:
    async with served(postgres_url, grace_seconds=60) as server, client_of(server.port) as client:
        assert await client.ask("/later/homework?seconds=1", "POST") == 200
        slow = asyncio.create_task(client.ask("/slow?seconds=1"))
        await until_async(lambda: scalar_on(postgres_url, AT_WORK), 2)
        await server.stop()

        assert await slow == 200
    assert await scalar_on(postgres_url, "SELECT title FROM categories WHERE sourced_id = 'homework'") == "Later"


async def test_a_stream_that_looks_whether_the_server_stops_ends_whole(postgres_url: str) -> None:
    async with served(postgres_url, grace_seconds=1000) as server, client_of(server.port) as client:
        assert await client.ask("/polite") == 200
        reading = asyncio.create_task(client.rest())
        await server.stop(within_seconds=0)

        assert (await reading).endswith(b"0\r\n\r\n")


async def test_while_it_drains_new_connections_hear_that_it_stops(postgres_url: str) -> None:
    async with served(postgres_url, grace_seconds=60, drain_seconds=2) as server:
        server.process.terminate()
        await until_async(lambda: readiness(server.port), (503, b"stopping\n"))
        await server.end(within_seconds=2)


async def readiness(port: int) -> tuple[int, bytes]:
    async with client_of(port) as client:
        return await client.ask("/readyz"), await client.reader.readline()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="hypercorn's own server then waits for every client for ever")
async def test_hypercorn_alone_closes_sessions_before_engines_too(postgres_url: str) -> None:
    async with served(postgres_url, program=HYPERCORN, grace_seconds=3) as server, AsyncExitStack() as clients:
        for client in (request_for("/slow"), request_for("/hold"), reading_a_stream, holding_a_session_on_a_websocket):
            await clients.enter_async_context(client(server.port))
        await until_async(lambda: scalar_on(postgres_url, AT_WORK), 2)
        await server.stop()

    await until_async(lambda: scalar_on(postgres_url, BACKENDS), 0)


async def test_a_database_that_fell_silent_does_not_hold_it_up(proxy_and_url: tuple[Proxy, str]) -> None:
    proxy, url = proxy_and_url
    async with served(url, grace_seconds=0.5) as server, client_of(server.port) as client:
        client.writer.write(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until_async(server.in_use, 1)
        proxy.silent = True
        await server.stop()
