"""What clients send is taken as it is meant; what is wrong is named with its rule."""

from typing import Any

import pytest

from tests.api.calls import GRADEBOOK, ROSTERING, Caller
from tests.api.written import (
    a_new,
    address_of,
    create,
    expect_invalid,
    history,
    ref,
    shown,
)
from tests.samples import DAY_ONE

LENIENT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("result", {"scoreDate": "2026-10-09T13:45:00.000Z"}, {"scoreDate": "2026-10-09"}),
    ("result", {"scoreDate": "2026-10-09T13:45:00Z"}, {"scoreDate": "2026-10-09"}),
    ("result", {"score": "9.5"}, {"score": 9.5}),
    ("result", {"score": 300}, {"score": 300}),
    ("result", {"comment": ""}, {"comment": None}),
    ("result", {"comment": "  "}, {"comment": None}),
    (
        "result",
        {"late": True, "missing": False, "incomplete": "true"},
        {"late": "true", "missing": "false", "incomplete": "true"},
    ),
    ("result", {"scoreScale": {}, "class": "", "learningObjectiveSet": ""}, {"scoreScale": None}),
    ("result", {"status": "", "dateLastModified": ""}, {"status": "active"}),
    ("result", {"dateLastModified": "yesterday", "shoeSize": [42]}, {"shoeSize": None}),
    ("result", {"scoreStatus": "Fully Graded"}, {"scoreStatus": "fully graded"}),
    ("result", {"scoreStatus": "ext:disputed"}, {"scoreStatus": "ext:disputed"}),
    ("result", {"textScore": 5}, {"textScore": "5"}),
    (
        "lineItem",
        {"assignDate": "2026-10-01", "dueDate": "2026-10-08T10:00:00+02:00"},
        {"assignDate": "2026-10-01T00:00:00.000Z", "dueDate": "2026-10-08T08:00:00.000Z"},
    ),
    ("lineItem", {"class": {"sourcedId": "algebra-1", "href": "x", "type": 5}}, {}),
    ("lineItem", {"resultValueMin": "0", "resultValueMax": "12.50"}, {"resultValueMin": 0, "resultValueMax": 12.5}),
    ("lineItem", {"metadata": {}}, {"metadata": None}),
    ("lineItem", {"metadata": {"a": [1, {"b": None}], "é": "“"}}, {"metadata": {"a": [1, {"b": None}], "é": "“"}}),
    ("category", {"weight": "40"}, {"weight": 40}),
    ("assessmentLineItem", {"class": None, "parentAssessmentLineItem": ref("state-test")}, {"class": None}),
]


async def test_what_clients_send_is_taken_as_it_is_meant(writer: Caller) -> None:
    for name, sent, served in LENIENT:
        [given] = a_new(name).values()
        answer = await writer.put(address_of(name), {name: {**given, **sent}})

        assert answer.status == 201, (sent, answer.text)
        assert {member: shown(answer).get(member) for member in served} == served


async def test_the_stamp_is_the_databases_and_not_the_clients(writer: Caller) -> None:
    made = await create(writer, "category", dateLastModified=DAY_ONE.isoformat())

    assert made["dateLastModified"] > DAY_ONE.isoformat()


async def test_a_member_beside_the_object_is_ignored(writer: Caller) -> None:
    assert (await writer.put(address_of("category"), {**a_new("category"), "hint": 1})).status == 201


# --- what is wrong ---------------------------------------------------------------------------------------------------

WRONG = [
    ("lineItem", {"title": ""}, "lineItem.title: required"),
    ("lineItem", {"title": []}, "lineItem.title: type"),
    ("lineItem", {"title": True}, "lineItem.title: type"),
    ("lineItem", {"title": 1.5}, "lineItem.title: type"),
    ("lineItem", {"title": "a\0b"}, "lineItem.title: nul"),
    ("lineItem", {"title": "\ud83d"}, "lineItem.title: not-utf8"),
    ("lineItem", {"category": ref("nowhere")}, "lineItem.category.sourcedId: unknown-reference"),
    ("lineItem", {"category": ref("retired-category")}, "lineItem.category.sourcedId: unknown-reference"),
    ("lineItem", {"category": "homework"}, "lineItem.category: type"),
    ("lineItem", {"category": None}, "lineItem.category: required"),
    ("lineItem", {"category": {"id": "homework"}}, "lineItem.category.sourcedId: required"),
    ("lineItem", {"category": ref("home work")}, "lineItem.category.sourcedId: id "),
    ("lineItem", {"scoreScale": ref("retired-scale")}, "lineItem.scoreScale.sourcedId: unknown-reference"),
    ("lineItem", {"dueDate": "tomorrow"}, "lineItem.dueDate: moment"),
    ("lineItem", {"metadata": []}, "lineItem.metadata: type"),
    ("lineItem", {"metadata": {"a": "\0"}}, "lineItem.metadata: nul"),
    ("lineItem", {"metadata": {"\ud83d": 1}}, "lineItem.metadata: not-utf8"),
    (
        "lineItem",
        {"learningObjectiveSet": [{"source": "case"}]},
        "lineItem.learningObjectiveSet[0].learningObjectiveIds: required",
    ),
    (
        "lineItem",
        {"learningObjectiveSet": [{"source": "x", "learningObjectiveIds": ["a"]}]},
        "lineItem.learningObjectiveSet[0].source: word",
    ),
    ("lineItem", {"learningObjectiveSet": {"source": "case"}}, "lineItem.learningObjectiveSet: type"),
    ("result", {"score": True}, "result.score: type"),
    ("result", {"score": "nine"}, "result.score: number"),
    ("result", {"score": 10**400}, "result.score: number"),
    ("result", {"student": ref("retired-student")}, "result.student.sourcedId: unknown-reference"),
    ("result", {"lineItem": ref("retired-item")}, "result.lineItem.sourcedId: unknown-reference"),
    ("result", {"late": "yes"}, "result.late: boolean"),
    ("result", {"late": 1}, "result.late: boolean"),
    ("result", {"scoreStatus": "done"}, "result.scoreStatus: word"),
    ("result", {"scoreDate": 20261009}, "result.scoreDate: date"),
    ("result", {"status": "gone"}, "result.status: status"),
    ("scoreScale", {"scoreScaleValue": []}, "scoreScale.scoreScaleValue: required"),
    ("scoreScale", {"scoreScaleValue": [{"itemValueRHS": "A"}]}, "scoreScale.scoreScaleValue: pairs"),
    ("scoreScale", {"scoreScaleValue": "1"}, "scoreScale.scoreScaleValue: type"),
    ("category", {"sourcedId": "other"}, "category.sourcedId: path"),
    (
        "assessmentResult",
        {"learningObjectiveSet": [{"source": "case", "learningObjectiveResults": [{"score": 1}]}]},
        "learningObjectiveResults[0].learningObjectiveId: required",
    ),
]


@pytest.mark.parametrize(("name", "wrong", "told"), WRONG)
async def test_what_is_wrong_is_named_with_its_rule(
    name: str, wrong: dict[str, Any], told: str, caller: Caller
) -> None:
    [given] = a_new(name).values()
    expect_invalid(await caller.put(address_of(name), {name: {**given, **wrong}}), told)
    assert await history(caller) == []


async def test_all_that_is_wrong_is_told_at_once(caller: Caller) -> None:
    answer = await caller.put(address_of("lineItem"), {"lineItem": {"dueDate": "soon"}})

    told = ("title: required", "assignDate: required", "dueDate: moment", "class: required", "category: required")
    expect_invalid(answer, *(f"lineItem.{each}" for each in told))


@pytest.mark.parametrize("body", [{}, [], "x", 1, None, {"lineitem": {}}, {"result": {}}])
async def test_a_body_holds_the_object_under_its_name(body: Any, caller: Caller) -> None:
    for method in ("PUT", "PATCH"):
        answer = await caller.send(method, address_of("lineItem"), json=body)
        expect_invalid(answer, "lineItem: required")


@pytest.mark.parametrize(
    ("sourced_id", "told"), [("a%20b", "id "), ("a,b", "id "), ("x" * 256, "id-length"), ("%C3%A9", "id ")]
)
async def test_a_new_object_needs_a_sound_sourced_id(sourced_id: str, told: str, caller: Caller) -> None:
    answer = await caller.put(f"{GRADEBOOK}/categories/{sourced_id}", a_new("category"))

    expect_invalid(answer, f"category.sourcedId: {told}")


async def test_a_sourced_id_of_255_characters_is_not_that_of_256(writer: Caller) -> None:
    longest = "x" * 255
    await create(writer, "category", longest)

    for method in ("DELETE", "PATCH", "GET"):
        answer = await writer.send(method, address_of("category", longest + "x"), json={"category": {}})
        assert answer.status in (404, 422), method
    assert (await writer.get(address_of("category", longest))).status == 200


async def test_a_sourced_id_may_hold_slashes(writer: Caller) -> None:
    for path in (address_of("category", "a/b@c"), address_of("category", "a%2Fb@c"), address_of("category", "a/b@c/")):
        assert shown(await writer.put(path, a_new("category")))["sourcedId"] == "a/b@c"
    assert (await writer.delete(address_of("category", "a/b@c/"))).status == 204


async def test_the_gradebook_is_written_for_students_of_a_class_in_any_school(writer: Caller) -> None:
    """A student of another school may take part in a class."""
    assert (await writer.put(address_of("result"), a_new("result", student=ref("li")))).status == 201
    assert (await writer.get(f"{ROSTERING}/users/li")).status == 200


@pytest.mark.parametrize(("first", "last"), [("0001-01-01", "9999-12-31"), ("0001-01-02", "9999-12-30")])
async def test_the_ends_of_the_calendar_are_dates_too(writer: Caller, first: str, last: str) -> None:
    """asyncpg takes the first and the last day that Python knows for infinity."""
    session = {"title": "All time", "type": "term", "startDate": first, "endDate": last, "schoolYear": "9999"}
    written = await writer.put(f"{ROSTERING}/academicSessions/all", {"academicSession": session})
    read = (await writer.get(f"{ROSTERING}/academicSessions", filter=f"endDate='{last}'")).items()[0]
    moment = f"{first}T00:00:00.000Z"
    item = (await writer.put(address_of("lineItem"), a_new("lineItem", assignDate=moment))).json["lineItem"]

    assert written.status == 201
    assert (read["startDate"], read["endDate"]) == (first, last)
    assert item["assignDate"] == moment
