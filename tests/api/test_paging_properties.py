"""Whoever follows the `next` links sees each row once, in order, whatever the list is sorted by."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quart import Quart

from models import Category
from models.database import Database
from tests.api.calls import GRADEBOOK, RESOURCES, ROSTERING, Caller
from tests.samples import at

# What each list can be sorted by, and whether it compares as text, as a number or (false before true) as a boolean.
SORTS: dict[str, dict[str, str]] = {
    f"{ROSTERING}/users": {
        "familyName": "text",
        "middleName": "text",
        "enabledUser": "boolean",
        "primaryOrg": "ref",
        "primaryOrg.sourcedId": "ref",
        "dateLastModified": "text",
        "status": "text",
        "sourcedId": "text",
    },
    f"{ROSTERING}/academicSessions": {"startDate": "text", "endDate": "text", "type": "text", "parent": "ref"},
    f"{ROSTERING}/demographics": {"birthDate": "text", "sex": "text", "white": "boolean", "asian": "boolean"},
    f"{ROSTERING}/enrollments": {"primary": "boolean", "role": "text", "endDate": "text", "class": "ref"},
    f"{ROSTERING}/courses": {"courseCode": "text", "org": "ref", "schoolYear": "ref"},
    f"{ROSTERING}/schools/lincoln/students": {"givenName": "text", "email": "text"},
    f"{GRADEBOOK}/results": {
        "score": "number",
        "scoreDate": "text",
        "late": "boolean",
        "comment": "text",
        "scoreScale": "ref",
        "class": "ref",
    },
    f"{GRADEBOOK}/lineItems": {
        "dueDate": "text",
        "gradingPeriod": "ref",
        "academicSession": "ref",
        "resultValueMax": "number",
    },
    f"{GRADEBOOK}/categories": {"weight": "number", "title": "text"},
    f"{RESOURCES}/resources": {"importance": "text", "title": "text"},
}
FILTERS = ["", "status='active'", "status!='x'", "dateLastModified>'2026-09-01T12:00:00Z'", "sourcedId!='ana'"]


def key(item: dict[str, Any], field: str, kind: str) -> tuple[bool, Any]:
    """Absent values come after all others."""
    value = item.get(field.removesuffix(".sourcedId"))
    if kind == "ref" and value is not None:
        value = value["sourcedId"]
    return value is None, value if value is not None else 0


@settings(max_examples=40, deadline=None)
@given(drawn=st.data())
async def test_a_walk_sees_each_row_once_and_in_order(drawn: st.DataObject, caller: Caller) -> None:
    path = drawn.draw(st.sampled_from(sorted(SORTS)))
    field, kind = drawn.draw(st.sampled_from(sorted(SORTS[path].items())))
    descending = drawn.draw(st.booleans())
    query: dict[str, Any] = {
        "sort": field,
        "orderBy": "desc" if descending else "asc",
        "filter": drawn.draw(st.sampled_from(FILTERS)),
    }

    items = (await caller.get(path, filter=query["filter"])).items()
    rows = sorted(items, key=lambda item: (key(item, field, kind), item["sourcedId"]), reverse=descending)
    walked = await caller.walk(path, limit=drawn.draw(st.integers(1, 5)), fields="sourcedId", **query)

    assert walked == [row["sourcedId"] for row in rows]


@settings(max_examples=30, deadline=None)
@given(drawn=st.data())
async def test_offsets_lead_to_the_same_rows_as_links(drawn: st.DataObject, caller: Caller) -> None:
    path = drawn.draw(st.sampled_from(sorted(SORTS)))
    query: dict[str, Any] = {
        "sort": drawn.draw(st.sampled_from(sorted(SORTS[path]))),
        "orderBy": drawn.draw(st.sampled_from(["asc", "desc"])),
        "filter": drawn.draw(st.sampled_from(FILTERS)),
    }
    limit, offset = drawn.draw(st.integers(1, 4)), drawn.draw(st.integers(0, 12))

    whole = (await caller.get(path, **query)).ids()
    page = await caller.get(path, limit=limit, offset=offset, **query)

    assert page.ids() == whole[offset : offset + limit]
    assert page.headers["X-Total-Count"] == str(len(whole))
    assert (page.link("next") is not None) == (offset + limit < len(whole))


AWKWARD = [0.1, 0.2, 0.1 + 0.2, 0.3, 1e-300, 5e-324, 1e300, 1.7976931348623157e308, -0.0, 2.0**53, 2.0**53 + 2, 1 / 3]


@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_a_walk_over_awkward_numbers_sees_each_once(app: Quart, database: Database, direction: str) -> None:
    async with database.transaction() as session:
        session.add_all(
            Category(sourced_id=f"c{n:02}-{copy}", title="c", weight=weight, date_last_modified=at(n))
            for n, weight in enumerate([*AWKWARD, *(-each for each in AWKWARD), None])
            for copy in "ab"
        )
    caller = Caller(app)
    served = (await caller.get(f"{GRADEBOOK}/categories")).items()

    walked = await caller.walk(f"{GRADEBOOK}/categories", sort="weight", orderBy=direction, limit=1)

    assert sorted(walked) == sorted(item["sourcedId"] for item in served)
    assert [item.get("weight") for item in served[::2]] == [*AWKWARD, *(-each for each in AWKWARD), None]


@pytest.mark.parametrize(
    ("field", "direction"), [("title", "asc"), ("title", "desc"), ("weight", "asc"), ("weight", "desc")]
)
async def test_rows_that_come_and_go_behind_a_walk_do_not_disturb_it(
    app: Quart, database: Database, field: str, direction: str
) -> None:
    caller, behind = Caller(app), "a" if direction == "asc" else "z"
    async with database.transaction() as session:
        session.add_all(Category(sourced_id=f"m{n}", title=f"m{n // 2}", weight=n // 3 + 0.5) for n in range(10))
    answer = await caller.get(f"{GRADEBOOK}/categories", sort=field, orderBy=direction, limit=3)
    seen = answer.ids()

    while (following := answer.link("next")) and len(seen) < 20:
        weight = 0.1 if direction == "asc" else 99.9
        async with database.transaction() as session:
            session.add(Category(sourced_id=f"{behind}{len(seen)}", title=behind, weight=weight))
            await session.delete(await session.get_one(Category, seen[-1]))
            await session.delete(await session.get_one(Category, seen[-2]))
        answer = await caller.get(following)
        seen += answer.ids()

    assert sorted(seen) == [f"m{n}" for n in range(10)]
