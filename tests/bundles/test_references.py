"""References that lead nowhere: which of them cost a row, and which are left out."""

from typing import Any

from models import Class, Org, User
from models.database import Database
from service.records.rules import Rule
from tests.bundles.making import Files, Row, TakeIn, contents, found, lines, springfield, stored


def chain(length: int) -> list[Row]:
    """Organisations of which each but the first has the one before as its parent; the first has one that is nowhere."""
    given = {"name": "x", "type": "school", "identifier": "i"}
    return [{**given, "sourcedId": f"o{n}", "parentSourcedId": f"o{n - 1}"} for n in range(1, length + 1)]


async def one(database: Database, model: type[Any], sourced_id: str) -> Any:
    async with database.read_session() as session:
        return await session.get_one(model, sourced_id)


def blemished() -> Files:
    """Every optional reference leads nowhere."""
    files = springfield()
    files["orgs"][0]["parentSourcedId"] = "state"
    files["academicSessions"][0]["parentSourcedId"] = "year"
    files["courses"][0] |= {"orgSourcedId": "nowhere", "schoolYearSourcedId": "year"}
    files["classes"][0]["termSourcedIds"] = "winter,fall"
    files["users"][0] |= {"primaryOrgSourcedId": "nowhere", "agentSourcedIds": "ann,nobody"}
    files["roles"][0]["userProfileSourcedId"] = "account"
    files["lineItems"][0]["academicSessionSourcedId"] = "winter"
    files["results"][0]["classSourcedId"] = "biology"
    files["scoreScales"][0] |= {"orgSourcedId": "nowhere", "courseSourcedId": "biology"}
    return files


async def test_what_can_be_left_out_costs_no_row(take_in: TakeIn, database: Database) -> None:
    report = await take_in(contents(blemished()))

    assert found(report) == {"unknown-optional": 12}
    assert (report.errors, report.loaded) == (0, True)
    assert {name: counts.created for name, counts in report.counts.items()} == {
        name: len(rows) for name, rows in springfield().items()
    }
    assert (await stored(database))["class_terms"] == [("algebra-1", "fall")]
    assert (await stored(database))["user_agents"] == [("zoe", "ann")]
    assert (await one(database, User, "zoe")).primary_org_sourced_id is None


async def test_an_import_again_changes_nothing(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(blemished()))
    before = await stored(database)

    report = await take_in(contents(blemished()))

    assert await stored(database) == before
    assert all(counts.changed == 0 for counts in report.counts.values())


async def test_what_was_left_out_is_there_once_its_row_is(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(blemished()))
    files = blemished()
    files["orgs"].append({"sourcedId": "state", "name": "State", "type": "state", "identifier": "0"})
    files["academicSessions"].append({**files["academicSessions"][1], "sourcedId": "winter"})

    report = await take_in(contents(files))

    assert (await one(database, Org, "district")).parent_sourced_id == "state"
    assert (await stored(database))["class_terms"] == [("algebra-1", "fall"), ("algebra-1", "winter")]
    assert {name: counts.updated for name, counts in report.counts.items() if counts.updated} == {
        "orgs": 1,
        "classes": 1,
        "lineItems": 1,
    }


async def test_a_strict_import_leaves_nothing_out(take_in: TakeIn, database: Database) -> None:
    before = await stored(database)

    report = await take_in(contents(blemished()), strict=True)

    assert report.found[Rule.UNKNOWN_REFERENCE] == 12
    assert report.found[Rule.UNKNOWN_OPTIONAL] == 0
    assert await stored(database) == before


async def test_a_list_that_is_required_needs_one_that_is_there(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    files["classes"][0]["termSourcedIds"] = "winter,summer"

    report = await take_in(contents(files), skip_bad=True)

    assert lines(report, Rule.UNKNOWN_REFERENCE) == [
        ("classes.csv", 2, "termSourcedIds", "summer"),
        ("classes.csv", 2, "termSourcedIds", "winter"),
    ]
    assert (await stored(database))["classes"] == []


async def test_a_refused_row_takes_what_cannot_stand_without_it(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    files["users"][1]["enabledUser"] = "perhaps"

    report = await take_in(contents(files), skip_bad=True)

    assert found(report) == {"boolean": 1, "refused-optional": 1}
    assert lines(report, Rule.REFUSED_OPTIONAL) == [("users.csv", 2, "agentSourcedIds", "ann")]
    assert [row[0] for row in (await stored(database))["results"]] == ["zoe-sheet"]


async def test_what_refers_to_a_refused_row_is_refused_where_it_must(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    files["users"][0]["enabledUser"] = "perhaps"

    report = await take_in(contents(files), skip_bad=True)

    assert lines(report, Rule.REFUSED_REFERENCE) == [
        ("roles.csv", 2, "userSourcedId", "zoe"),
        ("demographics.csv", 2, "sourcedId", "zoe"),
        ("enrollments.csv", 2, "userSourcedId", "zoe"),
        ("results.csv", 2, "studentSourcedId", "zoe"),
    ]


async def test_a_strict_refusal_takes_everything_with_it(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    files["users"][1]["enabledUser"] = "perhaps"

    report = await take_in(contents(files), skip_bad=True, strict=True)

    assert [file for file, *_ in lines(report, Rule.REFUSED_REFERENCE)] == [
        "users.csv",
        "roles.csv",
        "demographics.csv",
        "enrollments.csv",
        "results.csv",
    ]
    assert (await stored(database))["users"] == []


async def test_a_chain_of_parents_loses_its_first_link(take_in: TakeIn, database: Database) -> None:
    report = await take_in(contents({"orgs": chain(5)}))

    assert found(report) == {"unknown-optional": 1}
    assert [(await one(database, Org, f"o{n}")).parent_sourced_id for n in (1, 2, 5)] == [None, "o1", "o4"]


async def test_a_strict_refusal_goes_down_a_chain_of_parents(take_in: TakeIn, database: Database) -> None:
    report = await take_in(contents({"orgs": chain(5)}), skip_bad=True, strict=True)

    assert found(report) == {"unknown-reference": 1, "refused-reference": 4}
    assert report.counts["orgs"].refused == 5
    assert {issue.cause for issue in report.samples[Rule.REFUSED_REFERENCE]} == {"orgs.csv line 2"}


async def test_the_cause_of_a_refusal_is_its_root(take_in: TakeIn) -> None:
    files = springfield()
    files["orgs"][1]["type"] = "shop"

    report = await take_in(contents(files), skip_bad=True)

    told = report.samples[Rule.REFUSED_REFERENCE]
    assert {(issue.file, issue.field) for issue in told} >= {
        ("classes.csv", "schoolSourcedId"),
        ("enrollments.csv", "classSourcedId"),
    }
    assert {issue.cause for issue in [*told, *report.samples[Rule.REFUSED_OPTIONAL]]} == {"orgs.csv line 3"}
    assert {issue.cause for issue in report.samples[Rule.WORD]} == {""}


async def test_a_row_with_a_fault_of_its_own_is_the_cause_of_what_follows(take_in: TakeIn) -> None:
    files = springfield()
    files["orgs"][1]["type"] = "shop"
    files["classes"][0]["classType"] = "wrong"

    kept = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
    report = await take_in(contents({name: files[name] for name in kept}), skip_bad=True)

    causes = {(each.file, each.field): each.cause for each in report.samples[Rule.REFUSED_REFERENCE]}
    assert causes["classes.csv", "schoolSourcedId"] == "orgs.csv line 3"
    assert causes["enrollments.csv", "classSourcedId"] == "classes.csv line 2"


async def test_a_header_may_be_the_cause(take_in: TakeIn, database: Database) -> None:
    orgs = "sourcedId,status,dateLastModified,type,identifier,parentSourcedId\nschool,,,school,1,\n"

    report = await take_in(contents({**springfield(), "orgs": orgs}), skip_bad=True)

    assert {issue.cause for issue in report.samples[Rule.REFUSED_REFERENCE]} == {"orgs.csv line 1"}


async def test_what_the_bundle_lacks_may_be_stored(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(springfield()))
    files = springfield()
    del files["orgs"][0]

    assert found(await take_in(contents(files))) == {}
    assert (await one(database, Class, "algebra-1")).school_sourced_id == "school"


async def test_a_row_that_the_bundle_deletes_is_named_as_such(take_in: TakeIn) -> None:
    files = springfield()
    files["classes"][0]["status"] = "tobedeleted"

    report = await take_in(contents(files))

    [first, *_] = report.samples[Rule.UNKNOWN_REFERENCE]
    assert (first.field, first.hint) == ("classSourcedId", "the bundle marks it tobedeleted")
