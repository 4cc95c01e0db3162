"""What others refer to is deleted with them, or not at all."""

from typing import Any

import pytest

from tests.api.calls import ROSTERING, Caller, expect_refusal
from tests.api.written import (
    a_new,
    address_of,
    changed,
    history,
    ref,
)
from tests.doors import run_on

REFERRED = [
    ("orgs/lincoln", ["1 orgs (parent)", "2 classes (school)", "6 enrollments (school)"]),
    ("academicSessions/fall", ["2 academicSessions (parent)", "2 classes (term)", "1 lineItems (academicSession)"]),
    ("terms/spring", ["2 classes (term)"]),
    ("gradingPeriods/q1", ["1 lineItems (academicSession)"]),
    ("courses/algebra", ["2 classes (course)", "1 scoreScales (course)"]),
    ("classes/algebra-1", ["4 enrollments (class)", "3 lineItems (class)", "1 scoreScales (class)"]),
    ("users/ana", ["2 enrollments (user)", "3 results (student)", "1 assessmentResults (student)"]),
    ("users/maria", ["2 users (agent)"]),
]


@pytest.mark.parametrize(("path", "told"), REFERRED)
async def test_what_others_refer_to_is_not_deleted(path: str, told: list[str], caller: Caller) -> None:
    answer = await caller.delete(f"{ROSTERING}/{path}")

    expect_refusal(answer, 409, "deletefailure")
    for each in told:
        assert each in answer.json["imsx_description"]
    assert (await caller.get(f"{ROSTERING}/{path}")).status == 200


CASCADES = [  # path, some of what is deleted, some of what is changed
    (
        "classes/algebra-1",
        "classes/algebra-1 enrollments/algebra-1-ana lineItems/hw-1 results/hw-1-ana scoreScales/letters"
        " classResources/c",
        "assessmentLineItems/state-test-reading assessmentLineItems/state-test",
    ),
    (
        "users/ana",
        "users/ana roles/ana-student-lincoln userProfiles/ana-lms demographics/ana enrollments/algebra-1-ana"
        " results/quiz-ana assessmentResults/state-test-ana",
        "",
    ),
    ("users/maria", "users/maria", "users/ana users/sean"),
    (
        "terms/fall",
        "academicSessions/fall academicSessions/q1 classes/algebra-2 enrollments/algebra-2-ana",
        "classes/algebra-1 lineItems/hw-1 lineItems/hw-2",
    ),
    (
        "schools/lincoln",
        "orgs/lincoln orgs/lab roles/turing-teacher-lincoln classes/algebra-1",
        "users/turing courses/algebra",
    ),
    ("courses/algebra", "courses/algebra classes/algebra-2 courseResources/k", ""),
]


@pytest.mark.parametrize(("path", "deleted", "updated"), CASCADES)
async def test_with_cascade_the_rest_goes_or_does_without(
    path: str, deleted: str, updated: str, writer: Caller
) -> None:
    users = f"{ROSTERING}/users"
    stamps = {each["sourcedId"]: each["dateLastModified"] for each in (await writer.get(users)).items()}
    answer = await writer.delete(f"{ROSTERING}/{path}?cascade=true")

    assert answer.status == 204, answer.text
    done = {f"{collection}/{sourced_id} {what}" for collection, sourced_id, what in await changed(writer)}
    assert {f"{each} deleted" for each in deleted.split()} <= done
    assert {f"{each} updated" for each in updated.split()} <= done
    for user in (await writer.get(users)).items():
        is_newer = user["dateLastModified"] > stamps[user["sourcedId"]]
        assert is_newer is (f"users/{user['sourcedId']} updated" in done)
    await expect_whole(writer)


async def expect_whole(caller: Caller) -> None:
    """Nothing that is active refers to what is not."""
    active: dict[str, set[str]] = {}
    referring: list[tuple[str, str]] = []
    for name in ("orgs", "academicSessions", "courses", "classes", "users", "enrollments", "demographics"):
        active[name] = set()
        for item in (await caller.get(f"{ROSTERING}/{name}", limit=1000)).items():
            active[name].add(item["sourcedId"])
            referring += list(references(item))
    known = {
        "org": "orgs",
        "academicSession": "academicSessions",
        "course": "courses",
        "class": "classes",
        "user": "users",
    }
    assert [(kind, to) for kind, to in referring if kind in known and to not in active[known[kind]]] == []


def references(tree: Any) -> list[tuple[str, str]]:
    if isinstance(tree, dict):
        own = [(tree["type"], tree["sourcedId"])] if set(tree) == {"href", "sourcedId", "type"} else []
        return own + [each for value in tree.values() for each in references(value)]
    return [each for value in tree for each in references(value)] if isinstance(tree, list) else []


async def test_a_deletion_that_fails_deletes_nothing(writer: Caller) -> None:
    answer = await writer.delete(f"{ROSTERING}/orgs/springfield")

    assert answer.status == 409
    assert await history(writer) == []


async def test_a_user_who_is_an_own_agent_can_be_deleted(writer: Caller) -> None:
    address = address_of("user", "itself")
    await writer.put(address, a_new("user"))
    assert (await writer.put(address, a_new("user", agents=[ref("itself")]))).status == 201
    assert (await writer.delete(address)).status == 204


async def test_a_loop_of_parents_that_is_stored_can_be_deleted_and_mended(writer: Caller, own_springfield: str) -> None:
    """One from before it was refused."""
    for sourced_id in ("one", "other", "itself"):
        await writer.put(address_of("org", sourced_id), a_new("org"))
    for sourced_id, parent in (("one", "other"), ("other", "one"), ("itself", "itself")):
        update = f"UPDATE orgs SET parent_sourced_id = '{parent}' WHERE sourced_id = '{sourced_id}'"  # noqa: S608
        await run_on(own_springfield, update)

    assert (await writer.delete(address_of("org", "itself"))).status == 204
    assert (await writer.patch(address_of("org", "one"), {"org": {"parent": ref("lincoln")}})).status == 200
    assert (await writer.delete(address_of("org", "one") + "?cascade=true")).status == 204
    assert (await writer.get(address_of("org", "other"))).status == 404
