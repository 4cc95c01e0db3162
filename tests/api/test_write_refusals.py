"""Who may not write, and what is no request at all: refused before the database is asked."""

import json
from typing import Any

import pytest
from quart import Quart, g
from sqlalchemy import text, update

from models import ApiClient, Category, Course
from models.base import stamp
from service.access import SCOPES, allow
from service.api.operations import Operation, Service
from service.app import create_app
from service.settings import Settings
from tests.api.calls import BOTH_VERSIONS, FULL, GRADEBOOK, ROSTERING, Caller, expect_refusal, name_of, place
from tests.api.written import a_new, address_of, database_of, history, ref
from tests.doors import SECRET_KEY, bearer

WRITES = [
    (service, operation) for service in BOTH_VERSIONS for operation in service.operations if not operation.is_read
]
each_write = pytest.mark.parametrize(("service", "operation"), WRITES, ids=name_of)
BODIES = [(service, operation) for service, operation in WRITES if operation.method != "DELETE"]
STANDARD = {  # the 16 writes of the standard's gradebook service
    *(f"{verb}{name}" for verb in ("put", "delete") for name in ("Category", "ScoreScale", "LineItem", "Result")),
    *(f"{verb}Assessment{name}" for verb in ("put", "delete") for name in ("LineItem", "Result")),
    "postLineItemsForClass",
    "postLineItemsForSchool",
    "postResultsForLineItem",
    "postResultsForAcademicSessionForClass",
}


def somewhere(service: Service, operation: Operation) -> str:
    parts = {**FULL, "academicSessionSourcedId": "fall", "agentSourcedId": "maria", "sourcedId": "x"}
    return place(service, operation, parts)


def test_every_write_of_the_standard_is_there() -> None:
    names = {operation.id for service, operation in WRITES if service.name == "gradebook"}

    assert len(STANDARD) == 16
    assert names >= STANDARD


@each_write
async def test_reading_scopes_do_not_write(service: Service, operation: Operation, offline: Caller) -> None:
    path, scopes = somewhere(service, operation), [each for each in SCOPES if each not in operation.scopes]
    for granted in ([each for each in SCOPES if each.endswith("readonly")], scopes, []):
        caller = Caller(offline.app, bearer(*granted))
        expect_refusal(await caller.send(operation.method, path, json={}), 403, "forbidden")


@each_write
async def test_no_token_no_write(service: Service, operation: Operation, offline: Caller) -> None:
    path = somewhere(service, operation)
    for token in ("", "Bearer x.y.z"):
        answer = await offline.send(operation.method, path, json={}, headers={"Authorization": token})
        expect_refusal(answer, 401, "unauthorisedrequest")


@pytest.mark.parametrize(("service", "operation"), BODIES, ids=name_of)
async def test_a_body_is_json(service: Service, operation: Operation, offline: Caller) -> None:
    path, method = somewhere(service, operation), operation.method
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""):
        answer = await offline.send(method, path, data=b"{}", headers={"Content-Type": kind} if kind else {})
        expect_refusal(answer, 415, "invaliddata")
    for data in (b"", b"{", b"{'a': 1}", b'{"a": NaN}', b'"\xff"', b"[" * 100_000, b'{"a": 1' + b"0" * 5000 + b"}"):
        answer = await offline.send(method, path, data=data, headers={"Content-Type": "application/json"})
        expect_refusal(answer, 400, "invaliddata")


async def test_json_may_say_its_charset_and_its_kind(writer: Caller) -> None:
    data = json.dumps(a_new("category", title="Größe"), ensure_ascii=False).encode()
    for kind in ("application/json; charset=utf-8", "application/vnd.ims.oneroster+json"):
        answer = await writer.send("PUT", address_of("category"), data=data, headers={"Content-Type": kind})
        assert answer.json["category"]["title"] == "Größe"


async def test_a_body_has_its_limit(writer: Caller, statements: list[str]) -> None:
    body = a_new("category", title="x" * 100_000)
    for method in ("PUT", "PATCH"):
        statements.clear()
        answer = await writer.send(method, address_of("category"), json=body)
        expect_refusal(answer, 413, "invaliddata")
        assert statements == []
    expect_refusal(await writer.post(f"{GRADEBOOK}/categories", body), 413, "invaliddata")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_deep_body_is_no_fault_of_ours(method: str, writer: Caller) -> None:
    """Whoever reads it gives up at another depth: the parser, the driver, the database."""
    path, kind = address_of("category", "homework"), {"Content-Type": "application/json"}
    for depth in (98, 99, 500, 800, 900, 925, 950, 975, 1000, 2000, 20_000):
        nested = "[" * depth + "]" * depth
        data = f'{{"category": {{"title": "Deep", "metadata": {{"a": {nested}}}}}}}'
        answer = await writer.send(method, path, data=data, headers=kind)

        assert answer.status in ((200, 201) if depth < 100 else (400, 422)), (depth, answer.text)
        assert (await writer.get(path)).json["category"]["metadata"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", address_of("category"), a_new("category")),
        ("PATCH", address_of("category", "homework"), {"category": {"title": "x"}}),
        ("DELETE", address_of("category", "extra"), None),
        ("POST", f"{GRADEBOOK}/categories", a_new("category")),
        ("POST", f"{ROSTERING}/users/li/agents", {"agentSourcedId": "maria"}),
        ("DELETE", f"{ROSTERING}/users/ana/agents/maria", None),
    ],
)
async def test_a_client_that_was_revoked_writes_no_more(method: str, path: str, body: Any, writer: Caller) -> None:
    kept = {"Idempotency-Key": "k"}
    if method == "POST":
        assert (await writer.send(method, path, json=body, headers=kept)).status == 201
    async with database_of(writer).transaction() as session:
        await session.execute(update(ApiClient).values(revoked_at=stamp()))
    before = len(await history(writer))

    for headers in ({}, kept):
        answer = await writer.send(method, path, json=body, headers=headers)
        expect_refusal(answer, 401, "unauthorisedrequest")
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert len(await history(writer)) == before
    stranger = Caller(writer.app, bearer(*SCOPES, client_id="nobody"))
    expect_refusal(await stranger.send(method, path, json=body), 401, "unauthorisedrequest")


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Authorization": ""}, {}, 401),
        (bearer(), {}, 403),
        ({"Content-Type": "text/plain"}, {}, 415),
        ({}, {"lineItem": {}}, 422),
        ({"Idempotency-Key": "k"}, {"lineItem": {}, "lineItems": [{}]}, 422),
    ],
)
async def test_what_is_refused_by_its_form_asks_the_database_nothing(
    headers: dict[str, str], body: Any, status: int, writer: Caller, statements: list[str]
) -> None:
    for method, path in (("PUT", address_of("lineItem")), ("POST", f"{GRADEBOOK}/lineItems")):
        statements.clear()
        sent = {"Content-Type": "application/json", **headers}
        answer = await writer.send(method, path, data=json.dumps(body), headers=sent)
        assert (answer.status, statements) == (status, []), answer.text


async def test_what_is_refused_by_what_is_stored_only_looks(writer: Caller, statements: list[str]) -> None:
    unknown = a_new("lineItem", category=ref("nowhere"))
    for method, path, body, headers, status in (
        ("PUT", address_of("lineItem"), unknown, {}, 422),
        ("POST", f"{GRADEBOOK}/lineItems", unknown, {}, 422),
        ("PATCH", address_of("lineItem"), {"lineItem": {}}, {}, 404),
        ("PUT", address_of("lineItem", "hw-1"), a_new("lineItem"), {"If-None-Match": "*"}, 412),
    ):
        statements.clear()
        answer = await writer.send(method, path, json=body, headers=headers)
        found = [each for each in statements if not each.startswith("BEGIN")]
        assert (answer.status, len(found)) == (status, 1), (answer.text, found)
        assert "INSERT" not in found[0]
        assert "UPDATE " not in found[0].replace("FOR NO KEY UPDATE ", "")


# --- what the database refuses ---------------------------------------------------------------------------------------


@allow()
async def look_for_one() -> str:
    return str((await g.session.get_one(Category, "nowhere")).title)


@allow()
async def store_a_word() -> str:
    g.session.add(Category(sourced_id="x", title="x", status="lost"))
    await g.session.commit()
    return "done"


@allow()
async def store_twice() -> str:
    g.session.add(Category(sourced_id="homework", title="x"))
    await g.session.commit()
    return "done"


@allow()
async def store_nothing() -> str:
    g.session.add(Category(sourced_id="x", title=None))
    await g.session.commit()
    return "done"


@allow()
async def refer_to_nothing() -> str:
    g.session.add(Course(sourced_id="x", title="x", org_sourced_id="nowhere"))
    await g.session.commit()
    return "done"


@allow()
async def count_letters() -> str:
    """Class 22 of the SQLSTATEs, which SQLite has not: there it is a value that a CHECK refuses."""
    if g.session.get_bind().dialect.name != "postgresql":
        return await store_a_word()
    await g.session.execute(text("SELECT CAST('letters' AS integer)"))
    return "done"


VIEWS = (look_for_one, store_a_word, store_twice, store_nothing, refer_to_nothing, count_letters)


@pytest.fixture
async def views(own_springfield: str) -> Quart:
    app = create_app(Settings(database_url=own_springfield, secret_key=SECRET_KEY))
    for view in VIEWS:
        app.add_url_rule(f"/{view.__name__}", view.__name__, view, methods=["POST"])
    return app


@pytest.mark.parametrize(
    ("path", "status", "code", "told"),
    [
        ("/look_for_one", 404, "unknownobject", "no such object"),
        ("/store_a_word", 422, "invaliddata", "ck_categories_status_known"),
        ("/store_twice", 409, "invaliddata", "categories"),
        ("/store_nothing", 422, "invaliddata", ""),
        ("/refer_to_nothing", 409, "invaliddata", ""),
        ("/count_letters", 422, "invaliddata", ""),
    ],
)
async def test_what_the_database_says_becomes_an_answer(
    path: str, status: int, code: str, told: str, views: Quart
) -> None:
    async with views.test_app():
        answer = await Caller(views).post(path, {})

    expect_refusal(answer, status, code)
    assert told in answer.json["imsx_description"]
