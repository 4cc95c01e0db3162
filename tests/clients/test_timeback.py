"""timeback-oneroster, a client by others that checks every answer with pydantic, reads what we serve."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from models.database import Database
from tests.clients.conftest import Connect
from tests.serving import load_district

STUDENTS = 120
# Not its `terms` and `grading_periods`: it looks for lists of these names, the standard has `academicSessions`.
# Not its `resources`: it takes the importance of a resource for its roles.
COLLECTIONS = (
    "users",
    "students",
    "teachers",
    "schools",
    "orgs",
    "classes",
    "courses",
    "enrollments",
    "academic_sessions",
    "demographics",
    "line_items",
    "results",
    "categories",
    "score_scales",
    "assessment_line_items",
    "assessment_results",
)
# It knows fewer roles and sexes than the standard has, and refuses a page that holds another one.
WHAT_IT_KNOWS: dict[str, dict[str, str]] = {"users": {"roles.role": "student"}, "demographics": {"sex": "female"}}
MAY_BE_EMPTY = ("assessment_line_items", "assessment_results")


@pytest.fixture
async def client(connect: Connect, database: Database, tmp_path: Path) -> AsyncIterator[Any]:
    await load_district(database, tmp_path, students=STUDENTS)
    async with connect() as client:
        yield client


async def test_it_reads_a_page_and_an_object_of_every_collection(client: Any) -> None:
    for name in COLLECTIONS:
        collection = getattr(client, name)
        page = await collection.list(limit=5, where=WHAT_IT_KNOWS.get(name))
        assert page.data or name in MAY_BE_EMPTY, name
        for found in page.data[:1]:
            assert (await collection.get(found.sourced_id)).sourced_id == found.sourced_id


async def test_it_streams_a_collection_page_by_page(client: Any) -> None:
    streamed = [user.sourced_id async for user in client.students.stream(limit=50)]

    assert len(streamed) == len(set(streamed)) == STUDENTS


async def test_its_filters_find_what_they_ask_for(client: Any) -> None:
    [one] = (await client.students.list(limit=1)).data
    same_name = (await client.students.list(where={"familyName": one.family_name, "status": "active"})).data
    either = (await client.users.list(where={"OR": [{"sourcedId": one.sourced_id}, {"username": "nobody"}]})).data
    results = (await client.results.list(limit=500)).data
    scores = sorted(result.score for result in results if result.score is not None)
    middle = scores[len(scores) // 2]
    good = (await client.results.list(where={"score": {"gt": middle}}, limit=500)).data

    assert one.sourced_id in [user.sourced_id for user in same_name]
    assert [user.sourced_id for user in either] == [one.sourced_id]
    assert good
    assert all(result.score > middle for result in good)


async def test_it_follows_what_lies_below_an_object(client: Any) -> None:
    [line_item] = (await client.line_items.list(limit=1)).data
    class_ = await client.classes.get(line_item.class_.sourced_id)
    below_class, below_school = client.classes(class_.sourced_id), client.schools(class_.school.sourced_id)
    students = await below_class.students()
    in_school = below_school.class_(class_.sourced_id)

    assert students
    assert [user.sourced_id for user in await in_school.students()] == [user.sourced_id for user in students]
    assert await in_school.teachers()
    assert await in_school.enrollments()
    for people in (below_class.teachers, below_class.line_items, below_class.results, below_class.categories):
        assert await people(), people
    for lists in (below_school.classes, below_school.courses, below_school.students, below_school.score_scales):
        assert await lists(), lists
    assert await client.students(students[0].sourced_id).classes()
    assert await client.classes(class_.sourced_id).student(students[0].sourced_id).results() is not None
