"""The server inside a process: whom it waits for when it is told to stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from socket import create_server, socket, socketpair

from service.app import create_app
from service.running.connections import running_requests
from service.running.serve import Server
from service.settings import Settings
from tests.scripts.programs import HALF, OTHER_HALF, until


class Visit:
    """A server, and a request that runs in it until the caller sends OTHER_HALF."""

    def __init__(self, settings: Settings, grace_seconds: float) -> None:
        self.ready = asyncio.Event()
        self.server = Server(create_app(replace(settings, grace_seconds=grace_seconds)), self.ready.set)

    async def begin(self, port: int) -> None:
        await self.ready.wait()
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self.writer.write(HALF)
        await until(lambda: running_requests(self.server.app))

    async def answer(self) -> bytes:
        received = await self.reader.read()
        self.writer.close()
        return received


@asynccontextmanager
async def visiting(settings: Settings, *, grace_seconds: float, master: socket | None = None) -> AsyncIterator[Visit]:
    """The block ends once the server has."""
    visit = Visit(settings, grace_seconds)
    listener = create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(visit.server.run(listener, master))
        await visit.begin(port)
        yield visit


async def test_a_request_that_runs_is_finished(settings: Settings) -> None:
    async with visiting(settings, grace_seconds=1000) as visit:
        visit.server.stop()
        visit.writer.write(OTHER_HALF)

        assert (await visit.answer()).startswith(b"HTTP/1.1 401")


async def test_a_request_that_outlasts_the_grace_is_cut(settings: Settings) -> None:
    async with visiting(settings, grace_seconds=0.01) as visit:
        visit.server.stop()

        assert (await visit.answer()).startswith(b"HTTP/1.1 503")


async def test_being_told_twice_it_does_not_wait(settings: Settings) -> None:
    async with visiting(settings, grace_seconds=1000) as visit:
        visit.server.stop()
        visit.server.stop()

        assert (await visit.answer()).startswith(b"HTTP/1.1 503")


async def test_a_worker_does_not_outlive_its_master(settings: Settings) -> None:
    ours, theirs = socketpair()
    with theirs:
        async with visiting(settings, grace_seconds=1000, master=theirs) as visit:
            ours.close()
            visit.writer.write(OTHER_HALF)

            assert (await visit.answer()).startswith(b"HTTP/1.1 401")
