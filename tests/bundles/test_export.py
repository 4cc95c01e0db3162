"""An export: what is in it, what is not, and that it comes back as it went."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copy
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Table, delete, select

from models import Base, ClassTerm, Course, Demographics, UserAgent
from models.database import Database
from scripts.make_district import write_district
from service.bundles.exporting import ROWS_AT_ONCE, Summary, export_bundle, snapshot
from service.bundles.files import FILES
from service.bundles.importing import ImportOptions, import_bundle
from service.bundles.reading import open_bundle
from service.bundles.report import Report
from service.bundles.writing import Unwritable, lines, metadata_cells, moment, number, quoted
from service.settings import Settings
from tests.bundles.making import found
from tests.samples import GONE, a_class, a_district, a_session, a_user, an_enrollment, an_org

TABLES = [table for table in Base.metadata.sorted_tables if table.name not in ("changes", "feeds")]


async def export_to(database: Database, path: Path) -> Summary:
    async with snapshot(database) as connection:
        return await export_bundle(connection, path)


async def import_from(database: Database, path: Path) -> Report:
    report = Report()
    with open_bundle(path, 1_000_000_000) as bundle:
        async with database.transaction() as session:
            assert await import_bundle(session, bundle, ImportOptions(), report)
    return report


async def store(database: Database, *rows: Base) -> None:
    async with database.transaction() as session:
        for row in rows:
            session.add(row)
            await session.flush()


async def empty(database: Database) -> None:
    async with database.transaction() as session:
        for table in reversed(TABLES):
            await session.execute(delete(table))


async def stored(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All that comes back: everything but when it came."""
    async with database.read_session() as session:
        return {table.name: [tuple(row) for row in await session.execute(lasting(table))] for table in TABLES}


def lasting(table: Table) -> Any:
    return select(*(each for each in table.c if each.name != "date_last_modified")).order_by(*table.primary_key)


def texts(path: Path) -> dict[str, str]:
    with ZipFile(path) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def rows(path: Path, name: str) -> dict[str, dict[str, str]]:
    """The rows of a file by their sourcedId."""
    found = csv.DictReader(io.StringIO(texts(path)[f"{name}.csv"], newline=""))
    return {row["sourcedId"]: row for row in found}


@pytest.fixture
async def another(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A second database, migrated and empty."""
    file = copy(sqlite_template, tmp_path / "another.db")
    async with Database(Settings(database_url=f"sqlite+aiosqlite:///{file}")) as database:
        yield database


def odd_rows() -> Iterator[Base]:
    """What is deleted, what refers to it, and values that files find hard."""
    yield an_org("closed", parent_sourced_id=None, identifier="1", **GONE)
    yield an_org("open", name='A "quoted", name', parent_sourced_id="closed", identifier=" spaced ")
    yield a_session("year", "schoolYear", None, "2026-08-17", "2027-06-11")
    yield a_session("past", "term", "year", "2025-08-17", "2026-06-11", **GONE)
    yield a_session("now", "term", "year", "2026-08-17", "2027-06-11")
    yield Course(sourced_id="latin", title="Latin,\r\nolder\nand\rodd", course_code="L", grades=["09", "10"])
    yield Course(sourced_id="greek", title="Greek", course_code="", grades=[], **GONE)
    yield a_class("latin-1", "latin", "open", metadata_={"n": 61.0, "seats": {"b": 1e16, "a": [True, 0.5]}})
    yield a_class("latin-2", "latin", "open", location=" ", metadata_={"größe": "“L”, XL", "": "x", "z": None, "y": ""})
    yield a_class("latin-past", "latin", "open")
    yield a_class("greek-1", "greek", "open")
    for class_, term in (("latin-1", "past"), ("latin-1", "now"), ("latin-2", "now"), ("greek-1", "now")):
        yield ClassTerm(class_sourced_id=class_, term_sourced_id=term)
    yield ClassTerm(class_sourced_id="latin-past", term_sourced_id="past")
    yield a_user("left", "Gone", "Away", metadata_={"gone": "yes"}, **GONE)
    yield a_user("zoe", "Zoë", "O'Brien, Jr.", username=None, primary_org_sourced_id="closed")
    yield a_user(
        "wei", "小龙", "李 \u2028", user_ids=[{"type": "a", "identifier": "x:y,z"}, {"type": "b", "identifier": ""}]
    )
    for agent in ("zoe", "left", "wei"):
        yield UserAgent(user_sourced_id="wei", agent_sourced_id=agent)
    yield Demographics(sourced_id="wei", birth_date=date(2011, 2, 28), white=True, asian=False)
    yield Demographics(sourced_id="left")
    for class_ in ("latin-1", "latin-past", "greek-1"):
        yield an_enrollment(class_, "wei", school="open")
    yield an_enrollment("latin-1", "left", school="open")


async def test_a_district_comes_back_as_it_went(database: Database, tmp_path: Path) -> None:
    write_district(tmp_path / "district.zip", students=60, schools=2)
    await import_from(database, tmp_path / "district.zip")
    before = await stored(database)

    summary = await export_to(database, tmp_path / "first.zip")
    await empty(database)
    report = await import_from(database, tmp_path / "first.zip")
    await export_to(database, tmp_path / "second.zip")

    assert found(report) == {}
    assert await stored(database) == before
    assert summary.left_out == 0
    assert summary.rows == sum(len(before[file.table.name]) for file in FILES)
    assert (tmp_path / "second.zip").read_bytes() == (tmp_path / "first.zip").read_bytes()


async def test_odd_values_come_back_as_they_went(database: Database, tmp_path: Path) -> None:
    await store(database, *odd_rows())

    await export_to(database, tmp_path / "first.zip")
    await empty(database)
    report = await import_from(database, tmp_path / "first.zip")
    await export_to(database, tmp_path / "second.zip")

    assert found(report) == {}
    assert (tmp_path / "second.zip").read_bytes() == (tmp_path / "first.zip").read_bytes()


async def test_every_database_gives_the_same_bytes(database: Database, another: Database, tmp_path: Path) -> None:
    for each, name in ((database, "one.zip"), (another, "other.zip")):
        await store(each, *odd_rows())
        async with each.transaction() as session:
            await a_district(session)
        await export_to(each, tmp_path / name)

    assert texts(tmp_path / "one.zip") == texts(tmp_path / "other.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()


async def test_rows_may_move_to_another_database(database: Database, another: Database, tmp_path: Path) -> None:
    async with database.transaction() as session:
        await a_district(session)

    summary = await export_to(database, tmp_path / "first.zip")
    report = await import_from(another, tmp_path / "first.zip")
    await export_to(another, tmp_path / "second.zip")

    assert report.errors == 0
    assert (tmp_path / "second.zip").read_bytes() == (tmp_path / "first.zip").read_bytes()
    assert summary.without_file == {"assessment_line_items": 2, "assessment_results": 2}


async def test_what_needs_a_deleted_row_is_left_out(database: Database, tmp_path: Path) -> None:
    await store(database, *odd_rows())

    summary = await export_to(database, tmp_path / "out.zip")

    assert list(rows(tmp_path / "out.zip", "classes")) == ["latin-1", "latin-2"]
    assert list(rows(tmp_path / "out.zip", "enrollments")) == ["latin-1-wei"]
    assert list(rows(tmp_path / "out.zip", "demographics")) == ["wei"]
    assert {name: outcome.left_out for name, outcome in summary.files.items() if outcome.left_out} == {
        "orgs": {"status": 1},
        "academicSessions": {"status": 1},
        "courses": {"status": 1},
        "classes": {"courseSourcedId": 1, "termSourcedIds": 1},
        "users": {"status": 1},
        "demographics": {"sourcedId": 1},
        "enrollments": {"classSourcedId": 2, "userSourcedId": 1},
    }


async def test_a_reference_to_a_deleted_row_is_left_blank(database: Database, tmp_path: Path) -> None:
    await store(database, *odd_rows())

    summary = await export_to(database, tmp_path / "out.zip")

    assert rows(tmp_path / "out.zip", "orgs")["open"]["parentSourcedId"] == ""
    assert rows(tmp_path / "out.zip", "classes")["latin-1"]["termSourcedIds"] == "now"
    assert rows(tmp_path / "out.zip", "users")["zoe"]["primaryOrgSourcedId"] == ""
    assert rows(tmp_path / "out.zip", "users")["wei"]["agentSourcedIds"] == "wei,zoe"
    assert {name: outcome.dropped for name, outcome in summary.files.items() if outcome.dropped} == {
        "orgs": {"parentSourcedId": 1},
        "classes": {"termSourcedIds": 1},
        "users": {"agentSourcedIds": 1, "primaryOrgSourcedId": 1},
    }


async def test_metadata_have_columns_after_those_of_the_standard(database: Database, tmp_path: Path) -> None:
    await store(database, *odd_rows())

    await export_to(database, tmp_path / "out.zip")

    first, second = rows(tmp_path / "out.zip", "classes").values()
    assert list(first)[-4:] == ["periods", "metadata.größe", "metadata.n", "metadata.seats"]
    assert list(first.values())[-3:] == ["", "61", '{"a":[true,0.5],"b":10000000000000000}']
    assert list(second.values())[-3:] == ["“L”, XL", "", ""]
    assert texts(tmp_path / "out.zip")["users.csv"].splitlines()[0].endswith(",pronouns")  # those of a deleted one


async def test_an_empty_database_is_21_empty_files(database: Database, tmp_path: Path) -> None:
    await export_to(database, tmp_path / "out.zip")

    written = texts(tmp_path / "out.zip")
    assert len(written) == 22
    assert {text.count("\r\n") for name, text in written.items() if name != "manifest.csv"} == {1}
    assert written["manifest.csv"].count(",bulk\r\n") == 21
    assert "oneroster.version,1.2\r\n" in written["manifest.csv"]
    assert written["manifest.csv"].endswith("source.systemName,Homeroom\r\nsource.systemCode,homeroom\r\n")


async def test_an_export_sees_one_state_and_lets_others_write(database: Database, tmp_path: Path) -> None:
    await store(database, an_org("before", parent_sourced_id=None))

    async with snapshot(database) as connection:
        await export_bundle(connection, tmp_path / "first.zip")
        await store(database, an_org("after", parent_sourced_id=None))
        await export_bundle(connection, tmp_path / "second.zip")

    assert list(rows(tmp_path / "second.zip", "orgs")) == ["before"]
    await export_to(database, tmp_path / "third.zip")
    assert list(rows(tmp_path / "third.zip", "orgs")) == ["after", "before"]


async def test_nothing_can_be_written_through_a_snapshot(database: Database) -> None:
    async with snapshot(database) as connection:
        with pytest.raises(Exception, match=r"read-?only"):
            await connection.execute(delete(TABLES[-1]))


@pytest.mark.parametrize("name", ["out.zip", "out"])
async def test_there_is_nothing_at_the_path_until_all_is_there(database: Database, tmp_path: Path, name: str) -> None:
    target = tmp_path / "new" / name
    target.parent.mkdir()
    await store(database, an_org("one", parent_sourced_id=None))
    told = []

    def watch(*progress: object) -> None:
        assert not target.exists()
        told.append(progress)

    async with snapshot(database) as connection:
        await export_bundle(connection, target, watch)

    assert told == [("writing orgs.csv", 1, 1)]
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("name", ["out.zip", "out"])
async def test_a_failed_export_leaves_everything_as_it_was(database: Database, tmp_path: Path, name: str) -> None:
    (tmp_path / "new").mkdir()
    await export_to(database, tmp_path / "new" / name)
    before = sorted((tmp_path / "new").rglob("*"))
    await store(database, an_org("wide", parent_sourced_id=None, metadata_={f"k{n}": "x" for n in range(500)}))

    with pytest.raises(Unwritable, match=r"orgs\.csv: 500 metadata keys"):
        await export_to(database, tmp_path / "new" / name)

    assert sorted((tmp_path / "new").rglob("*")) == before


@pytest.mark.parametrize("name", ["out.zip", "out"])
async def test_an_export_can_be_stopped(database: Database, tmp_path: Path, name: str) -> None:
    target = tmp_path / "new" / name
    target.parent.mkdir()
    async with database.transaction() as session:  # so many that a statement is under way
        session.add_all(an_org(str(number), parent_sourced_id=None) for number in range(ROWS_AT_ONCE + 1))

    def stop(*_progress: object) -> None:
        task.cancel()

    async def export() -> None:
        async with snapshot(database) as connection:
            await export_bundle(connection, target, stop)

    task = asyncio.create_task(export())
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not list(target.parent.iterdir())
    assert (await export_to(database, target)).rows == ROWS_AT_ONCE + 1


async def test_a_folder_keeps_what_is_not_of_the_bundle(database: Database, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "notes.txt").write_text("mine")
    (target / "orgs.csv").write_text("old")

    await export_to(database, target)

    assert len(list(target.iterdir())) == 23
    assert (target / "notes.txt").read_text() == "mine"
    assert (target / "orgs.csv").read_bytes().startswith(b"sourcedId,status,dateLastModified,name,")


@pytest.mark.parametrize(
    ("value", "cell"),
    [(61.0, "61"), (-0.0, "0"), (0.1 + 0.2, "0.30000000000000004"), (1e22, "1e+22"), (-12.5, "-12.5")],
)
def test_a_number_has_one_form(value: float, cell: str) -> None:
    assert number(value) == cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (datetime(2026, 9, 1, tzinfo=UTC), "2026-09-01"),
        (datetime(2026, 9, 1, 8, 30, 0, 5000, tzinfo=UTC), "2026-09-01T08:30:00.005Z"),
        ("2026-09-01T00:00:00.000Z", "2026-09-01"),
        ("2026-09-01T00:00:00.001Z", "2026-09-01T00:00:00.001Z"),
    ],
)
def test_a_moment_at_midnight_is_a_date(value: datetime | str, cell: str) -> None:
    assert moment(value) == cell


@pytest.mark.parametrize(
    ("stored", "cell"),
    [
        ('{"x": "a, b"}', '"a, b"'),
        ('{"x": " "}', " "),
        ('{"x": 1e+16}', "10000000000000000"),
        ('{"x": 12345678901234567890}', "12345678901234567890"),
        ('{"x": {"b": null, "a": ["é"]}}', '"{""a"":[""é""],""b"":null}"'),
        ('{"x": false}', "false"),
        ('{"x": null}', ""),
        ("{}", ""),
        (None, ""),
    ],
)
def test_metadata_that_are_no_text_are_json(stored: str | None, cell: str) -> None:
    assert metadata_cells(stored, ["x"]) == [cell]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2)))
def test_any_text_can_be_read_back(table: Sequence[Sequence[str]]) -> None:
    written = lines(map(quoted, row) for row in table)

    assert list(csv.reader(io.StringIO(written, newline=""), strict=True)) == table
