"""What has only one reading is read, with a warning; a strict import repairs nothing."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from models import AcademicSession, Demographics, Enrollment, LineItem, Org
from models.database import Database
from service.records.rules import Rule
from tests.bundles.making import Files, Row, TakeIn, contents, found, lines, springfield, stored

ORGS = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"
SESSION: Row = {"title": "S", "type": "term", "schoolYear": ""}


async def one(database: Database, model: type[Any], sourced_id: str) -> Any:
    async with database.read_session() as session:
        return await session.get_one(model, sourced_id)


def born(*birth_dates: str) -> Files:
    """Users with these dates of birth."""
    user = {"enabledUser": "true", "givenName": "A", "familyName": "B"}
    return {
        "users": [{**user, "sourcedId": f"u{at}"} for at in range(len(birth_dates))],
        "demographics": [{"sourcedId": f"u{at}", "birthDate": each} for at, each in enumerate(birth_dates)],
    }


async def births(database: Database, count: int) -> list[date]:
    return [(await one(database, Demographics, f"u{at}")).birth_date for at in range(count)]


async def test_what_was_inactive_in_1_0_is_to_be_deleted(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    await take_in(contents(files))
    files["enrollments"][0]["status"] = "inactive"

    report = await take_in(contents(files))

    assert found(report) == {"status-in-bulk": 1, "status-inactive": 1}
    assert (await one(database, Enrollment, "zoe-algebra")).status == "tobedeleted"
    assert found(await take_in(contents(files), strict=True)) == {"status-in-bulk": 1, "status": 1}


async def test_a_row_may_end_before_its_optional_cells(take_in: TakeIn, database: Database) -> None:
    text = f"{ORGS}\na,,,A,district,1,\nb,,,B,school\nc,tobedeleted\n"

    report = await take_in(contents({"orgs": text}))

    assert lines(report, Rule.CELLS_MISSING) == [("orgs.csv", 3, "", ""), ("orgs.csv", 4, "", "")]
    assert report.samples[Rule.CELLS_MISSING][0].hint == "5 cells, the header has 7"
    assert (await one(database, Org, "b")).parent_sourced_id is None
    assert len((await stored(database))["orgs"]) == 2
    assert (await take_in(contents({"orgs": text}), strict=True)).found[Rule.CELL_COUNT] == 2


async def test_a_row_without_a_required_cell_is_no_row(take_in: TakeIn) -> None:
    assert found(await take_in(contents({"orgs": f"{ORGS}\na,,,A\n"}))) == {"cell-count": 1}


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        (["13/5/2012", "5/6/2012"], [(5, 13), (6, 5)]),
        (["5/13/2012", "5/6/2012"], [(5, 13), (5, 6)]),
        (["4.3.2012", "31.12.2012"], [(3, 4), (12, 31)]),
        (["2-1-2012", "12-31-2012", "2012-02-01"], [(2, 1), (12, 31), (2, 1)]),
        (["13/5/2012", "13.5.2012", "5/5/2012"], [(5, 13), (5, 13), (5, 5)]),
        (["13/5/2012 00:00", "1/2/2012 00:00"], [(5, 13), (2, 1)]),
    ],
)
async def test_the_dates_of_a_file_say_which_comes_first(
    take_in: TakeIn, database: Database, cells: Sequence[str], read: Sequence[tuple[int, int]]
) -> None:
    report = await take_in(contents(born(*cells)))

    assert report.loaded
    assert {*report.found} <= {Rule.DATE_FORMAT, Rule.DATE_ORDER}
    assert await births(database, len(cells)) == [date(2012, month, day) for month, day in read]


@pytest.mark.parametrize("cells", [["5/6/2012", "1/2/2012"], ["5/6/2012", "13/5/2012", "5/13/2012"]])
async def test_dates_that_say_nothing_or_contradict_each_other_are_refused(
    take_in: TakeIn, cells: Sequence[str], database: Database
) -> None:
    report = await take_in(contents(born(*cells)))

    assert {value for *_, value in lines(report, Rule.DATE)} == {*cells} - {"13/5/2012", "5/13/2012"}
    assert {"--dates dmy" in issue.hint for issue in report.samples[Rule.DATE]} == {True}


async def test_who_imports_can_say_which_comes_first(take_in: TakeIn, database: Database) -> None:
    cells = ["5/6/2012", "13/5/2012", "5/13/2012"]

    assert (await take_in(contents(born(*cells)), dates="dmy")).loaded
    assert await births(database, 3) == [date(2012, 6, 5), date(2012, 5, 13), date(2012, 5, 13)]
    assert (await take_in(contents(born(*cells)), dates="mdy")).loaded
    assert await births(database, 1) == [date(2012, 5, 6)]


async def test_a_late_date_decides_for_an_early_one(take_in: TakeIn, database: Database) -> None:
    """They are in different batches, and in different columns."""
    files = springfield()
    files["enrollments"] = [{**files["enrollments"][0], "sourcedId": f"e{at}"} for at in range(5_001)]
    files["enrollments"][0]["beginDate"] = "1/2/2026"
    files["enrollments"][-1]["endDate"] = "31/12/2026"

    report = await take_in(contents(files))

    assert found(report) == {"date-order": 1, "date-format": 1}
    assert report.samples[Rule.DATE_ORDER][0].hint == "read as 2026-02-01"
    assert (await one(database, Enrollment, "e0")).begin_date == date(2026, 2, 1)


async def test_a_date_time_may_be_such_a_date(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    files["lineItems"][0] |= {"assignDate": "5/9/2026", "dueDate": "20/9/2026"}

    report = await take_in(contents(files))

    assert found(report) == {"date-order": 1, "date-format": 1}
    sheet = await one(database, LineItem, "sheet")
    assert (sheet.assign_date.isoformat(), sheet.due_date.isoformat()) == (
        "2026-09-05T00:00:00+00:00",
        "2026-09-20T00:00:00+00:00",
    )


async def test_a_strict_import_reads_no_such_date(take_in: TakeIn) -> None:
    report = await take_in(contents(born("13/5/2012", "5/6/2012")), strict=True)

    assert found(report) == {"date": 2}


@pytest.mark.parametrize(
    ("kind", "dates", "year"),
    [
        ("schoolYear", ("2026-08-15", "2027-06-11"), "2027"),
        ("schoolYear", ("2026-02-01", "2026-12-18"), "2026"),
        ("term", ("2027-01-04", "2027-06-11"), "2027"),
        ("term", ("2026-08-15", "2026-12-18"), "2027"),
        ("gradingPeriod", ("2024-10-01", "2024-12-18"), "2024"),  # in the year that the bundle has
    ],
)
async def test_the_school_year_follows_from_the_end_date(
    take_in: TakeIn, database: Database, kind: str, dates: tuple[str, str], year: str
) -> None:
    dated = dict(zip(("startDate", "endDate"), dates, strict=True))
    around = {"sourcedId": "y", "type": "schoolYear", "startDate": "2024-01-10", "endDate": "2024-12-20"}
    rows = [{**SESSION, **dated, "sourcedId": "s", "type": kind}, {**SESSION, **around, "schoolYear": "2024"}]

    report = await take_in(contents({"academicSessions": rows}))

    assert (found(report), report.samples[Rule.SCHOOL_YEAR][0].hint) == ({"school-year": 1}, f"read as {year}")
    assert (await one(database, AcademicSession, "s")).school_year == year
    assert found(await take_in(contents({"academicSessions": rows}), strict=True)) == {"required": 1}


async def test_the_column_of_the_school_year_may_be_missing(take_in: TakeIn, database: Database) -> None:
    text = (
        "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId\n"
        "s,,,S,term,2027-01-04,2027-06-11,\n"
    )

    report = await take_in(contents({"academicSessions": text}))

    assert found(report) == {"school-year": 1}
    assert (await one(database, AcademicSession, "s")).school_year == "2027"
    again = await take_in(contents({"academicSessions": text}))
    assert again.counts["academicSessions"].unchanged == 1
    assert (await take_in(contents({"academicSessions": text}), strict=True)).found[Rule.COLUMN_REQUIRED] == 1


SPANS = [
    ("academicSessions", "startDate", "endDate", "2026-08-14"),
    ("enrollments", "beginDate", "endDate", "2026-08-14"),
    ("roles", "beginDate", "endDate", "2026-08-14"),
    ("lineItems", "assignDate", "dueDate", "2026-08-14T10:00:00.000Z"),
]


@pytest.mark.parametrize(("name", "begin", "end", "value"), SPANS)
async def test_what_ends_before_it_begins_is_told(take_in: TakeIn, name: str, begin: str, end: str, value: str) -> None:
    files = springfield()
    files[name][0] |= {begin: "2026-08-15", end: value}

    report = await take_in(contents(files))

    assert (found(report), report.loaded) == ({"end-before-begin": 1}, True)
    assert lines(report, Rule.END_BEFORE_BEGIN) == [(f"{name}.csv", 2, end, value)]
    assert report.samples[Rule.END_BEFORE_BEGIN][0].hint == f"{begin} is 2026-08-15"
