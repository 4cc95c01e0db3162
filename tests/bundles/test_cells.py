"""Cells and rows as spreadsheets and other systems write them: read as what they can only mean, never with `strict`."""

from typing import Any

import pytest

from models import Base, Enrollment, LineItem, User
from models.database import Database
from service.records.rules import Rule
from tests.bundles.making import TakeIn, contents, found, lines, springfield, stored

SPELLINGS = [
    ("orgs", "sourcedId", " district "),
    ("orgs", "status", "ACTIVE"),
    ("courses", "status", " Active "),
    ("users", "enabledUser", "Yes"),
    ("roles", "role", "Student "),
    ("demographics", "asian", " 0"),
    ("enrollments", "userSourcedId", "zoe "),
    ("enrollments", "beginDate", " 2026-08-15"),
    ("lineItems", "resultValueMax", " 10.5 "),
    ("results", "status", "Inactive"),
    ("resources", "status", "ToBeDeleted"),
]
READ = {"cell-spaces": 6, "boolean-word": 2, "word-case": 2, "status-inactive": 1, "status-in-bulk": 4}


async def one(database: Database, model: type[Base], sourced_id: str) -> Any:
    async with database.read_session() as session:
        return await session.get_one(model, sourced_id)


async def test_cells_with_one_meaning_are_read(take_in: TakeIn) -> None:
    files = springfield()
    for file, column, cell in SPELLINGS:
        files[file][0][column] = cell
    texts = contents(files)

    strict = await take_in(texts, strict=True)
    report = await take_in(texts)

    assert {name: found(strict)[name] for name in ("id", "word", "date", "number", "boolean", "status")} == {
        "id": 2,
        "word": 1,
        "date": 1,
        "number": 1,
        "boolean": 2,
        "status": 4,
    }
    assert (report.loaded, found(report)) == (True, READ)
    assert not any(counts.changed for counts in (await take_in(texts)).counts.values())


async def test_what_is_written_otherwise_is_stored_as_meant(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    files["users"][0]["enabledUser"] = "no"
    files["enrollments"][0] |= {"userSourcedId": " zoe", "beginDate": " 3/9/2026 ", "endDate": "25/12/2026 "}
    files["lineItems"][0]["resultValueMax"] = " 10.5 "

    await take_in(contents(files))

    enrollment = await one(database, Enrollment, "zoe-algebra")
    assert (await one(database, User, "zoe")).enabled_user is False
    assert (enrollment.user_sourced_id, str(enrollment.begin_date)) == ("zoe", "2026-09-03")
    assert (await one(database, LineItem, "sheet")).result_value_max == 10.5


async def test_a_date_that_begins_with_its_year_is_read(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    files["enrollments"][0] |= {"beginDate": "2026/8/15", "endDate": "2026.12.20"}

    report = await take_in(contents(files))

    enrollment = await one(database, Enrollment, "zoe-algebra")
    assert found(report) == {"date-format": 2}
    assert (str(enrollment.begin_date), str(enrollment.end_date)) == ("2026-08-15", "2026-12-20")
    assert found(await take_in(contents(files), strict=True)) == {"date": 2}


async def test_rows_of_commas_are_no_rows(take_in: TakeIn, database: Database) -> None:
    texts = contents(springfield())
    await take_in(texts)
    before = await stored(database)
    commas = "," * texts["orgs.csv"].partition("\r\n")[0].count(",")
    texts["orgs.csv"] += f"{commas}\r\n , ,\r\n{commas}\r\n"

    report = await take_in(texts, retire_missing=True)

    assert lines(report, Rule.ROW_BLANK) == [("orgs.csv", 4, "", "")]
    assert (found(report), report.read["orgs"]) == ({"row-blank": 1}, 2)
    assert await stored(database) == before
    assert found(await take_in(texts, strict=True))["required"] == 6


async def test_spaces_around_the_version_are_no_other_version(take_in: TakeIn) -> None:
    texts = contents(springfield())
    texts["manifest.csv"] = texts["manifest.csv"].replace("oneroster.version,1.2", "oneroster.version, 1.2 ")

    assert (await take_in(texts)).loaded
    assert found(await take_in(texts, strict=True))["version"] == 1


@pytest.mark.parametrize("column", ["startDate", "endDate", "type", "schoolYear"])
async def test_sessions_without_a_column_are_refused_and_the_rest_loads(column: str, take_in: TakeIn) -> None:
    files = springfield()
    header = [name for name in files["academicSessions"][0] if name != column]
    rows = [",".join(row[name] for name in header) for row in files["academicSessions"]]
    texts = contents(files)
    texts["academicSessions.csv"] = "\r\n".join([",".join(header), *rows, ""])

    report = await take_in(texts, skip_bad=True)

    assert report.loaded
    assert report.counts["academicSessions"].refused == (0 if column == "schoolYear" else 2)
