"""The feed of changes: each of them once, and replayed in its order they give the same rows."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from jsonschema import Draft4Validator
from quart import Quart
from sqlalchemy import delete, insert, select, update

from models import ApiClient, Category, Change, Feed
from models.database import Database
from models.stamps import stop_writers
from service.access import SCOPES
from service.app import create_app
from service.records.history import Author, entry_of_load, image
from service.records.kinds import table_of
from service.settings import Settings
from tests.api.calls import GRADEBOOK, ROSTERING, Answer
from tests.doors import SECRET_KEY, bearer

CHANGES = "/homeroom/v1/changes"
READER = bearer(*SCOPES)


@pytest.fixture
async def writable(database_url: str) -> AsyncIterator[Quart]:
    """The application over an empty database, with the client whose token `READER` is."""
    app = create_app(Settings(database_url=database_url, secret_key=SECRET_KEY))
    async with app.test_app():
        async with app.extensions["database"].transaction() as session:
            session.add(ApiClient(client_id="a-test", name="a test", secret_sha256="-", scopes=list(SCOPES)))
        yield app


async def ask(app: Quart, method: str, path: str, body: Any = None, headers: dict[str, str] = READER) -> Answer:
    sent = {"json": body} if body is not None else {}
    response = await app.test_client().open(path, method=method, headers=headers, **sent)
    text = await response.get_data(as_text=True)
    return Answer(response.status_code, response.headers, text, await response.get_json() if text else None)


async def put(app: Quart, sourced_id: str, title: str) -> Answer:
    return await ask(app, "PUT", f"{GRADEBOOK}/categories/{sourced_id}", {"category": {"title": title}})


async def changes(app: Quart, after: str = "", limit: int = 100, **rest: int) -> tuple[list[dict[str, Any]], str]:
    """Those that there are after the cursor, page by page, and the next cursor."""
    found: list[dict[str, Any]] = []
    while True:
        more = "".join(f"&{name}={value}" for name, value in rest.items())
        answer = await ask(app, "GET", f"{CHANGES}?limit={limit}&after={after}{more}")
        assert answer.status == 200, answer.text
        found += answer.json["changes"]
        after = answer.json["next"]
        if not answer.json["more"]:
            return found, after


def replay(changed: list[dict[str, Any]]) -> dict[tuple[str, str], Any]:
    rows: dict[tuple[str, str], Any] = {}
    for change in changed:
        rows[change["collection"], change["sourcedId"]] = change["after"]
    return rows


async def test_a_change_says_who_when_what_and_from_what(writable: Quart) -> None:
    await put(writable, "c", "Homework")
    await put(writable, "c", "Tests")
    await ask(writable, "DELETE", f"{GRADEBOOK}/categories/c")
    created, updated, deleted = (await changes(writable))[0]

    assert [created["what"], updated["what"], deleted["what"]] == ["created", "updated", "deleted"]
    assert created["by"] == {"kind": "client", "id": "a-test"}
    assert created["requestId"]
    assert "before" not in created
    assert updated["before"] == created["after"]
    assert (updated["before"]["title"], updated["after"]["title"]) == ("Homework", "Tests")
    assert deleted["before"] == updated["after"]
    assert deleted["after"]["status"] == "tobedeleted"


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_pages_give_each_change_once_and_then_only_what_is_new(writable: Quart, limit: int) -> None:
    for number in range(5):
        await put(writable, f"c{number % 3}", f"title {number}")
    seen, cursor = await changes(writable, limit=limit)
    nothing, again = await changes(writable, cursor, limit=limit)
    await put(writable, "c9", "new")
    new, _ = await changes(writable, again, limit=limit)

    assert [change["after"]["title"] for change in seen] == [f"title {number}" for number in range(5)]
    assert nothing == []
    assert [change["sourcedId"] for change in new] == ["c9"]


async def test_an_answer_is_what_its_document_says(writable: Quart) -> None:
    await put(writable, "c", "Homework")
    document = (await ask(writable, "GET", "/homeroom/v1/openapi.json")).json
    for path, asked in (("/changes", "/changes"), ("/history/{collection}/{sourcedId}", "/history/categories/c")):
        answer = await ask(writable, "GET", f"/homeroom/v1{asked}")
        declared = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert list(Draft4Validator(declared).iter_errors(answer.json)) == [], answer.text


async def test_now_is_a_cursor_behind_everything(writable: Quart) -> None:
    await put(writable, "c", "old")
    found, cursor = await changes(writable, "now")
    await put(writable, "c", "new")

    assert found == []
    assert [change["after"]["title"] for change in (await changes(writable, cursor))[0]] == ["new"]


async def test_who_waits_gets_a_change_when_it_comes(writable: Quart) -> None:
    _, cursor = await changes(writable, "now")
    waiting = asyncio.create_task(changes(writable, cursor, wait=20))
    await asyncio.sleep(0.3)
    assert writable.extensions["database"].reader.pool.checkedout() == 0  # no connection is held meanwhile
    await put(writable, "c", "new")

    assert [change["sourcedId"] for change in (await waiting)[0]] == ["c"]


async def test_a_transaction_that_commits_late_is_not_missed(writable: Quart, database: Database) -> None:
    """It takes its number of the sequence first, and commits after others were read."""
    if database.writer.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer")
    late = await database.writer.connect()
    entry = entry_of_load(table_of(Category), 1)
    await late.execute(entry, Author("import", "late").values)
    await put(writable, "early", "committed first")
    first, cursor = await changes(writable)
    await late.commit()
    await late.close()
    second, _ = await changes(writable, cursor)

    assert [change.get("sourcedId") for change in first] == ["early"]
    assert [change["what"] for change in second] == ["loaded"]


async def test_twenty_writers_and_a_reader_who_misses_nothing_and_replays_nothing_wrong(
    writable: Quart, database: Database
) -> None:
    stop = asyncio.Event()
    read: list[dict[str, Any]] = []

    async def write(seed: int) -> None:
        dice = random.Random(seed)
        for number in range(10):
            name = f"c{dice.randrange(4)}"
            if dice.random() < 0.2:
                await ask(writable, "DELETE", f"{GRADEBOOK}/categories/{name}")
            else:
                await put(writable, name, f"{seed}-{number}")

    async def follow() -> None:
        cursor = ""
        while not stop.is_set():
            found, cursor = await changes(writable, cursor, limit=7)
            read.extend(found)
        read.extend((await changes(writable, cursor, limit=7))[0])

    async with asyncio.TaskGroup() as following:
        following.create_task(follow())
        await asyncio.gather(*(write(seed) for seed in range(20)))
        stop.set()

    table = table_of(Category)
    async with database.read_session() as session:
        images = await session.execute(select(table.c.sourced_id, image(table)))
        rows = {sourced_id: json.loads(shown) for sourced_id, shown in images}
        kept = list(await session.scalars(select(Change.seq).order_by(Change.seq)))
    assert sorted(change["sequence"] for change in read) == kept
    replayed = replay(read)
    assert {name: replayed["categories", name] for name in rows} == rows


async def test_a_cursor_of_another_feed_or_from_before_a_purge_is_gone(writable: Quart, database: Database) -> None:
    await put(writable, "c", "one")
    _, cursor = await changes(writable)
    await put(writable, "c", "two")
    async with database.transaction() as session:
        last = (await session.execute(select(Change.seq, Change.transaction_id).order_by(Change.seq.desc()))).first()
        assert last
        await session.execute(delete(Change))
        await session.execute(update(Feed).values(purged_seq=last[0], purged_transaction=last[1] or 0))
    purged = await ask(writable, "GET", f"{CHANGES}?after={cursor}")
    _, fresh = await changes(writable)
    async with database.transaction() as session:
        await session.execute(delete(Feed))
        await session.execute(insert(Feed).values(id="another"))
    renewed = await ask(writable, "GET", f"{CHANGES}?after={fresh}")

    assert (purged.status, renewed.status) == (410, 410)
    assert (await ask(writable, "GET", f"{CHANGES}?after=now")).status == 200


@pytest.mark.parametrize("cursor", ["x", "bm8", "W10", "WyJhIiwgIiIsICJ4IiwgMV0", "WyJhIiwgIiIsICIiLCAtMV0", "%00"])
async def test_what_is_no_cursor_is_refused(writable: Quart, cursor: str) -> None:
    assert (await ask(writable, "GET", f"{CHANGES}?after={cursor}")).status == 400


async def test_only_who_may_read_demographics_sees_how_they_changed(writable: Quart) -> None:
    org = {"org": {"name": "Lincoln", "type": "school"}}
    role = {"roleType": "primary", "role": "student", "org": {"sourcedId": "lincoln"}}
    user = {"user": {"enabledUser": "true", "givenName": "Ana", "familyName": "Li", "roles": [role]}}
    assert (await ask(writable, "PUT", f"{ROSTERING}/orgs/lincoln", org)).status == 201
    assert (await ask(writable, "PUT", f"{ROSTERING}/users/ana", user)).status == 201
    born = {"demographics": {"birthDate": "2011-04-05"}}
    assert (await ask(writable, "PUT", f"{ROSTERING}/demographics/ana", born)).status == 201
    few = bearer("urn:homeroom:scope:history.readonly")
    seen = (await ask(writable, "GET", CHANGES, headers=few)).json["changes"]

    assert {change["collection"] for change in seen} == {"orgs", "users", "roles"}
    assert "demographics" in {change["collection"] for change in (await changes(writable))[0]}
    assert (await ask(writable, "GET", "/homeroom/v1/history/demographics/ana", headers=few)).status == 404
    assert (await ask(writable, "GET", "/homeroom/v1/history/demographics/ana")).status == 200
    assert (await ask(writable, "GET", CHANGES, headers=bearer(*SCOPES[:13]))).status == 403


async def test_the_history_of_a_record_begins_with_the_newest(writable: Quart) -> None:
    for title in ("one", "two", "three"):
        await put(writable, "c/1", title)
    newest = (await ask(writable, "GET", "/homeroom/v1/history/categories/c/1?limit=2")).json
    oldest = (await ask(writable, "GET", f"/homeroom/v1/history/categories/c/1?limit=2&before={newest['next']}")).json

    assert [each["after"]["title"] for each in newest["changes"]] == ["three", "two"]
    assert [each["after"]["title"] for each in oldest["changes"]] == ["one"]
    for unknown in ("categories/nobody", "shoes/c"):
        assert (await ask(writable, "GET", f"/homeroom/v1/history/{unknown}")).status == 404


async def test_writers_wait_while_a_bulk_is_stored(writable: Quart, database: Database) -> None:
    async with database.bulk_session() as session:
        await stop_writers(session)
        writing = asyncio.create_task(put(writable, "c", "after the bulk"))
        await asyncio.sleep(0.2)
        assert not writing.done()
        await session.commit()

    assert (await writing).status == 201
