"""Clients that ask a server again and again while something happens to it, and what they were answered."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.scripts.programs import until

UNANSWERED = 0  # in place of a status: the connection was refused or cut


@dataclass
class Load:
    """What was answered so far: how often each status, and after how long."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)  # that each of them waited
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def requests(self) -> int:
        return self.statuses.total()

    @property
    def failures(self) -> int:
        return self.requests - self.statuses[200]

    @property
    def slowest(self) -> float:
        return max(self.seconds, default=0.0)

    def note(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        self.seconds.append(seconds)

    async def more(self, requests: int, status: int | None = None) -> None:
        """Wait until so many more were answered, or answered with this status."""

        def count() -> int:
            return self.requests if status is None else self.statuses[status]

        enough = count() + requests
        await until(lambda: count() >= enough)


class Client:
    """One connection, kept as long as it lasts. A hundred of them cost no more than what they load."""

    def __init__(self, address: str, headers: Mapping[str, str]) -> None:
        url = urlsplit(address)
        self.place = (url.hostname, url.port)
        self.head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": url.netloc, **headers}.items())
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> int:
        """The status, once the whole answer is there; UNANSWERED if it never will be."""
        try:
            self.streams = self.streams or await asyncio.open_connection(*self.place)
            reader, writer = self.streams
            writer.write(f"GET {path} HTTP/1.1\r\n{self.head}\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.partition("content-length:")[2].split()[0]))
        except (OSError, EOFError):
            self.close()
            return UNANSWERED
        if "connection: close" in head:
            self.close()
        return int(head.split()[1])

    def close(self) -> None:
        if self.streams:
            self.streams[1].close()
        self.streams = None


async def visit(address: str, path: str, patience: float, headers: Mapping[str, str] = {}) -> None:
    """Ask once, and leave after the answer, or after so many seconds without one."""
    client = Client(address, headers)
    with suppress(TimeoutError):
        await asyncio.wait_for(client.get(path), patience)
    client.close()


async def keep_asking(load: Load, client: Client, paths: Iterable[str]) -> None:
    for path in paths:
        if load.over.is_set():
            return client.close()
        began = time.perf_counter()
        status = await client.get(path)
        load.note(status, time.perf_counter() - began)
        if status == UNANSWERED:
            await asyncio.sleep(0.01)  # or a server that is away would be asked as fast as one can


@asynccontextmanager
async def loading(
    address: str, paths: Sequence[str], headers: Mapping[str, str], *, clients: int = 20
) -> AsyncIterator[Load]:
    """So many clients ask for these paths, in turn, as long as the block lasts; each then gets its last answer."""
    load = Load()
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(keep_asking(load, Client(address, headers), itertools.cycle(paths)))
        try:
            yield load
        finally:
            load.over.set()
