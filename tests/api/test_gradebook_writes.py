"""Programs write to the gradebook: every operation of the standard, and what real clients send."""

from typing import Any

import pytest

from tests.api.calls import GRADEBOOK, ROSTERING, Caller, expect_refusal
from tests.api.written import (
    OF_GRADEBOOK,
    a_new,
    address_of,
    changed,
    column,
    count_of,
    create,
    expect_invalid,
    history,
    new_id,
    ref,
    shown,
)
from tests.doors import CLIENT_ID
from tests.samples import DAY_ONE

each_object = pytest.mark.parametrize("name", OF_GRADEBOOK)


@each_object
async def test_put_creates_and_replaces_and_shows_the_object_both_times(name: str, writer: Caller) -> None:
    path = address_of(name)
    for _ in range(2):
        answer = await writer.put(path, a_new(name))

        assert (answer.status, list(answer.json)) == (201, [name]), answer.text
        assert answer.json == (await writer.get(path)).json
    assert [each["what"] for each in await history(writer)] == ["created", "updated"]
    assert {each["author"] for each in await history(writer)} == {("client", CLIENT_ID)}


@each_object
async def test_put_replaces_all_that_there_was(name: str, writer: Caller) -> None:
    first = await create(writer, name, metadata={"source": "x"})
    again = await create(writer, name)

    assert first["metadata"] == {"source": "x"}
    assert "metadata" not in again
    assert again["dateLastModified"] > first["dateLastModified"]
    [_, entry] = await history(writer)
    assert entry["before"]["metadata"] == {"source": "x"}


@each_object
async def test_delete_marks_what_stays_visible_to_who_asks_for_changes(name: str, writer: Caller) -> None:
    created, path = await create(writer, name), address_of(name)
    listed = path.rpartition("/")[0]

    answer = await writer.delete(path)

    assert (answer.status, answer.text) == (204, "")
    expect_refusal(await writer.get(path), 404, "unknownobject")
    assert new_id(name) not in (await writer.get(listed)).ids()
    for asked in (f"dateLastModified>'{created['dateLastModified']}'", "status='tobedeleted'"):
        found = {each["sourcedId"]: each for each in (await writer.get(listed, filter=asked)).items()}
        assert found[new_id(name)]["status"] == "tobedeleted"
        assert found[new_id(name)]["dateLastModified"] > created["dateLastModified"]


@each_object
async def test_what_is_not_there_or_is_deleted_cannot_be_deleted(name: str, writer: Caller) -> None:
    await create(writer, name)
    await writer.delete(address_of(name))

    for path in (address_of(name), address_of(name, "nowhere")):
        expect_refusal(await writer.delete(path), 404, "unknownobject")
        expect_refusal(await writer.patch(path, {name: {}}), 404, "unknownobject")
    assert [each["what"] for each in await history(writer)] == ["created", "deleted"]


@each_object
async def test_a_put_revives_what_was_deleted(name: str, writer: Caller) -> None:
    await create(writer, name)
    await writer.delete(address_of(name))

    assert (await create(writer, name))["status"] == "active"
    assert new_id(name) in (await writer.get(address_of(name).rpartition("/")[0])).ids()


@each_object
async def test_put_of_what_is_to_be_deleted_deletes_it(name: str, writer: Caller) -> None:
    await create(writer, name)
    answer = await writer.put(address_of(name), a_new(name, status="tobedeleted"))

    assert (answer.status, shown(answer)["status"]) == (201, "tobedeleted")
    expect_refusal(await writer.get(address_of(name)), 404, "unknownobject")


@each_object
async def test_post_takes_one_or_many(name: str, writer: Caller) -> None:
    path, [given] = address_of(name).rpartition("/")[0], a_new(name).values()
    many = path.rpartition("/")[2]

    one = await writer.post(path, {name: given})
    two = await writer.post(path, {many: [given, {**given, "sourcedId": "mine"}]})

    assert (one.status, two.status) == (201, 201), two.text
    pairs = [one.json["sourcedIdPairs"], *two.json["sourcedIdPairs"]]
    assert pairs[2] == {"suppliedSourcedId": "mine", "allocatedSourcedId": "mine"}
    for pair in pairs:
        assert (await writer.get(f"{path}/{pair['allocatedSourcedId']}")).status == 200
    assert [each["what"] for each in await history(writer)] == ["created"] * 3


@each_object
async def test_a_patch_changes_what_it_names(name: str, writer: Caller) -> None:
    before = await create(writer, name, metadata={"source": "x"})
    answer = await writer.patch(address_of(name), {name: {"metadata": {"source": "y"}}})

    assert answer.status == 200, answer.text
    after = shown(answer)
    assert after.pop("metadata") == {"source": "y"}
    assert after.pop("dateLastModified") > before.pop("dateLastModified")
    before.pop("metadata")
    assert after == before


# --- line items, and what depends on them ----------------------------------------------------------------------------


async def test_deleting_a_line_item_deletes_its_results_and_their_parts(writer: Caller) -> None:
    answer = await writer.delete(f"{GRADEBOOK}/lineItems/hw-1")

    assert answer.status == 204, answer.text
    for student in ("ana", "sean"):
        expect_refusal(await writer.get(f"{GRADEBOOK}/results/hw-1-{student}"), 404, "unknownobject")
    assert {
        ("lineItems", "hw-1", "deleted"),
        ("results", "hw-1-ana", "deleted"),
        ("results", "hw-1-sean", "deleted"),
        ("resultScoreScales", "hw-1-ana-letters", "deleted"),
        ("resultLearningObjectiveIds", "hw-1-ana-0", "deleted"),
        ("lineItemScoreScales", "hw-1-letters", "deleted"),
        ("lineItemLearningObjectiveIds", "hw-1-2", "deleted"),
    } <= await changed(writer)
    assert (await writer.get(f"{GRADEBOOK}/results/hw-2-ana")).status == 200
    assert len({each["sourcedId"] for each in await history(writer)}) == len(await history(writer)), "each once"


async def test_a_put_of_a_deleted_line_item_brings_back_itself_alone(writer: Caller) -> None:
    await writer.delete(f"{GRADEBOOK}/lineItems/hw-1")
    await create(writer, "lineItem", "hw-1")

    expect_refusal(await writer.get(f"{GRADEBOOK}/results/hw-1-ana"), 404, "unknownobject")


async def test_a_category_that_is_used_is_not_deleted(writer: Caller) -> None:
    answer = await writer.delete(f"{GRADEBOOK}/categories/homework")

    expect_refusal(answer, 409, "deletefailure")
    assert "2 lineItems (category)" in answer.json["imsx_description"]
    assert (await writer.get(f"{GRADEBOOK}/categories/homework")).status == 200
    assert await history(writer) == []


async def test_a_category_with_all_that_needs_it_is_deleted_on_demand(writer: Caller) -> None:
    answer = await writer.delete(f"{GRADEBOOK}/categories/homework?cascade=true")

    assert answer.status == 204, answer.text
    assert {
        ("categories", "homework", "deleted"),
        ("lineItems", "hw-2", "deleted"),
        ("results", "hw-2-ana", "deleted"),
    } <= await changed(writer)


async def test_the_parts_of_a_line_item_travel_with_it(writer: Caller) -> None:
    sets = [{"source": "case", "learningObjectiveIds": ["urn:uuid:1", "urn:uuid:2"]}]
    made = await create(writer, "lineItem", scoreScale=ref("letters"), learningObjectiveSet=sets)
    kept = shown(await writer.patch(address_of("lineItem"), {"lineItem": {"title": "Renamed"}}))
    dropped = await create(writer, "lineItem")

    assert made["scoreScale"]["sourcedId"] == kept["scoreScale"]["sourcedId"] == "letters"
    assert made["learningObjectiveSet"] == kept["learningObjectiveSet"] == sets
    assert {"scoreScale", "learningObjectiveSet"} & set(dropped) == set()


async def test_a_part_that_stays_keeps_its_sourced_id_and_its_stamp(writer: Caller) -> None:
    before = await column(writer, "line_item_learning_objective_ids", "date_last_modified", "hw-1-0")
    kept = [{"source": "case", "learningObjectiveIds": ["urn:0", "urn:9"]}]
    await create(writer, "lineItem", "hw-1", learningObjectiveSet=kept, scoreScale=ref("letters"))

    assert await column(writer, "line_item_learning_objective_ids", "date_last_modified", "hw-1-0") == before
    assert await column(writer, "line_item_score_scales", "status", "hw-1-letters") == "active"
    parts = [each for each in await history(writer) if each["collection"] != "lineItems"]
    assert sorted((each["what"], each["sourcedId"]) for each in parts if each["what"] != "created") == [
        ("deleted", "hw-1-1"),
        ("deleted", "hw-1-2"),
    ]
    assert [each["collection"] for each in parts if each["what"] == "created"] == ["lineItemLearningObjectiveIds"]


async def test_scores_of_objectives_travel_with_a_result(writer: Caller) -> None:
    listed = [{"learningObjectiveId": "urn:1", "score": 4}, {"learningObjectiveId": "urn:2", "textScore": "B"}]
    sets = [{"source": "unknown", "learningObjectiveResults": listed}]
    for name in ("result", "assessmentResult"):
        made = await create(writer, name, learningObjectiveSet=sets, scoreScale=ref("letters"))

        assert made["learningObjectiveSet"] == sets
        assert made["scoreScale"]["sourcedId"] == "letters"


async def test_the_class_of_a_result_and_the_school_of_a_line_item_follow_from_what_they_are_of(
    writer: Caller,
) -> None:
    result = await create(writer, "result")
    line_item = await create(writer, "lineItem", school=None)
    cleared = await writer.patch(address_of("lineItem"), {"lineItem": {"school": None}})

    assert result["class"]["sourcedId"] == "algebra-1"
    assert line_item["school"]["sourcedId"] == shown(cleared)["school"]["sourcedId"] == "lincoln"


async def test_a_grading_period_is_an_academic_session(writer: Caller) -> None:
    made = await create(writer, "lineItem", gradingPeriod=ref("q1"))
    other = await create(writer, "lineItem", academicSession=ref("fall"))

    assert made["gradingPeriod"]["sourcedId"] == made["academicSession"]["sourcedId"] == "q1"
    assert other["academicSession"]["sourcedId"] == "fall"
    assert "gradingPeriod" not in other


# --- batches ---------------------------------------------------------------------------------------------------------

BATCHES = [
    ("classes/algebra-2/lineItems", "lineItem", "class", "algebra-2"),
    ("schools/shelbyville/lineItems", "lineItem", "school", "shelbyville"),
    ("lineItems/bare-item/results", "result", "lineItem", "bare-item"),
    ("classes/algebra-1/academicSessions/fall/results", "result", "class", "algebra-1"),
]
each_batch = pytest.mark.parametrize(("path", "name", "member", "parent"), BATCHES)


@each_batch
async def test_a_batch_is_of_what_the_path_names(
    path: str, name: str, member: str, parent: str, writer: Caller
) -> None:
    [given] = a_new(name, **{member: None}).values()
    answer = await writer.post(f"{GRADEBOOK}/{path}", {f"{name}s": [given, {**given, "sourcedId": "b"}]})

    assert answer.status == 201, answer.text
    for pair in answer.json["sourcedIdPairs"]:
        made = shown(await writer.get(address_of(name, pair["allocatedSourcedId"])))
        assert made[member]["sourcedId"] == parent


@each_batch
async def test_one_wrong_object_refuses_the_batch(
    path: str, name: str, member: str, parent: str, writer: Caller
) -> None:
    [given] = a_new(name, **{member: None}).values()
    table = {"lineItem": "line_items", "result": "results"}[name]
    other = "category" if name == "lineItem" else "student"
    before = await count_of(writer, table)

    for wrong, told in (({member: ref("bare-class")}, "path"), ({other: ref("nobody")}, "unknown-reference")):
        answer = await writer.post(f"{GRADEBOOK}/{path}", {f"{name}s": [given, {**given, **wrong}]})
        [at] = wrong
        expect_invalid(answer, f"{name}s[1].{at}.sourcedId: {told}")
    assert await count_of(writer, table) == before
    assert await history(writer) == []


@each_batch
async def test_a_batch_below_what_is_not_there_is_unknown(
    path: str, name: str, member: str, parent: str, writer: Caller
) -> None:
    [given] = a_new(name, **{member: None}).values()
    for gone in ("nowhere", "retired-class", "retired-item", "retired-school"):
        answer = await writer.post(f"{GRADEBOOK}/{path.replace(parent, gone)}", {f"{name}s": [given]})
        expect_refusal(answer, 404, "unknownobject")


async def test_results_of_a_session_are_for_line_items_of_the_class(writer: Caller) -> None:
    [given] = a_new("result", lineItem=ref("quiz")).values()
    answer = await writer.post(f"{GRADEBOOK}/classes/algebra-1/academicSessions/fall/results", {"results": [given]})

    expect_invalid(answer, "results[0].lineItem.sourcedId: path")


async def test_a_sourced_id_that_is_taken_gets_another(writer: Caller) -> None:
    [given] = a_new("category", sourcedId="homework").values()
    gone = {**given, "sourcedId": "retired-category"}
    answer = await writer.post(
        f"{GRADEBOOK}/categories",
        {"categories": [given, gone, {**given, "sourcedId": "x"}, {**given, "sourcedId": "x"}]},
    )

    pairs = answer.json["sourcedIdPairs"]
    assert [each["suppliedSourcedId"] for each in pairs] == ["homework", "retired-category", "x", "x"]
    assert len({each["allocatedSourcedId"] for each in pairs} | {"homework", "retired-category"}) == 6
    assert shown(await writer.get(f"{GRADEBOOK}/categories/homework"))["title"] == "Homework"


@pytest.mark.parametrize("listed", [[], {}, "x", None, [1], [[]]])
async def test_a_batch_is_a_list_of_objects(listed: Any, caller: Caller) -> None:
    expect_invalid(await caller.post(f"{GRADEBOOK}/categories", {"categories": listed}), "categor")


# --- what real clients send ------------------------------------------------------------------------------------------

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
