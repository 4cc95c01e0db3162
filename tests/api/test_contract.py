"""Every read operation keeps what the discovery documents promise, and what OneRoster asks of each."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from quart import Quart
from sqlalchemy import update

from models import Class, Org, User
from models.base import TO_BE_DELETED
from models.database import Database
from service.api.operations import Operation, Service
from tests.api.calls import (
    DOCUMENTS,
    EVERY,
    FULL,
    GRADEBOOK,
    LISTS,
    NESTED,
    RESOURCES,
    ROSTERING,
    SINGLES,
    Answer,
    Caller,
    bare_parts,
    expect_refusal,
    name_of,
    place,
)
from tests.samples import SLASHED, a_district

RETIRED = {
    "academicSession": "retired-term",
    "assessmentLineItem": "retired-test",
    "assessmentResult": "state-test-retired-student",
    "category": "retired-category",
    "class": "retired-class",
    "course": "retired-course",
    "demographics": "retired-student",
    "enrollment": "algebra-2-sean",
    "lineItem": "retired-item",
    "org": "retired-school",
    "resource": "retired-resource",
    "result": "quiz-sean",
    "scoreScale": "retired-scale",
    "user": "retired-student",
}

each_operation = pytest.mark.parametrize(("service", "operation"), EVERY, ids=name_of)
each_list = pytest.mark.parametrize(("service", "operation"), LISTS, ids=name_of)
each_single = pytest.mark.parametrize(("service", "operation"), SINGLES, ids=name_of)
each_nested = pytest.mark.parametrize(("service", "operation"), NESTED, ids=name_of)


async def errors(caller: Caller, service: Service, operation: Operation | None, body: Any) -> list[str]:
    """What our own document has against an answer; without an operation, the answer is a refusal."""
    validator = (await validators(caller, service.name))[operation.id if operation else "refusal"]
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


@cache
def known_validators() -> dict[str, dict[str, Draft202012Validator]]:
    return {}


async def validators(caller: Caller, service: str) -> dict[str, Draft202012Validator]:
    known = known_validators()
    if service not in known:
        document = (await caller.get(DOCUMENTS[service])).json
        operations = [path["get"] for path in document["paths"].values() if "get" in path]
        refs = {each["operationId"]: body_of(each, "200") for each in operations}
        refs["refusal"] = body_of(operations[0], "400")
        known[service] = {name: validator(document, ref) for name, ref in refs.items()}
    return known[service]


def body_of(operation: dict[str, Any], status: str) -> Any:
    return operation["responses"][status]["content"]["application/json"]["schema"]


formats = FormatChecker()


@formats.checks("date-time")
def is_moment(text: object) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(text)))


@formats.checks("date")
def is_day(text: object) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", str(text)))


@formats.checks("uri")
def is_address_of_ours(text: object) -> bool:
    return str(text).startswith("http://localhost/ims/oneroster/")


def validator(document: dict[str, Any], ref: dict[str, str]) -> Draft202012Validator:
    return Draft202012Validator({**ref, "components": document["components"]}, format_checker=formats)


async def address(caller: Caller, service: Service, operation: Operation) -> str:
    """Where the operation has something to show."""
    if not operation.single:
        return place(service, operation, FULL)
    collection = operation.path.rsplit("/", 1)[0]
    return f"{service.prefix}{collection}/{(await caller.get(service.prefix + collection)).ids()[0]}"


def test_the_standard_has_65_read_operations_and_had_55() -> None:
    names = [service.name for service, _ in EVERY]

    assert {name: names.count(name) for name in names} == {"rostering": 41, "gradebook": 19, "resources": 5, "v1p1": 55}
    assert len({operation.id for _, operation in EVERY}) == 65


@each_operation
async def test_an_answer_is_what_the_document_says(service: Service, operation: Operation, caller: Caller) -> None:
    answer = await caller.get(await address(caller, service, operation))

    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert await errors(caller, service, operation, answer.json) == []
    assert None not in list(values(answer.json)), "what is absent is left out"
    assert operation.single or answer.items(), "Springfield has an example of each"


def values(tree: Any) -> Iterator[Any]:
    """Everything in it, but not what clients put into `metadata`."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name != "metadata":
                yield from values(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from values(value)
    else:
        yield tree


@each_operation
async def test_head_answers_as_get_does(service: Service, operation: Operation, caller: Caller) -> None:
    path = await address(caller, service, operation)
    got, head = await caller.get(path), await caller.get(path, method="HEAD")

    assert head.status == 200
    assert lasting(head) == lasting(got)


def lasting(answer: Answer) -> dict[str, str]:
    """The headers that do not change from one request to the next."""
    return {name: value for name, value in answer.headers.items() if name not in ("server-timing", "x-request-id")}


@each_operation
async def test_a_slash_at_the_end_changes_nothing(service: Service, operation: Operation, caller: Caller) -> None:
    path = await address(caller, service, operation)

    assert (await caller.get(path + "/")).json == (await caller.get(path)).json


@each_operation
async def test_no_token_no_answer(service: Service, operation: Operation, offline: Caller) -> None:
    answer = await offline.get(place(service, operation, {**FULL, "sourcedId": "x"}), headers={"Authorization": ""})

    expect_refusal(answer, 401, "unauthorisedrequest")
    assert await errors(offline, service, None, answer.json) == []


@each_single
async def test_what_is_not_there_or_retired_is_unknown(service: Service, operation: Operation, caller: Caller) -> None:
    for sourced_id in (RETIRED[operation.collection.one], "none", "a\0b", "x" * 300, "'; DROP TABLE orgs; --", "ﷺ%"):
        answer = await caller.get(place(service, operation, {"sourcedId": quote(sourced_id, safe="")}))

        expect_refusal(answer, 404, "unknownobject")
        assert await errors(caller, service, None, answer.json) == []


@each_nested
async def test_below_something_unknown_or_retired_there_is_no_list(
    service: Service, operation: Operation, caller: Caller
) -> None:
    retired = {name: f"retired-{name.removesuffix('SourcedId')}" for name in FULL}
    for name in re.findall(r":(\w+)>", operation.path):
        for wrong in ("no-such-thing", "a%00b", retired[name]):
            answer = await caller.get(place(service, operation, {**FULL, name: wrong}))
            expect_refusal(answer, 404, "unknownobject")


@each_nested
async def test_below_something_bare_there_is_an_empty_list(
    service: Service, operation: Operation, caller: Caller
) -> None:
    answer = await caller.get(place(service, operation, bare_parts(operation)))

    assert (answer.status, answer.json) == (200, {operation.collection.many: []})
    assert answer.headers["X-Total-Count"] == "0"
    assert answer.link("next") is None
    assert answer.link("last") is None


@each_nested
async def test_a_filter_that_finds_nothing_below_something_gives_an_empty_list(
    service: Service, operation: Operation, caller: Caller
) -> None:
    answer = await caller.get(place(service, operation, FULL), filter="sourcedId='none'")

    assert (answer.status, answer.items()) == (200, [])


@each_list
async def test_a_list_leaves_out_what_is_retired(service: Service, operation: Operation, caller: Caller) -> None:
    answer = await caller.get(place(service, operation, FULL))

    assert {item["status"] for item in answer.items()} == {"active"}
    assert answer.headers["X-Total-Count"] == str(len(answer.items()))


@each_list
async def test_the_pages_of_a_list_make_the_whole(service: Service, operation: Operation, caller: Caller) -> None:
    path = place(service, operation, FULL)
    whole = (await caller.get(path)).ids()

    assert await caller.walk(path, limit=1) == whole
    assert await caller.walk(path, limit=2, fields="sourcedId") == whole


@each_list
async def test_fields_chooses_what_is_served(service: Service, operation: Operation, caller: Caller) -> None:
    answer = await caller.get(place(service, operation, FULL), fields="status, sourcedId,status,")

    assert {tuple(item) for item in answer.items()} == {("status", "sourcedId")}


@pytest.mark.parametrize(("service", "operation"), [pair for pair in EVERY if pair[0].name != "v1p1"], ids=name_of)
async def test_a_field_that_there_is_not_cannot_be_chosen(
    service: Service, operation: Operation, offline: Caller
) -> None:
    answer = await offline.get(place(service, operation, {**FULL, "sourcedId": "x"}), fields="sourcedId,shoeSize")

    expect_refusal(answer, 400, "invalid_selection_field")


@each_list
async def test_a_field_that_there_is_not_cannot_be_filtered_by(
    service: Service, operation: Operation, offline: Caller
) -> None:
    answer = await offline.get(place(service, operation, FULL), filter="shoeSize='42'")

    expect_refusal(answer, 400, "invalid_filter_field")
    assert await errors(offline, service, None, answer.json) == []


@each_list
async def test_what_cannot_be_sorted_by_is_ignored_or_where_the_standard_has_an_error_refused(
    service: Service, operation: Operation, caller: Caller
) -> None:
    path = place(service, operation, FULL)
    for field in ("shoeSize", "metadata", "sourcedId.sourcedId.x"):
        answer = await caller.get(path, sort=field)

        if service.name == "resources":
            expect_refusal(answer, 400, "invalid_sort_field")
        else:
            assert answer.ids() == (await caller.get(path)).ids()


@each_list
async def test_a_list_is_sorted_by_sourced_id_either_way(
    service: Service, operation: Operation, caller: Caller
) -> None:
    path = place(service, operation, FULL)
    up = (await caller.get(path, sort="sourcedId", orderBy="asc", fields="sourcedId")).ids()
    down = (await caller.get(path, sort="sourcedId", orderBy="desc", fields="sourcedId")).ids()

    assert up == sorted(up)
    assert down == up[::-1]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "10001"},
        {"limit": "1e3"},
        {"limit": "ten"},
        {"limit": "1" * 5000},
        {"limit": "٣"},
        {"offset": "-1"},
        {"offset": "x"},
        {"offset": str(2**63)},
        {"orderBy": "sideways"},
        {"after": "x"},
        {"after": "é"},
        {"after": "bnVsbA"},
        {"after": "WyJhIl0"},
        {"filter": "x" * 4001},
        {"filter": "name='\0'"},
    ],
    ids=lambda query: str(query)[:30],
)
@pytest.mark.parametrize("path", [f"{ROSTERING}/orgs", f"{GRADEBOOK}/results", f"{RESOURCES}/resources"])
async def test_a_query_that_makes_no_sense_is_refused(path: str, query: dict[str, Any], offline: Caller) -> None:
    answer = await offline.get(path, **query)

    assert answer.status == 400, answer.text
    assert answer.refusal() in ("invaliddata", "invalid_filter_field")


async def test_a_sourced_id_may_hold_slashes_and_at_signs(caller: Caller) -> None:
    for written in (SLASHED, quote(SLASHED, safe=""), SLASHED + "/"):
        one = await caller.get(f"{ROSTERING}/users/{written}")
        below = await caller.get(f"{ROSTERING}/students/{written}/classes")

        assert one.json["user"]["sourcedId"] == SLASHED
        assert below.ids() == ["algebra-1"]


async def test_what_is_not_served_is_unknown(offline: Caller) -> None:
    expect_refusal(await offline.get(f"{ROSTERING}/shoes"), 404, "unknownobject")
    expect_refusal(await offline.get(f"{ROSTERING}/orgs", method="DELETE"), 405, "invaliddata")


@pytest.mark.parametrize(
    ("service", "operation"),
    [pair for pair in NESTED if pair[1].id in ("getTermsForSchool", "getResultsForClass", "getResourcesForUser")],
    ids=name_of,
)
async def test_what_was_retired_takes_what_lies_below_along(
    service: Service, operation: Operation, app: Quart, database: Database
) -> None:
    """Its enrollments, classes, … may well be active still."""
    async with database.transaction() as session:
        await a_district(session)
    path, caller = place(service, operation, FULL), Caller(app)
    before = await caller.get(path)
    async with database.transaction() as session:
        for table in (Org, Class, User):
            await session.execute(update(table).values(status=TO_BE_DELETED))
    after = await caller.get(path)

    assert before.items()
    expect_refusal(after, 404, "unknownobject")
