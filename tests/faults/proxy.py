"""A TCP proxy between us and PostgreSQL, whose network can be bad: cut, silent, slow. It also counts round trips."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import make_url

CHUNK = 65_536


class Proxy:
    """`flights` counts how often the client spoke after the server did: the round trips so far."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.flights = 0
        self.silent = False  # swallow every byte, both ways, as a firewall does that has forgotten a connection
        self.delay = 0.0  # seconds, one way
        self.connections: set[asyncio.StreamWriter] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.server: asyncio.Server | None = None
        self.port = 0

    async def listen(self) -> None:
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Take no new connections, until `listen` is called again; those that there are go on."""
        if self.server:
            self.server.close()
            self.server = None

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self.connections:
            writer.transport.abort()
        self.connections.clear()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(*self.target)
        self.connections |= {writer, server_writer}
        spoke_last = ["server"]
        for source, sink, name in ((reader, server_writer, "client"), (server_reader, writer, "server")):
            task = asyncio.create_task(self.forward(source, sink, name, spoke_last))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def forward(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, name: str, spoke_last: list[str]
    ) -> None:
        with suppress(OSError):
            while chunk := await source.read(CHUNK):
                self.flights += name == "client" and spoke_last[0] == "server"
                spoke_last[0] = name
                if self.delay:
                    await asyncio.sleep(self.delay)
                if not self.silent:
                    sink.write(chunk)
                    await sink.drain()
        self.connections.discard(sink)
        sink.close()

    async def close(self) -> None:
        await self.refuse()
        self.cut()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@asynccontextmanager
async def proxied(database_url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy before the server of this URL, and the URL through it."""
    url = make_url(database_url)
    proxy = Proxy(str(url.host), int(url.port or 5432))
    await proxy.listen()
    try:
        yield proxy, url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
    finally:
        await proxy.close()
