"""Every rule, by the breach of it that a sender would commit."""

import re
from functools import cache
from pathlib import Path

import pytest

from models import Org
from models.database import Database
from service.bundles.files import FILE, FILES
from service.records.rules import RULES, Rule
from tests.bundles.making import Files, TakeIn, contents, found, springfield, springfield_delta

# Breaches in one cell of the first row: rule, file, field, value.
CELLS = [
    (Rule.REQUIRED, "users", "givenName", ""),
    (Rule.REQUIRED, "users", "givenName", "  "),
    (Rule.REQUIRED, "users", "enabledUser", ""),
    (Rule.REQUIRED, "classes", "termSourcedIds", ""),
    (Rule.REQUIRED, "orgs", "sourcedId", ""),
    (Rule.EXPECTED, "orgs", "identifier", ""),
    (Rule.STATUS, "orgs", "status", "gone"),
    (Rule.STATUS_INACTIVE, "results", "status", "inactive"),
    (Rule.STATUS_IN_BULK, "orgs", "status", "active"),
    (Rule.DATE_IN_BULK, "orgs", "dateLastModified", "2026-09-01T00:00:00.000Z"),
    (Rule.ID, "orgs", "sourcedId", "a b"),
    (Rule.ID, "results", "sourcedId", "a,b"),
    (Rule.ID, "results", "sourcedId", "a\x1fb"),
    (Rule.ID, "results", "sourcedId", "é"),
    (Rule.ID_LENGTH, "results", "sourcedId", "x" * 256),
    (Rule.ID_CHARACTERS, "results", "sourcedId", "a:b!$&'()*+;=~"),
    (Rule.BOOLEAN, "users", "enabledUser", "2"),
    (Rule.BOOLEAN_CASE, "users", "enabledUser", "TRUE"),
    (Rule.BOOLEAN_WORD, "users", "enabledUser", "yes"),
    (Rule.CELL_SPACES, "users", "enabledUser", " true"),
    (Rule.DATE, "demographics", "birthDate", "2012-02-30"),
    (Rule.DATE, "demographics", "birthDate", "5/6/2012"),
    (Rule.DATE, "demographics", "birthDate", "20120131"),
    (Rule.DATE_FORMAT, "demographics", "birthDate", "1/31/2012"),
    (Rule.DATE_FORMAT, "demographics", "birthDate", "2012-1-31"),
    (Rule.DATE_FORMAT, "demographics", "birthDate", "2012-01-31T00:00:00.000Z"),
    (Rule.MOMENT, "lineItems", "dueDate", "tomorrow"),
    (Rule.MOMENT, "lineItems", "dueDate", "0001-01-01T00:00:00+05:00"),
    (Rule.MOMENT_FORMAT, "lineItems", "dueDate", "2026-08-27T10:30:00+02:00"),
    (Rule.NUMBER, "results", "score", "nan"),
    (Rule.NUMBER, "results", "score", "1e999"),
    (Rule.NUMBER, "results", "score", "9,5"),
    (Rule.NUMBER, "results", "score", "1_000"),
    (Rule.WORD, "roles", "role", "pupil"),
    (Rule.WORD, "roles", "roleType", "ext:third"),
    (Rule.WORD, "roles", "role", "ext:"),
    (Rule.WORD, "resources", "roles", "student,pupil"),
    (Rule.WORD_CASE, "roles", "role", "Student"),
    (Rule.LIST, "classes", "grades", "09, 10"),
    (Rule.LIST, "classes", "grades", "09,,10"),
    (Rule.PAIRS, "users", "userIds", "LDAP:zoe"),
    (Rule.SCHOOL_YEAR, "academicSessions", "schoolYear", ""),
    (Rule.END_BEFORE_BEGIN, "academicSessions", "endDate", "2026-08-14"),
    (Rule.YEAR, "academicSessions", "schoolYear", "2026-2027"),
    (Rule.SUBJECT_CODES, "courses", "subjectCodes", "1"),
    (Rule.OBJECTIVE, "lineItemLearningObjectiveIds", "source", "case"),
    (Rule.SCHOOL, "enrollments", "schoolSourcedId", "district"),
    (Rule.UNKNOWN_REFERENCE, "enrollments", "userSourcedId", "nobody"),
    (Rule.UNKNOWN_REFERENCE, "classes", "termSourcedIds", "winter"),
    (Rule.UNKNOWN_OPTIONAL, "classes", "termSourcedIds", "fall,winter"),
    (Rule.PARENT_LOOP_OPTIONAL, "orgs", "parentSourcedId", "school"),
    (Rule.UNKNOWN_OPTIONAL, "orgs", "parentSourcedId", "nobody"),
    (Rule.UNKNOWN_REFERENCE, "demographics", "sourcedId", "nobody"),
    (Rule.NUL, "orgs", "name", "a\0b"),
    (Rule.CSV_SYNTAX, "orgs", "name", "x" * 140_000),
]
SOUND = [
    ("roles", "role", "ext:mentor"),
    ("demographics", "birthDate", ""),
    ("lineItems", "dueDate", "2026-08-27"),
    ("results", "score", "-1.5e1"),
    ("results", "sourcedId", "A-z.0_9/@"),
    ("results", "comment", 'two\nlines, "quoted" ; and\ttabs'),
    ("users", "userIds", "{a:b:c}"),
    ("orgs", "name", "=1+1 [bold]"),
]
# Breaches in the text of orgs.csv.
HEADER = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"
TEXTS = [
    (Rule.COLUMN_REQUIRED, "sourcedId,status,dateLastModified,type,identifier,parentSourcedId\na,,,school,1,\n"),
    (Rule.COLUMN_REQUIRED, ""),
    (Rule.COLUMN_NAME, f"{HEADER.replace('name', 'names')}\na,,,A,school,1,\n"),
    (Rule.COLUMN_NAME, f"{HEADER.replace('name', 'Name,NAME')}\na,,,A,B,school,1,\n"),
    (Rule.COLUMN_SPELLING, f"{HEADER.replace('name', 'Name')}\na,,,A,school,1,\n"),
    (Rule.COLUMN_SPELLING, f"{HEADER.replace('parentSourcedId', 'parentSourceId')}\na,,,A,school,1,\n"),
    (Rule.COLUMN_SPELLING, f"{HEADER},Metadata.x\na,,,A,school,1,,x\n"),
    (Rule.COLUMN_ALIAS, f"{HEADER.replace('parentSourcedId', 'parent')}\na,,,A,school,1,\n"),
    (Rule.COLUMN_BLANK, f"{HEADER},,\na,,,A,school,1,,,\n"),
    (Rule.COLUMN_TWICE, f"{HEADER},name\na,,,A,school,1,,B\n"),
    (Rule.COLUMN_MISSING, "sourcedId,status,dateLastModified,name,type,identifier\na,,,A,school,1\n"),
    (Rule.COLUMN_UNKNOWN, f"{HEADER},colour\na,,,A,school,1,,red\n"),
    (Rule.COLUMN_ORDER, "name,sourcedId,status,dateLastModified,type,identifier,parentSourcedId\nA,a,,,school,1,\n"),
    (Rule.CSV_SYNTAX, f'{HEADER}\na,,,"A"B,school,1,\n'),
    (Rule.CSV_SYNTAX, f'{HEADER}\na,,,"A,school,1,\nb,,,B,school,1,\n'),
    (Rule.CELL_COUNT, f"{HEADER}\na,,,A, Ltd.,school,1,o\n"),
    (Rule.CELL_COUNT, f"{HEADER}\na,,,A\n"),
    (Rule.CELLS_MISSING, f"{HEADER}\na,,,A,school\n"),
    (Rule.CELLS_BLANK, f"{HEADER}\na,,,A,school,1,,\n"),
    (Rule.CELLS_BLANK, f"{HEADER}\na,,,A,school,1,,\nb,,,B,school,1,,\n"),
    (Rule.ROW_BLANK, f"{HEADER}\na,,,A,school,1,\n,,,,,,\n"),
    (Rule.DUPLICATE, f"{HEADER}\na,,,A,school,1,\na,,,A,school,1,\n"),
    (Rule.NOT_UTF8, f"{HEADER}\na,,,École,school,1,\n".encode() + "b,,,Éa,school,1,\n".encode("latin-1")),
    (Rule.SEPARATOR, f"{HEADER}\na,,,A,school,1,\n".replace(",", ";")),
    (Rule.ENCODING, f"{HEADER}\na,,,École,school,1,\n".encode("latin-1")),
    (Rule.ENCODING, f"{HEADER}\na,,,École,school,1,\n".encode("utf-16")),
]
# Breaches by the bundle as a whole, by files that belong together, and of JSON.
TOLD_ELSEWHERE = {
    Rule.TYPE,
    Rule.PATH,
    Rule.DEPTH,
    Rule.MANIFEST_MISSING,
    Rule.MANIFEST_VALUE,
    Rule.MANIFEST_INCOMPLETE,
    Rule.VERSION,
    Rule.FILE_ABSENT,
    Rule.FILE_UNANNOUNCED,
    Rule.FILE_NAME,
    Rule.FILE_UNKNOWN,
    Rule.FILE_FOLDER,
    Rule.FILE_CASE,
    Rule.VERSION_MISSING,
    Rule.DATE_IN_DELTA,
    Rule.REFUSED_REFERENCE,
    Rule.PARENT_LOOP,
    Rule.OUTSIDE_PARENT,
    Rule.REFUSED_OPTIONAL,
    Rule.RETIRE_LIMIT,
    Rule.RETIRE_SKIPPED,
    Rule.DATE_ORDER,
}


def with_cell(name: str, field: str, value: str) -> Files:
    """The file, and those that it refers to."""
    files = springfield()
    files[name][0][field] = value
    return {each: files[each] for each in files if each in needed(name)}


@cache
def needed(name: str) -> set[str]:
    tables = {field.refers_to for field in FILE[name].fields}
    return {name}.union(*(needed(file.name) for file in FILES if file.table.name in tables - {FILE[name].table.name}))


@pytest.mark.parametrize(("rule", "name", "field", "value"), CELLS)
async def test_a_breach_in_a_cell_is_told(take_in: TakeIn, rule: Rule, name: str, field: str, value: str) -> None:
    report = await take_in(contents(with_cell(name, field, value)))

    assert rule in report.found
    assert report.samples[rule][0].file == f"{name}.csv"
    assert report.loaded is not rule.is_error


@pytest.mark.parametrize(("name", "field", "value"), SOUND)
async def test_what_looks_odd_may_be_sound(take_in: TakeIn, name: str, field: str, value: str) -> None:
    report = await take_in(contents(with_cell(name, field, value)))

    assert found(report) == {}


@pytest.mark.parametrize(("rule", "text"), TEXTS)
async def test_a_breach_in_a_file_is_told(take_in: TakeIn, rule: Rule, text: str | bytes) -> None:
    report = await take_in({**contents({"orgs": []}), "orgs.csv": text})

    assert rule in report.found
    assert report.loaded is not rule.is_error


@pytest.mark.parametrize("stamp", ["", "2026-09-01", "2026-09-01T00:00:00Z"])
async def test_a_date_in_a_delta_must_be_exact(take_in: TakeIn, stamp: str) -> None:
    delta = springfield_delta({"orgs": springfield()["orgs"][:1]})
    delta["orgs"][0]["dateLastModified"] = stamp

    assert found(await take_in(contents(delta, mode="delta"))) == {"date-in-delta": 1}


async def test_a_row_in_a_delta_must_have_a_status(take_in: TakeIn) -> None:
    delta = springfield_delta({"orgs": springfield()["orgs"][:1]})
    delta["orgs"][0]["status"] = ""

    assert found(await take_in(contents(delta, mode="delta"))) == {"status": 1}


async def test_what_a_full_bulk_file_fills_in_is_told_once(take_in: TakeIn) -> None:
    files = springfield_delta(springfield())

    report = await take_in(contents({"orgs": files["orgs"]}))

    assert found(report) == {"status-in-bulk": 1, "date-in-bulk": 1}


async def test_all_that_is_wrong_with_a_row_is_told(take_in: TakeIn) -> None:
    files = springfield()
    files["enrollments"][0] |= {"role": "pupil", "beginDate": "soon", "userSourcedId": "nobody"}

    assert found(await take_in(contents(files))) == {"word": 1, "date": 1, "unknown-reference": 1}


async def test_a_line_is_where_a_row_starts(take_in: TakeIn) -> None:
    text = f'{HEADER}\n\na,,,"A\n\nB",school,1,\n\nb,,,B,shop,1,\n'

    report = await take_in(contents({"orgs": text}))

    assert [issue.line for issue in report.samples[Rule.WORD]] == [7]


@pytest.mark.parametrize("value", ["X" * 1000, "[red]\x1b[31m"])
async def test_a_hint_says_what_was_meant(take_in: TakeIn, value: str) -> None:
    report = await take_in(contents({"orgs": f"{HEADER.replace('name', 'names')},{value}\n"}))

    assert [issue.hint for issue in report.samples[Rule.COLUMN_NAME]] == ["did you mean name?"]


@pytest.mark.parametrize("text", ["\ufeff{}\r\n{}\r\n", "{}\n{}", "{}\r\n{}\n\n\r\n", "{}\r{}\r"])
async def test_line_ends_and_byte_order_marks_do_not_matter(take_in: TakeIn, database: Database, text: str) -> None:
    report = await take_in(contents({"orgs": text.format(HEADER, "a,,,Éa,school,1,")}))

    assert found(report) == {}
    async with database.read_session() as session:
        assert (await session.get_one(Org, "a")).name == "Éa"


def test_every_rule_is_tested() -> None:
    assert {rule for rule, *_ in (*CELLS, *TEXTS)} | TOLD_ELSEWHERE == set(Rule)


def test_the_page_lists_the_rules_as_they_are() -> None:
    page = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z0-9-]+)` \| (error|warning) \| (.+) \|$", page, re.MULTILINE)

    assert listed == [(rule.label, rule.severity.value, rule.explanation) for rule in RULES.values()]
