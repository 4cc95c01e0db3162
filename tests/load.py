"""Clients that ask a server again and again while something happens to it, and what they were answered."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from tests.scripts.programs import until

UNANSWERED = 0  # in place of a status: the connection was refused or cut


@dataclass
class Load:
    """What was answered so far: how often each status, and the longest time that anyone waited."""

    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0  # seconds
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def requests(self) -> int:
        return self.statuses.total()

    @property
    def failures(self) -> int:
        return self.requests - self.statuses[200]

    def note(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        self.slowest = max(self.slowest, seconds)

    async def more(self, requests: int, status: int | None = None) -> None:
        """Wait until so many more were answered, or answered with this status."""

        def count() -> int:
            return self.requests if status is None else self.statuses[status]

        enough = count() + requests
        await until(lambda: count() >= enough)


async def keep_asking(load: Load, address: str, paths: Sequence[str], headers: Mapping[str, str]) -> None:
    async with httpx.AsyncClient(base_url=address, headers=dict(headers), timeout=120) as http:
        for path in itertools.cycle(paths):
            if load.over.is_set():
                return
            began = time.perf_counter()
            try:
                status = (await http.get(path)).status_code
            except httpx.TransportError:
                status = UNANSWERED
                await asyncio.sleep(0.01)  # or a server that is away would be asked as fast as one can
            load.note(status, time.perf_counter() - began)


@asynccontextmanager
async def loading(
    address: str, paths: Sequence[str], headers: Mapping[str, str], *, clients: int = 20
) -> AsyncIterator[Load]:
    """So many clients ask for these paths, in turn, as long as the block lasts; each then gets its last answer."""
    load = Load()
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(keep_asking(load, address, paths, headers))
        try:
            yield load
        finally:
            load.over.set()
