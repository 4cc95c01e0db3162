"""timeback-oneroster writes to every collection that it knows and we serve, and reads back what it wrote."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from models.database import Database
from tests.clients.conftest import Connect
from tests.samples import a_district

Object = dict[str, Any]
ACTIVE: Object = {"status": "active"}
TERM: Object = {
    "status": "active",
    "startDate": "2027-06-14",
    "endDate": "2027-07-30",
    "schoolYear": "2027",
    "org": {"sourcedId": "lincoln"},  # it insists; the standard has no such member
}


def ref(sourced_id: str) -> Object:
    return {"sourcedId": sourced_id}


# For each of its collections: what it sends, a member that it changes, to what, and how it reads that.
WRITES: list[tuple[str, Object, str, Any, str]] = [
    ("orgs", {"name": "Quahog", "type": "district"}, "name", "Quahog 2", "name"),
    ("schools", {"name": "North", "identifier": "9"}, "name", "North 2", "name"),
    ("academic_sessions", {**TERM, "title": "Summer", "type": "term"}, "title", "Summer 2", "title"),
    ("courses", {**ACTIVE, "title": "Greek II", "org": ref("lincoln"), "grades": [9]}, "title", "Greek 2", "title"),
    (
        "classes",
        {
            "title": "Greek 1",
            "course": ref("algebra"),
            "org": ref("lincoln"),
            "terms": [ref("fall")],
            "grades": [9, 10],
        },
        "location",
        "Room 7",
        "location",
    ),
    (
        "users",
        {
            "enabledUser": True,
            "givenName": "Noor",
            "familyName": "Haddad",
            "email": "noor@example.org",
            "roles": [{"roleType": "primary", "role": "student", "org": ref("lincoln")}],
            "userIds": [{"type": "SIS", "identifier": "9"}],
            "agents": [ref("maria")],
            "grades": ["9", "PK"],
        },
        "givenName",
        "Noora",
        "given_name",
    ),
    (
        "enrollments",
        {"user": ref("li"), "class": ref("algebra-1"), "role": "student"},
        "endDate",
        "2027-01-31",
        "end_date",
    ),
    ("categories", {**ACTIVE, "title": "Projects", "weight": 10}, "title", "Projects 2", "title"),
    (
        "score_scales",
        {
            **ACTIVE,
            "title": "Stars",
            "type": "stars",
            "class": ref("algebra-1"),
            "scoreScaleValue": [{"itemValueLHS": "1", "itemValueRHS": "*", "description": "one"}],
        },
        "title",
        "Stars 2",
        "title",
    ),
    (
        "line_items",
        {
            "title": "Sheet 3",
            "class": ref("algebra-1"),
            "school": ref("lincoln"),
            "category": ref("homework"),
            "assignDate": "2026-10-01",
            "dueDate": "2026-10-08T00:00:00Z",
            "scoreScale": ref("letters"),
        },
        "title",
        "Sheet 4",
        "title",
    ),
    (
        "results",
        {
            **ACTIVE,
            "lineItem": ref("bare-item"),
            "student": ref("ana"),
            "scoreDate": "2026-10-09",
            "scoreStatus": "fully graded",
            "score": 8.5,
            "late": "false",
        },
        "comment",
        "well done",
        "comment",
    ),
    ("assessment_line_items", {**ACTIVE, "title": "Writing", "class": ref("algebra-1")}, "title", "Writing 2", "title"),
    (
        "assessment_results",
        {
            **ACTIVE,
            "assessmentLineItem": ref("state-test"),
            "student": ref("li"),
            "scoreDate": "2027-04-01",
            "scoreStatus": "submitted",
        },
        "comment",
        "well done",
        "comment",
    ),
]


@pytest.fixture
async def client(connect: Connect, database: Database) -> AsyncIterator[Any]:
    async with database.transaction() as session:
        await a_district(session)
    async with connect() as client:
        yield client


async def test_it_creates_reads_changes_replaces_and_deletes(client: Any) -> None:
    for name, given, member, value, attribute in WRITES:
        collection, sourced_id = getattr(client, name), f"new-{name}"
        created = await collection.create({**given, "sourcedId": sourced_id})
        assert created.sourced_id_pairs.allocated_sourced_id == sourced_id, name
        before = await collection.get(sourced_id)

        await collection.patch(sourced_id, {member: value})
        assert getattr(await collection.get(sourced_id), attribute) == value, name
        await collection.update(sourced_id, {**given, "sourcedId": sourced_id})
        after = await collection.get(sourced_id)
        assert getattr(after, attribute) == getattr(before, attribute), name
        assert after.date_last_modified > before.date_last_modified, name

        await collection.delete(sourced_id)
        assert not await collection.exists(sourced_id), name
        await collection.upsert(sourced_id, {**given, "sourcedId": sourced_id})
        assert (await collection.get(sourced_id)).status == "active", name


async def test_it_creates_without_a_sourced_id(client: Any) -> None:
    for name, given, *_ in WRITES:
        if name in ("academic_sessions", "users"):
            continue  # there it insists on one
        collection = getattr(client, name)
        made = (await collection.create(given)).sourced_id_pairs.allocated_sourced_id
        assert (await collection.get(made)).sourced_id == made, name


async def test_it_writes_terms_and_grading_periods(client: Any) -> None:
    for collection, kind, scoped in (
        (client.terms, "term", client.academic_sessions),
        (client.grading_periods, "gradingPeriod", client.academic_sessions),
    ):
        sourced_id = f"new-{kind}"
        given = {**TERM, "sourcedId": sourced_id, "title": "Summer", "type": kind}
        await collection.create(given)
        await collection.patch(sourced_id, {"title": "Patched"})
        assert (await scoped.get(sourced_id)).title == "Patched"
        await collection.update(sourced_id, given)
        assert (await scoped.get(sourced_id)).title == "Summer"
        await collection.delete(sourced_id)
        assert not await collection.exists(sourced_id)
        await collection.upsert(sourced_id, given)
        assert await collection.exists(sourced_id)


async def test_it_makes_a_grading_period_in_a_term(client: Any) -> None:
    given = {**TERM, "sourcedId": "q9", "title": "Q9", "type": "gradingPeriod"}
    await client.terms("fall").create_grading_period(given)

    assert (await client.academic_sessions.get("q9")).parent.sourced_id == "fall"


async def test_it_enrolls_in_a_class(client: Any) -> None:
    below = client.classes("algebra-1")
    for role, primary in (("student", "false"), ("teacher", "true")):
        made = await below.enroll({"sourcedId": "li", "role": role, "primary": primary, "beginDate": "2026-10-01"})
        enrollment = await client.enrollments.get(made["sourcedIdPairs"]["allocatedSourcedId"])
        assert (enrollment.role, str(enrollment.primary).lower()) == (role, primary)
        assert enrollment.class_.sourced_id == "algebra-1"
    await below.enroll_user("bare-student", primary=True)

    assert {"li", "bare-student"} <= {user.sourced_id for user in await below.students()}


async def test_it_adds_and_removes_an_agent(client: Any) -> None:
    await client.users("li").add_agent({"agentSourcedId": "maria"})
    with_agent = await client.users.get("li")
    await client.users("li").remove_agent("maria")
    without = await client.users.get("li")

    assert [agent.sourced_id for agent in with_agent.agents] == ["maria"]
    assert not without.agents


async def test_it_writes_demographics(client: Any) -> None:
    await client.demographics.create({"sourcedId": "turing", "sex": "male", "white": "true"})
    await client.demographics.update("turing", {"birthDate": "1912-06-23"})
    found = await client.demographics.get("turing")
    await client.demographics.patch("turing", {"sex": "male"})

    assert (found.sex, str(found.birth_date)[:10]) == (None, "1912-06-23")
    assert (await client.demographics.get("turing")).sex == "male"
    await client.demographics.delete("turing")
    assert not await client.demographics.exists("turing")


async def test_it_writes_line_items_and_results_in_batches(client: Any) -> None:
    given = next(given for name, given, *_ in WRITES if name == "line_items")
    by_class = await client.classes("algebra-1").create_line_item(given)
    by_school = await client.schools("lincoln").create_line_item(given)
    made = [pair["allocatedSourcedId"] for answer in (by_class, by_school) for pair in answer["sourcedIdPairs"]]
    scored = await client.line_items(made[0]).create_results(
        [
            {"student": ref(student), "scoreStatus": "fully graded", "scoreDate": "2026-10-09", "score": 9}
            for student in ("ana", "sean")
        ]
    )
    result = next(given for name, given, *_ in WRITES if name == "results")
    one = await client.classes("algebra-1").academic_session("fall").create_result(result)

    assert len({*made}) == 2
    assert len(scored.sourced_id_pairs) == 2
    assert len(one["sourcedIdPairs"]) == 1
    await client.line_items(made[0]).delete()
    for pair in scored.sourced_id_pairs:
        assert not await client.results.exists(pair.allocated_sourced_id)


async def test_it_is_told_what_is_wrong(client: Any) -> None:
    given = next(given for name, given, *_ in WRITES if name == "line_items")
    for wrong, told in (
        ({"category": ref("nowhere")}, "lineItem.category.sourcedId"),
        ({"dueDate": "x"}, "lineItem.dueDate"),
    ):
        with pytest.raises(Exception, match=told) as caught:
            await client.line_items.create({**given, **wrong})
        assert getattr(caught.value, "status_code", 0) == 422
    with pytest.raises(Exception, match="others refer to it") as caught:
        await client.users.delete("ana")
    assert getattr(caught.value, "status_code", 0) == 409
