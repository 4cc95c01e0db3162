"""A server that is killed while programs write: what it acknowledged is there, nothing is done by half, and the history
tells of every change and of no other.
"""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from models.base import TO_BE_DELETED
from models.database import Database
from service.access import SCOPES
from service.settings import Settings
from tests.doors import bearer, scalar_on
from tests.faults.servers import served
from tests.faults.test_shutdown import BACKENDS
from tests.scripts.programs import until, until_async
from tests.writes.bodies import FIRST, a_line_item, a_result
from tests.writes.program import ATTEMPTS, PATHS, a_program, place
from tests.writes.replay import Key, Replay, left_behind

KILLS = 3
PROGRAMS = 6
ENOUGH = 25  # acknowledged writes, more or less, before the server is killed in the middle of others
BATCH = 3


@dataclass
class Writer:
    """One of the programs that write until the server is gone; it notes what it has sent, and what was acknowledged."""

    http: httpx.AsyncClient
    name: str
    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)

    async def write(self) -> None:
        with suppress(httpx.TransportError):
            for number in range(100_000):
                for act in (self.rename, self.batch, self.delete_line_item):
                    await act(f"{self.name}-{number}")

    async def send(self, what: str, method: str, path: str, body: Any = None) -> None:
        """`what` this write does, in a word of its own."""
        self.sent.add(what)
        for _ in range(ATTEMPTS):
            answer = await self.http.request(method, path, json=body)
            if answer.status_code != 503:
                break
            await asyncio.sleep(0.05)
        assert answer.is_success, answer.text
        self.acknowledged.add(what)

    async def rename(self, name: str) -> None:
        """The record that all rename."""
        await self.send(
            f"renamed {name}", "PUT", place("categories", "hot"), {"category": {"title": f"renamed {name}"}}
        )

    async def batch(self, name: str) -> None:
        orgs = [{"sourcedId": f"{name}-{each}", "name": name, "type": "school"} for each in range(BATCH)]
        await self.send(f"batch {name}", "POST", PATHS["orgs"], {"orgs": orgs})

    async def delete_line_item(self, name: str) -> None:
        """With its results, which go with it."""
        await self.send(f"item {name}", "PUT", place("lineItems", name), a_line_item())
        results = [{"sourcedId": f"{name}-{each}", **a_result(name)["result"]} for each in range(BATCH)]
        await self.send(f"results {name}", "POST", PATHS["results"], {"results": results})
        await self.send(f"deleted {name}", "DELETE", place("lineItems", name))


async def write_until_killed(url: str, round_: int, rng: random.Random) -> list[Writer]:
    async with (
        served(url) as server,
        httpx.AsyncClient(base_url=server.address, headers=bearer(*SCOPES), timeout=60) as http,
        asyncio.TaskGroup() as programs,
    ):
        writers = [Writer(http, f"{round_}-{number}") for number in range(PROGRAMS)]
        for writer in writers:
            programs.create_task(writer.write())
        enough = rng.randrange(ENOUGH, 3 * ENOUGH)
        await until(lambda: sum(len(writer.acknowledged) for writer in writers) > enough)
        await asyncio.sleep(rng.uniform(0, 0.03))
        await server.kill()
    return writers


async def found_school_on(url: str) -> None:
    async with Database(Settings(database_url=url)) as database, database.transaction() as session:
        session.add(a_program())
    async with served(url) as server, httpx.AsyncClient(base_url=server.address, headers=bearer(*SCOPES)) as http:
        for kind, sourced_id, body in FIRST:
            assert (await http.put(place(kind, sourced_id), json=body)).status_code == 201


async def test_a_kill_loses_nothing_acknowledged_and_leaves_nothing_half_done(database_url: str) -> None:
    await found_school_on(database_url)
    rng = random.Random(7)
    writers = [writer for number in range(KILLS) for writer in await write_until_killed(database_url, number, rng)]
    if "postgresql" in database_url:
        await until_async(lambda: scalar_on(database_url, BACKENDS), 0)  # the killed server's last ones

    async with Database(Settings(database_url=database_url)) as database:
        replay = Replay(database)
        changes = await replay.follow()  # which fails where a record and its history do not fit
        assert await left_behind(database) == []
    sent, acknowledged = (set().union(*(getattr(each, name) for each in writers)) for name in ("sent", "acknowledged"))
    done = done_by(replay, [step.after["title"] for step in changes["categories", "hot"]])
    assert acknowledged <= done <= sent
    assert len(acknowledged) < len(sent), "no write was under way when the server was killed"


def done_by(replay: Replay, renamed: list[str]) -> set[str]:
    """Which writes were done, by the rows; each is done as a whole."""
    assert len(set(renamed)) == len(renamed)
    done = set(renamed)
    rows: dict[Key, Any] = replay.images
    for kind, word in (("orgs", "batch"), ("results", "results")):
        made = Counter(key.rpartition("-")[0] for other, key in rows if other == kind and key != "lincoln")
        assert set(made.values()) <= {BATCH}
        done |= {f"{word} {name}" for name in made}
    for (kind, name), row in rows.items():
        if kind == "lineItems":
            gone = row["status"] == TO_BE_DELETED
            results = [rows.get(("results", f"{name}-{each}")) for each in range(BATCH)]
            assert {each["status"] for each in results if each} <= {row["status"]}
            done |= {f"item {name}", *([f"deleted {name}"] if gone else [])}
    return done
