"""Clients with manners, good and bad: raw HTTP, and websockets by wsproto."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import SO_LINGER, SO_RCVBUF, SOL_SOCKET, socket

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, Request, TextMessage


class Client:
    """One connection, on which each request is its own business."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, path: str, method: str = "GET") -> int:
        """The status, once it is there; the body waits to be read."""
        self.writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        return int(head.split()[1])

    async def rest(self) -> bytes:
        """All until the server closes."""
        return await self.reader.read()

    async def line(self) -> bytes:
        return await self.reader.readline()

    def half_close(self) -> None:
        """Say that nothing more will come; hypercorn takes it as leaving."""
        self.writer.write_eof()

    def reset(self) -> None:
        """Leave as a program does that crashed: whatever is under way is lost."""
        found: socket = self.writer.get_extra_info("socket")
        found.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@asynccontextmanager
async def client_of(port: int, *, buffer: int | None = None) -> AsyncIterator[Client]:
    """With a small `buffer`, one that soon takes no more if it does not read."""
    connection = socket()
    connection.setblocking(False)
    if buffer:
        connection.setsockopt(SOL_SOCKET, SO_RCVBUF, buffer)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=connection, limit=buffer or 2**16)
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()


class Websocket:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.protocol = WSConnection(ConnectionType.CLIENT)

    async def open(self, path: str) -> None:
        self.client.writer.write(self.protocol.send(Request(host="localhost", target=path)))
        assert isinstance(await self.next_event(), AcceptConnection)

    async def say(self, text: str) -> None:
        self.client.writer.write(self.protocol.send(TextMessage(data=text)))

    async def hear(self) -> str:
        event = await self.next_event()
        assert isinstance(event, TextMessage), event
        return event.data

    async def closed_with(self) -> int:
        """The code that the server closes with; what it says before is passed over."""
        while not isinstance(event := await self.next_event(), CloseConnection):
            pass
        return event.code

    async def next_event(self) -> Event:
        while True:
            for event in self.protocol.events():
                return event
            self.protocol.receive_data(await self.client.reader.read(2**16) or None)


@asynccontextmanager
async def websocket_of(port: int, path: str, *, buffer: int | None = None) -> AsyncIterator[Websocket]:
    async with client_of(port, buffer=buffer) as client:
        websocket = Websocket(client)
        await websocket.open(path)
        yield websocket
