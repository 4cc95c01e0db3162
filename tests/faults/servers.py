"""Servers for faults to meet: the program in tests/faults/served.py, and hypercorn in this process."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from socket import create_server, socket
from tempfile import TemporaryFile
from typing import IO

from hypercorn.asyncio import serve as hypercorn
from hypercorn.config import Config
from quart import Quart

from tests.faults.clients import client_of
from tests.faults.served import IN_USE, READY
from tests.scripts.programs import surroundings
from tests.serving import free_port, reachable

PROGRAM = (sys.executable, "-m", "tests.faults.served", "{number}")
HYPERCORN = (sys.executable, "-m", "hypercorn", "tests.faults.served:make_app()", "-w", "0", "--bind", "fd://{number}")
END_SECONDS = 2  # after its grace, a server has ended
SLACK_SECONDS = 15  # that a slow machine may add; what hangs would last for minutes


class Served:
    """A server in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, grace_seconds: float, log: IO[bytes]) -> None:
        self.process = process
        self.port = port
        self.grace_seconds = grace_seconds
        self.log = log

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        """All that it wrote to standard error so far."""
        self.log.seek(0)
        return self.log.read().decode()

    async def stop(self, within_seconds: float | None = None) -> None:
        """Tell it to stop, once; it must end well, in time, and with every connection given back."""
        self.process.terminate()
        await self.end(self.grace_seconds + END_SECONDS if within_seconds is None else within_seconds)

    async def end(self, within_seconds: float) -> None:
        assert self.process.stdout
        async with asyncio.timeout(within_seconds + SLACK_SECONDS):
            last_words = await self.process.stdout.read()
            code = await self.process.wait()

        assert (code, last_words.decode()) == (0, f"{IN_USE}0\n"), self.said()

    async def in_use(self) -> int:
        """Connections that its sessions hold."""
        async with client_of(self.port) as client:
            assert await client.ask("/in_use") == 200
            return int(await client.reader.readline())

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def served(
    url: str, *, program: Sequence[str] = PROGRAM, grace_seconds: float = 10.0, **settings: object
) -> AsyncIterator[Served]:
    """The application and the routes of tests/faults/served.py, on this database and with these settings.

    At the end of the block it is told to stop, if it still runs, and must do so well.
    """
    given = {f"HOMEROOM_{name.upper()}": str(value) for name, value in settings.items()}
    environment = surroundings(url, HOMEROOM_GRACE_SECONDS=str(grace_seconds), **given)
    with create_server(("127.0.0.1", 0)) as listener, TemporaryFile() as log:
        port = listener.getsockname()[1]
        process = await start(program, listener, environment, log)
        listener.close()  # or its clients would wait for us once the program has closed its own
        server = Served(process, port, grace_seconds, log)
        try:
            await until_ready(server)
            yield server
            if process.returncode is None:
                await server.stop()
        finally:
            if process.returncode is None:
                await server.kill()


async def start(
    program: Sequence[str], listener: socket, environment: dict[str, str], log: IO[bytes]
) -> asyncio.subprocess.Process:
    number = listener.fileno()
    command = [word.format(number=number) for word in program]
    return await asyncio.create_subprocess_exec(
        *command, pass_fds=[number], env=environment, stdout=asyncio.subprocess.PIPE, stderr=log
    )


async def until_ready(server: Served) -> None:
    assert server.process.stdout
    assert await server.process.stdout.readline() == f"{READY}\n".encode(), server.said()


@asynccontextmanager
async def on_hypercorn(app: Quart) -> AsyncIterator[int]:
    """The port of a hypercorn in this process, with nothing of ours around it."""
    config, port, stop = Config(), free_port(), asyncio.Event()
    config.bind = [f"127.0.0.1:{port}"]
    config.loglevel = "ERROR"
    server = asyncio.create_task(hypercorn(app, config, shutdown_trigger=stop.wait))
    await reachable(port)
    try:
        yield port
    finally:
        stop.set()
        await server
