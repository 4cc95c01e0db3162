"""Streams, websockets and background work have sessions of their own, which are closed however they end."""

from collections.abc import AsyncIterator

import pytest

from tests.doors import scalar_on
from tests.faults.clients import Client, client_of, websocket_of
from tests.faults.servers import Served, served
from tests.scripts.programs import until_async

LEAVING = (Client.reset, Client.half_close)
# A connection of the service's that is in the middle of something.
BUSY = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'homeroom%'"
    " AND datname = current_database() AND state <> 'idle'"
)


@pytest.fixture
async def server(postgres_url: str) -> AsyncIterator[Served]:
    """A stream gets no grace when its client leaves, whatever a handler gets."""
    async with served(postgres_url, send_seconds=1, disconnect_grace_seconds=1000) as server:
        yield server
        await until_async(lambda: scalar_on(postgres_url, BUSY), 0)


async def test_a_client_that_leaves_ends_the_stream_and_its_session(server: Served) -> None:
    for path in ("/stream", "/flood", "/with_context"):
        for leave in LEAVING:
            async with client_of(server.port) as client:
                assert await client.ask(path) == 200
                await until_async(server.in_use, 1)
                leave(client)
                await until_async(server.in_use, 0)


async def test_a_client_that_does_not_read_is_hung_up_on(server: Served) -> None:
    async with (
        client_of(server.port, buffer=4096) as client,
        websocket_of(server.port, "/flood", buffer=4096),
    ):
        assert await client.ask("/flood") == 200
        await until_async(server.in_use, 2)
        await until_async(server.in_use, 0)


async def test_a_stream_cannot_use_the_session_of_its_request(server: Served) -> None:
    async with client_of(server.port) as client:
        assert await client.ask("/borrowed") == 200
        received = await client.rest()

    assert b"begun" in received
    assert not received.endswith(b"0\r\n\r\n")  # so the client knows that it has not got all
    assert "permanently closed" in server.said()


async def test_background_work_cannot_use_the_session_of_the_request_that_began_it(server: Served) -> None:
    async with client_of(server.port) as client:
        assert await client.ask("/taken_along") == 200
        await until_async(lambda: said(server, "InvalidRequestError"), True)

    assert await server.in_use() == 0


async def said(server: Served, words: str) -> bool:
    return words in server.said()


async def test_an_error_within_a_stream_is_logged_and_cuts_it(server: Served) -> None:
    async with client_of(server.port) as client:
        assert await client.ask("/broken") == 200
        received = await client.rest()

    assert not received.endswith(b"0\r\n\r\n")
    assert "LookupError: in the middle of a stream" in server.said()
    assert await server.in_use() == 0


async def test_a_websocket_holds_a_connection_only_while_it_answers(server: Served) -> None:
    async with websocket_of(server.port, "/count") as websocket:
        for _ in range(3):
            await websocket.say("how many?")
            assert await websocket.hear() == "0"
            assert await server.in_use() == 0


async def test_a_client_that_leaves_ends_the_websocket_and_its_session(server: Served) -> None:
    for leave in LEAVING:
        async with websocket_of(server.port, "/hold") as websocket:
            assert await websocket.hear() == "held"
            assert await server.in_use() == 1
            leave(websocket.client)
            await until_async(server.in_use, 0)
