"""Bundles with the blemishes of those that other products publish as samples: what of them loads.

Each was made for this test. The samples themselves are of two products, in 1.1 and 1.2.
"""

import pytest

from models.database import Database
from service.bundles.report import Report
from service.records.rules import Rule
from tests.bundles.making import Files, Row, TakeIn, contents, stored

STAMP = "2026-09-01T06:30:00.000Z"
SESSION: Row = {"title": "Autumn", "type": "term", "startDate": "2026-08-20", "endDate": "2026-12-18"}
CLASS: Row = {"title": "Optics", "classType": "Scheduled", "schoolSourcedId": "physics", "termSourcedIds": "autumn"}
PERSON: Row = {"enabledUser": "TRUE", "givenName": "Noor", "familyName": "Haddad"}


def a_full_bulk_of_1_1() -> Files:
    """Its organisation is a department of one that is not in it; so is the term's year; there are no courses at all."""
    stamped = {"status": "active", "dateLastModified": STAMP}
    session = {**SESSION, **stamped, "schoolYear": "2027"}
    return {
        "orgs": [
            {
                **stamped,
                "sourcedId": "physics",
                "name": "Physics",
                "type": "department",
                "identifier": "P",
                "parentSourcedId": "high",
            }
        ],
        "academicSessions": [
            {**session, "sourcedId": "autumn", "parentSourcedId": "2026-27"},
            {**session, "sourcedId": "period-1", "parentSourcedId": "autumn", "dateLastModified": "2026-09-01"},
            {**session, "sourcedId": "period-2", "parentSourcedId": "autumn", "status": "inactive"},
            {**session, "sourcedId": "period-3", "parentSourcedId": "autumn", "status": "tobedeleted"},
        ],
        "users": [
            {**PERSON, **stamped, "sourcedId": "noor", "role": "teacher", "orgSourcedIds": "physics"},
            {
                **PERSON,
                "sourcedId": "sam",
                "role": "student",
                "orgSourcedIds": "physics,high",
                "agentSourcedIds": "noor,nobody",
                "userIds": "{LDAP:12},{LTI:15}",
            },
        ],
        "classes": [
            {
                **CLASS,
                **stamped,
                "sourcedId": "optics-1",
                "courseSourcedId": "optics",
                "subjects": "Science, Physics, Light",
                "subjectCodes": "S1, P1",
            },
            {**CLASS, **stamped, "sourcedId": "optics-2", "courseSourcedId": "optics", "status": "tobedeleted"},
        ],
        "enrollments": [
            {
                **stamped,
                "sourcedId": f"{user}-{number}",
                "classSourcedId": f"optics-{number}",
                "schoolSourcedId": "physics",
                "userSourcedId": user,
                "role": role,
                "primary": "false",
            }
            for user, role in (("noor", "teacher"), ("sam", "student"))
            for number in (1, 2)
        ],
    }


async def ids(database: Database, *tables: str) -> dict[str, list[str]]:
    rows = await stored(database)
    return {name: [row[0] for row in rows[name]] for name in tables}


def causes(report: Report) -> set[tuple[str, str]]:
    return {(issue.file, issue.cause) for issue in report.samples[Rule.REFUSED_REFERENCE]}


async def test_a_bundle_without_courses_lacks_its_classes_alone(take_in: TakeIn, database: Database) -> None:
    report = await take_in(contents(a_full_bulk_of_1_1(), "1.1"), skip_bad=True)

    assert await ids(database, "orgs", "academic_sessions", "users", "classes", "enrollments") == {
        "orgs": ["physics"],
        "academic_sessions": ["autumn", "period-1"],
        "users": ["noor", "sam"],
        "classes": [],
        "enrollments": [],
    }
    assert {rule.label for rule in report.found if rule.is_error} == {"unknown-reference", "refused-reference"}
    assert causes(report) == {("enrollments.csv", "classes.csv line 2")}


async def test_it_loads_whole_once_its_courses_are_there(take_in: TakeIn, database: Database) -> None:
    files = a_full_bulk_of_1_1()
    files["courses"] = [{"sourcedId": "optics", "title": "Optics", "courseCode": "O"}]
    kept = [row for row in files["enrollments"] if row["classSourcedId"] == "optics-1"]
    files["enrollments"] = kept

    report = await take_in(contents(files, "1.1"))
    again = await take_in(contents(files, "1.1"))

    assert (report.errors, again.errors) == (0, 0)
    assert {name: counts.changed for name, counts in again.counts.items() if counts.changed} == {}
    assert (await ids(database, "classes", "enrollments")) == {
        "classes": ["optics-1"],
        "enrollments": ["noor-1", "sam-1"],
    }


@pytest.mark.parametrize("strict", [False, True])
async def test_a_small_delta_of_1_2_loads_either_way(take_in: TakeIn, strict: bool) -> None:
    stamped = {"status": "active", "dateLastModified": STAMP}
    files: Files = {
        "orgs": [{**stamped, "sourcedId": "high", "name": "High", "type": "school"}],
        "users": [{**PERSON, **stamped, "sourcedId": "sam"}],
        "roles": [
            {
                **stamped,
                "sourcedId": "r",
                "userSourcedId": "sam",
                "roleType": "primary",
                "role": "student",
                "orgSourcedId": "high",
            }
        ],
    }

    report = await take_in(contents(files, mode="delta"), strict=strict)

    assert (report.loaded, report.errors) == (True, 0)


async def test_sessions_without_a_school_year_and_rows_that_end_early(take_in: TakeIn, database: Database) -> None:
    """The header of the sessions has no such column; files may hold nothing but their header."""
    texts = contents({"orgs": [], "academicSessions": []}, "1.1")
    texts["academicSessions.csv"] = "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId\n"
    texts["orgs.csv"] = (
        "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
        'high,active,"2026-09-01 08:01:05",High,school,7,low\n'
        "low,,,Low,school\n"
    )

    report = await take_in(texts)

    assert (report.loaded, report.errors) == (True, 0)
    assert await ids(database, "orgs") == {"orgs": ["high", "low"]}
    assert not (await take_in(texts, strict=True)).loaded
