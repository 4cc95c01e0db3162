"""Programs write to the gradebook: every operation of the standard, and what real clients send."""

from typing import Any

import pytest

from tests.api.calls import GRADEBOOK, Caller, expect_refusal
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
