"""An import beside writers, a program that polls and one that follows the feed: nothing is lost, and nothing missed."""

import asyncio
import json
import random
import threading
from pathlib import Path
from typing import Any

import pytest
from quart import Quart
from sqlalchemy import select

from models import ApiClient, User
from models.base import wire_moment
from models.database import Database
from scripts.import_roster import import_and_commit
from scripts.make_district import write_district
from service.access import full_scope, secret_hash
from service.bundles.importing import ImportOptions
from service.bundles.reading import open_bundle
from service.bundles.report import Report
from service.records.history import image
from service.records.kinds import table_of
from service.settings import Settings
from tests.api.calls import ROSTERING
from tests.api.test_changes import ask, changes, put, replay, writable
from tests.serving import BYTES_MAX

__all__ = ["writable"]
WRITERS = 20
USERS = f"{ROSTERING}/users"


async def take_in(database: Database, path: Path) -> None:
    with open_bundle(path, BYTES_MAX) as bundle:
        assert await import_and_commit(database, bundle, ImportOptions(), Report(), dry_run=False)


@pytest.fixture
async def district(writable: Quart, tmp_path: Path) -> Path:
    """A small district is stored; the path is that of a bundle in which its people have other names."""
    for seed in (1, 2):
        write_district(tmp_path / f"{seed}.zip", students=40, schools=1, seed=seed, results_per_student=1)
    await take_in(writable.extensions["database"], tmp_path / "1.zip")
    return tmp_path / "2.zip"


async def patient(app: Quart, method: str, path: str, body: Any = None) -> Any:
    """As a client does that tries again after a 503."""
    for _ in range(40):
        answer = await ask(app, method, path, body)
        if answer.status != 503:
            assert answer.status < 300, answer.text
            return answer
        await asyncio.sleep(0.05)
    raise AssertionError("busy for too long")


async def write(app: Quart, ids: list[str], seed: int) -> dict[str, str]:
    """What this writer was told is stored."""
    dice, told = random.Random(seed), {}
    for number in range(6):
        name = dice.choice(ids)
        mail = f"{seed}-{number}@example.org"
        await patient(app, "PATCH", f"{USERS}/{name}", {"user": {"email": mail}})
        told[mail] = name
        await asyncio.sleep(dice.uniform(0, 0.05))
    return told


async def poll(app: Quart, copy: dict[str, str], since: str) -> str:
    url: str | None = f"{USERS}?filter=dateLastModified>'{since}'&limit=50&fields=sourcedId,dateLastModified"
    while url:
        answer = await patient(app, "GET", url)
        copy |= {row["sourcedId"]: row["dateLastModified"] for row in answer.items()}
        url = answer.link("next")
    return max([since, *copy.values()])


async def test_an_import_and_twenty_writers_at_once(writable: Quart, database: Database, district: Path) -> None:
    stop, copy, followed = asyncio.Event(), dict[str, str](), list[dict[str, Any]]()
    ids = [row["sourcedId"] for row in (await ask(writable, "GET", f"{USERS}?limit=1000&fields=sourcedId")).items()]
    _, start = await changes(writable, "now")

    async def keep_polling() -> None:
        since, last = "2020-01-01T00:00:00.000Z", False
        while not last:
            last = stop.is_set()
            since = await poll(writable, copy, since)

    async def keep_following() -> None:
        cursor, last = start, False
        while not last:
            last = stop.is_set()
            found, cursor = await changes(writable, cursor, limit=50)
            followed.extend(found)

    async with asyncio.TaskGroup() as watching:
        watching.create_task(keep_polling())
        watching.create_task(keep_following())
        async with asyncio.TaskGroup() as writing:
            writing.create_task(take_in(database, district))
            for seed in range(WRITERS):
                writing.create_task(write(writable, ids[:10], seed))
        stop.set()

    table = table_of(User)
    async with database.read_session() as session:
        stamps = dict(iter((await session.execute(select(User.sourced_id, User.date_last_modified))).all()))
        rows = {
            name: json.loads(shown) for name, shown in await session.execute(select(table.c.sourced_id, image(table)))
        }
    assert copy == {name: wire_moment(moment) for name, moment in stamps.items()}
    replayed = replay(followed)
    assert {name: replayed["users", name] for name in rows if ("users", name) in replayed} == {
        name: row for name, row in rows.items() if ("users", name) in replayed
    }
    assert len([change for change in followed if change["by"]["kind"] == "client"]) == WRITERS * 6
    assert {change["by"]["kind"] for change in followed} == {"client", "import"}


@pytest.mark.parametrize("act", ["reading users.csv", "comparing users"])
async def test_others_get_tokens_and_write_while_a_bundle_is_read_and_compared(
    writable: Quart, settings: Settings, district: Path, act: str
) -> None:
    """The import stops there, in a thread of its own, until the others have their answers."""
    stops, answered = threading.Event(), threading.Event()

    def watch(now: str, *_: int) -> None:
        if now == act:
            stops.set()
            assert answered.wait(60)

    async def import_it() -> bool:
        async with Database(settings) as database:
            with open_bundle(district, BYTES_MAX) as bundle:
                return await import_and_commit(database, bundle, ImportOptions(), Report(watch=watch), dry_run=False)

    async with writable.extensions["database"].transaction() as session:
        session.add(
            ApiClient(client_id="v", name="V", secret_sha256=secret_hash("s"), scopes=[full_scope("roster.readonly")])
        )
    grant = {"grant_type": "client_credentials", "client_id": "v", "client_secret": "s"}
    importing = asyncio.create_task(asyncio.to_thread(asyncio.run, import_it()))
    assert await asyncio.to_thread(stops.wait, 60)
    try:
        token = await writable.test_client().post("/oauth2/token", form=grant)
        written = await put(writable, "meanwhile", "Written meanwhile")
    finally:
        answered.set()

    assert await importing
    assert (token.status_code, written.status) == (200, 201)
