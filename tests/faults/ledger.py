"""A server under load while something happens to it, what that cost, and that it is whole afterwards."""

import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from service.access import SCOPES
from tests.doors import bearer
from tests.faults.servers import Served
from tests.load import Load, loading
from tests.metrics import read_metrics

USERS = "/ims/oneroster/rostering/v1p2/users"
READER = bearer(*SCOPES)
CLIENTS = 20


@dataclass(frozen=True)
class Entry:
    """A line of the table that the tests print at their end."""

    fault: str
    load: Load
    before: str
    after: str

    def columns(self) -> list[str]:
        counted = self.load.statuses
        rest = self.load.requests - counted[200] - counted[503]
        milliseconds = [
            f"{seconds * 1000:.0f}" for seconds in (statistics.median(self.load.seconds), self.load.slowest)
        ]
        return [
            self.fault,
            *map(str, (self.load.requests, counted[503], rest)),
            *milliseconds,
            self.before,
            self.after,
        ]


HEADINGS = ["fault", "requests", "503", "other", "median ms", "slowest ms", "pool before", "pool after"]
LINES: list[list[str]] = []


@asynccontextmanager
async def under_load(
    server: Served, fault: str, paths: Sequence[str] = (USERS,), clients: int = CLIENTS
) -> AsyncIterator[Load]:
    """Clients ask for `paths` as long as the block lasts. After it, no request fails and no connection is in use."""
    async with loading(server.address, paths, READER, clients=clients) as load:
        await load.more(100, status=200)
        before = await pool_of(server)
        yield load
    async with loading(server.address, paths, READER, clients=5) as afterwards:
        await afterwards.more(100)
    after = await pool_of(server)
    LINES.append(Entry(fault, load, before, after).columns())

    assert afterwards.failures == 0, afterwards.statuses
    assert after.startswith("0 in use")


async def pool_of(server: Served) -> str:
    """Of the reader."""
    async with httpx.AsyncClient(base_url=server.address) as http:
        seen = read_metrics((await http.get("/metrics")).text)
    in_use, idle = (seen[f"homeroom_pool_connections{{pool=reader,state={state}}}"] for state in ("in_use", "idle"))
    return f"{in_use:.0f} in use, {idle:.0f} idle"


def table() -> list[str]:
    rows = [HEADINGS, *LINES]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEADINGS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
