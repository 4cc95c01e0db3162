"""OneRoster 1.1: what it keeps elsewhere, or not at all."""

from typing import Any

import pytest
from quart.typing import TestClientProtocol as Client

from models import LineItem, Result, User
from models.database import Database
from service.bundles.v1p1 import ROLES_1_1
from tests.bundles.making import Files, Row, TakeIn, contents, found, springfield, stored

USER: Row = {
    "enabledUser": "true",
    "orgSourcedIds": "school,district",
    "role": "teacher",
    "givenName": "T",
    "familyName": "U",
}


def springfield_1_1() -> Files:
    files = springfield()
    kept = ("orgs", "academicSessions", "courses", "classes", "enrollments", "lineItems", "results")
    older: Files = {name: files[name] for name in kept}
    older["users"] = [{**USER, "sourcedId": "zoe"}]
    older["categories"] = [{"sourcedId": "homework", "title": "Homework"}]
    sheet = older["lineItems"][0]
    sheet["gradingPeriodSourcedId"] = sheet.pop("academicSessionSourcedId")
    del sheet["schoolSourcedId"]
    return older


async def roles(database: Database) -> list[dict[str, Any]]:
    names = ("sourced_id", "status", "stamp", "user", "type", "role", "begin", "end", "org")
    rows = (await stored(database))["roles"]
    return sorted((dict(zip(names, row, strict=False)) for row in rows), key=lambda role: str(role["org"]))


async def test_a_user_has_a_role_in_each_org(take_in: TakeIn, database: Database) -> None:
    report = await take_in(contents(springfield_1_1(), "1.1"))

    assert found(report) == {}
    assert [(role["user"], role["org"], role["type"], role["role"]) for role in await roles(database)] == [
        ("zoe", "district", "secondary", "teacher"),
        ("zoe", "school", "primary", "teacher"),
    ]
    async with database.read_session() as session:
        assert (await session.get_one(User, "zoe")).primary_org_sourced_id == "school"


async def test_an_import_again_changes_nothing(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(springfield_1_1(), "1.1"))
    before = await stored(database)

    await take_in(contents(springfield_1_1(), "1.1"))

    assert await stored(database) == before


async def test_a_role_ends_when_its_org_is_listed_no_more(take_in: TakeIn, database: Database) -> None:
    files = springfield_1_1()
    await take_in(contents(files, "1.1"))
    files["users"][0]["orgSourcedIds"] = "district"

    report = await take_in(contents(files, "1.1"))

    assert [(role["org"], role["status"], role["type"]) for role in await roles(database)] == [
        ("district", "active", "primary"),
        ("school", "tobedeleted", "primary"),
    ]
    assert (report.counts["roles"].updated, report.counts["roles"].deleted) == (1, 1)


@pytest.mark.parametrize(("org", "role"), [("school", "siteAdministrator"), ("district", "districtAdministrator")])
async def test_an_administrator_is_one_of_the_org(take_in: TakeIn, database: Database, org: str, role: str) -> None:
    files = springfield_1_1()
    files["users"][0] |= {"role": "administrator", "orgSourcedIds": org}

    await take_in(contents(files, "1.1"))

    assert [role["role"] for role in await roles(database)] == [role]


async def test_an_unknown_org_is_left_out(take_in: TakeIn, database: Database) -> None:
    files = springfield_1_1()
    files["users"][0]["orgSourcedIds"] = "nowhere,school,district"
    files["users"].append({**USER, "sourcedId": "ann", "orgSourcedIds": "nowhere"})

    report = await take_in(contents({name: files[name] for name in ("orgs", "users")}, "1.1"))

    assert found(report) == {"unknown-optional": 2}
    async with database.read_session() as session:
        zoe, ann = await session.get_one(User, "zoe"), await session.get_one(User, "ann")
    assert (zoe.primary_org_sourced_id, ann.primary_org_sourced_id) == ("district", None)
    assert [(role["user"], role["org"], role["type"]) for role in await roles(database)] == [
        ("zoe", "district", "primary"),
        ("zoe", "school", "secondary"),
    ]


async def test_an_unknown_org_refuses_the_user_of_a_strict_import(take_in: TakeIn, database: Database) -> None:
    files = springfield_1_1()
    files["users"][0]["orgSourcedIds"] = "school,nowhere"
    wanted = contents({name: files[name] for name in ("orgs", "users")}, "1.1")

    report = await take_in(wanted, skip_bad=True, strict=True)

    assert found(report) == {"unknown-reference": 1}
    assert ((await stored(database))["users"], await roles(database)) == ([], [])


async def test_a_line_item_has_the_school_of_its_class(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(springfield_1_1(), "1.1"))

    async with database.read_session() as session:
        sheet = await session.get_one(LineItem, "sheet")
    assert (sheet.school_sourced_id, sheet.academic_session_sourced_id) == ("school", "fall")


async def test_a_line_item_may_come_without_its_class(take_in: TakeIn, database: Database) -> None:
    files = springfield_1_1()
    await take_in(contents(files, "1.1"))
    files["lineItems"][0]["title"] = "Sheet 2"

    report = await take_in(contents({"lineItems": files["lineItems"]}, "1.1"))

    assert found(report) == {}
    assert report.counts["lineItems"].updated == 1


@pytest.mark.parametrize(("score", "status"), [("9", "fully graded"), ("", "not submitted")])
async def test_a_result_without_a_status_has_that_of_its_score(
    take_in: TakeIn, database: Database, score: str, status: str
) -> None:
    files = springfield_1_1()
    files["results"][0] |= {"score": score, "scoreStatus": ""}

    report = await take_in(contents(files, "1.1"))

    assert found(report) == {"expected": 1}
    async with database.read_session() as session:
        assert (await session.get_one(Result, "zoe-sheet")).score_status == status


async def test_a_file_of_1_2_is_not_known(take_in: TakeIn) -> None:
    texts = contents({"orgs": springfield()["orgs"]}, "1.1") | {"roles.csv": "sourcedId\n"}

    assert found(await take_in(texts)) == {"file-unknown": 1}


async def test_what_files_of_1_1_say_is_served_by_1_1(take_in: TakeIn, client: Client, reader: dict[str, str]) -> None:
    async def shown(path: str) -> Any:
        response = await client.get(f"/ims/oneroster/v1p1/{path}", headers=reader)
        [found] = (await response.get_json()).values()
        return found

    files = springfield_1_1()
    files["users"] += [{**USER, "sourcedId": role, "username": role, "role": role} for role in ROLES_1_1.words]
    await take_in(contents(files, "1.1"))
    users = {each["sourcedId"]: each for each in await shown("users")}

    assert {role: users[role]["role"] for role in ROLES_1_1.words} == {role: role for role in ROLES_1_1.words}
    assert {tuple(org["sourcedId"] for org in each["orgs"]) for each in users.values()} == {("school", "district")}
    assert (await shown("lineItems/sheet"))["gradingPeriod"]["sourcedId"] == "fall"
    assert (await shown("results/zoe-sheet"))["lineItem"]["sourcedId"] == "sheet"
