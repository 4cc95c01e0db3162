"""What tests of the writes send, and what they look at afterwards."""

import json
from typing import Any

from sqlalchemy import func, select

from models import Change
from models.base import Base
from models.database import Database
from tests.api.calls import GRADEBOOK, ROSTERING, Answer, Caller, expect_refusal

Object = dict[str, Any]


def ref(sourced_id: str) -> Object:
    return {"sourcedId": sourced_id}


# A new object for each collection, of no more than it needs, in the form that clients send: references by sourcedId
# alone, no status, no dateLastModified. By the name of the object; the path of its collection beside it.
NEW: dict[str, tuple[str, Object]] = {
    "category": (f"{GRADEBOOK}/categories", {"title": "Projects"}),
    "scoreScale": (
        f"{GRADEBOOK}/scoreScales",
        {
            "title": "Stars",
            "type": "stars",
            "class": ref("algebra-1"),
            "scoreScaleValue": [{"itemValueLHS": "1", "itemValueRHS": "*"}],
        },
    ),
    "lineItem": (
        f"{GRADEBOOK}/lineItems",
        {
            "title": "Sheet 3",
            "assignDate": "2026-10-01T00:00:00.000Z",
            "dueDate": "2026-10-08T00:00:00.000Z",
            "class": ref("algebra-1"),
            "school": ref("lincoln"),
            "category": ref("homework"),
        },
    ),
    "result": (
        f"{GRADEBOOK}/results",
        {
            "lineItem": ref("bare-item"),
            "student": ref("ana"),
            "scoreStatus": "fully graded",
            "scoreDate": "2026-10-09",
            "score": 7.5,
        },
    ),
    "assessmentLineItem": (f"{GRADEBOOK}/assessmentLineItems", {"title": "State test, writing"}),
    "assessmentResult": (
        f"{GRADEBOOK}/assessmentResults",
        {
            "assessmentLineItem": ref("state-test"),
            "student": ref("li"),
            "scoreStatus": "submitted",
            "scoreDate": "2027-04-01",
        },
    ),
    "org": (f"{ROSTERING}/orgs", {"name": "Quahog", "type": "district"}),
    "academicSession": (
        f"{ROSTERING}/academicSessions",
        {
            "title": "Summer",
            "startDate": "2027-06-14",
            "endDate": "2027-07-30",
            "type": "term",
            "schoolYear": "2027",
            "parent": ref("2026-27"),
        },
    ),
    "course": (f"{ROSTERING}/courses", {"title": "Geometry", "org": ref("lincoln")}),
    "class": (
        f"{ROSTERING}/classes",
        {"title": "Geometry 1", "course": ref("algebra"), "school": ref("lincoln"), "terms": [ref("fall")]},
    ),
    "user": (
        f"{ROSTERING}/users",
        {
            "enabledUser": "true",
            "givenName": "Noor",
            "familyName": "Haddad",
            "roles": [{"roleType": "primary", "role": "student", "org": ref("lincoln")}],
        },
    ),
    "enrollment": (
        f"{ROSTERING}/enrollments",
        {"user": ref("li"), "class": ref("algebra-1"), "school": ref("lincoln"), "role": "student"},
    ),
    "demographics": (f"{ROSTERING}/demographics", {"sex": "female", "birthDate": "2011-05-04"}),
}
OF_GRADEBOOK = ("category", "scoreScale", "lineItem", "result", "assessmentLineItem", "assessmentResult")
OF_ROSTER = tuple(name for name in NEW if name not in OF_GRADEBOOK)


def a_new(name: str, /, **changes: Any) -> Object:
    """The whole body of a request: `{"lineItem": {…}}`. None takes a member away."""
    given = {**NEW[name][1], **changes}
    return {name: {member: value for member, value in given.items() if value is not None}}


def new_id(name: str) -> str:
    """Demographics are somebody's, who has none yet."""
    return "turing" if name == "demographics" else f"new-{name.lower()}"


def address_of(name: str, sourced_id: str | None = None) -> str:
    return f"{NEW[name][0]}/{sourced_id or new_id(name)}"


def shown(answer: Answer) -> Object:
    """The object in an answer."""
    assert answer.json is not None, answer.text
    [found] = answer.json.values()
    return dict(found)


async def create(caller: Caller, name: str, sourced_id: str | None = None, /, **changes: Any) -> Object:
    answer = await caller.put(address_of(name, sourced_id), a_new(name, **changes))
    assert answer.status == 201, answer.text
    return shown(answer)


def expect_invalid(answer: Answer, *told: str) -> None:
    """422, whose text says `lineItem.title: required` of each member."""
    expect_refusal(answer, 422, "invaliddata")
    for each in told:
        assert each in answer.json["imsx_description"], answer.text


def database_of(caller: Caller) -> Database:
    found: Database = caller.app.extensions["database"]
    return found


async def history(caller: Caller, collection: str = "", sourced_id: str = "") -> list[Object]:
    """The entries since Springfield was filled: collection, sourcedId, what, author and the row before."""
    statement = select(Change).order_by(Change.seq)
    if collection:
        statement = statement.where(Change.collection == collection, Change.sourced_id == sourced_id)
    async with database_of(caller).read_session() as session:
        return [
            {
                "collection": each.collection,
                "sourcedId": each.sourced_id,
                "what": each.what,
                "author": (each.author_kind, each.author),
                "before": json.loads(each.before) if each.before else None,
            }
            for each in await session.scalars(statement)
        ]


async def changed(caller: Caller) -> set[tuple[str, str, str]]:
    return {(each["collection"], each["sourcedId"], each["what"]) for each in await history(caller)}


async def column(caller: Caller, table: str, name: str, sourced_id: str) -> Any:
    """What a row holds, in whatever state it is."""
    rows = Base.metadata.tables[table]
    async with database_of(caller).read_session() as session:
        return await session.scalar(select(rows.c[name]).where(rows.c.sourced_id == sourced_id))


async def count_of(caller: Caller, table: str) -> int:
    async with database_of(caller).read_session() as session:
        return int(await session.scalar(select(func.count()).select_from(Base.metadata.tables[table])) or 0)
