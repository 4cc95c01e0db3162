"""What an import leaves in the history, which rows it stamps, and who waits for it."""

import asyncio
import json
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import func, select, update

from models import Base, Change, Org, Resource, User
from models.base import stamp
from models.database import Database
from service.bundles.importing import ImportOptions, import_bundle
from service.bundles.reading import open_bundle
from service.bundles.report import Report
from service.records.history import collection_of, known_collections
from tests.bundles.conftest import Command
from tests.bundles.making import (
    Files,
    Row,
    TakeIn,
    contents,
    springfield,
    write_folder,
    write_zip,
)
from tests.bundles.test_v1p1 import springfield_1_1

GONE = {"status": "tobedeleted", "dateLastModified": "2026-09-01T00:00:00.000Z"}
# A row of each file that is part of another record, a change to it, and the table and sourcedId of that record.
PARTS: dict[str, tuple[Row, Row, str, str]] = {
    "roles": (
        {"userSourcedId": "zoe", "roleType": "secondary", "role": "aide", "orgSourcedId": "school"},
        {"role": "proctor"},
        "users",
        "zoe",
    ),
    "userProfiles": (
        {
            "userSourcedId": "zoe",
            "profileType": "x",
            "vendorId": "v",
            "credentialType": "c",
            "username": "zoe",
        },
        {"username": "zoe2"},
        "users",
        "zoe",
    ),
    "userResources": (
        {"userSourcedId": "ann", "resourceSourcedId": "book"},
        {"orgSourcedId": "school"},
        "users",
        "ann",
    ),
    "classResources": (
        {"title": "x", "classSourcedId": "algebra-1", "resourceSourcedId": "book"},
        {"title": "y"},
        "classes",
        "algebra-1",
    ),
    "courseResources": (
        {"title": "x", "courseSourcedId": "algebra", "resourceSourcedId": "book"},
        {"title": "y"},
        "courses",
        "algebra",
    ),
    "lineItemScoreScales": (
        {"title": "x", "lineItemSourcedId": "sheet", "scoreScaleSourcedId": "letters"},
        {"title": "y"},
        "lineItems",
        "sheet",
    ),
    "resultScoreScales": (
        {"title": "x", "resultSourcedId": "zoe-sheet", "scoreScaleSourcedId": "letters"},
        {"title": "y"},
        "results",
        "zoe-sheet",
    ),
    "lineItemLearningObjectiveIds": (
        {"lineItemSourcedId": "sheet", "source": "unknown", "learningObjectiveId": "LO2"},
        {"learningObjectiveId": "LO3"},
        "lineItems",
        "sheet",
    ),
    "resultLearningObjectiveIds": (
        {"resultSourcedId": "zoe-sheet", "source": "unknown", "learningObjectiveId": "LO2", "score": "1"},
        {"score": "2"},
        "results",
        "zoe-sheet",
    ),
}
each_part = pytest.mark.parametrize("file", PARTS)


class Entry(NamedTuple):
    collection: str
    sourced_id: str | None
    what: str


async def changes(database: Database, after: int = 0) -> list[Change]:
    async with database.read_session() as session:
        return [*await session.scalars(select(Change).where(Change.seq > after).order_by(Change.seq))]


async def entries(database: Database, after: int = 0) -> list[Entry]:
    return [Entry(each.collection, each.sourced_id, each.what) for each in await changes(database, after)]


async def last(database: Database) -> int:
    async with database.read_session() as session:
        return await session.scalar(select(func.max(Change.seq))) or 0


async def before(database: Database, sourced_id: str) -> Any:
    """The row as the last entry of its history has it."""
    [*_, entry] = [each for each in await changes(database) if each.sourced_id == sourced_id]
    return json.loads(entry.before or "null")


async def stamps(database: Database) -> dict[tuple[str, str], datetime]:
    """Of every record, by the name of its file and its sourcedId."""
    async with database.read_session() as session:
        return {
            (name, row.sourced_id): row.date_last_modified
            for name, table in known_collections().items()
            for row in await session.execute(select(table.c.sourced_id, table.c.date_last_modified))
        }


async def stamped(database: Database, earlier: dict[tuple[str, str], datetime]) -> set[tuple[str, str]]:
    """The records whose stamps changed, after it is checked that all of these bear the same, later one."""
    now = await stamps(database)
    changed = {record for record, moment in now.items() if moment != earlier.get(record)}
    assert len({now[record] for record in changed}) <= 1
    assert all(now[record] > max(earlier.values()) for record in changed)
    return changed


def district() -> Files:
    """Springfield with a row of each file that is part of another record."""
    files = springfield()
    for name, (row, *_) in PARTS.items():
        files.setdefault(name, []).append({"sourcedId": f"part-{name}", **row})
    return files


# --- entries ---------------------------------------------------------------------------------------------------------


async def test_a_table_that_was_empty_has_one_entry(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(springfield()))

    found = {each.collection: (each.sourced_id, each.what, each.count, each.before) for each in await changes(database)}
    assert found == {name: (None, "loaded", len(rows), None) for name, rows in springfield().items()}
    assert len(await changes(database)) == len(springfield())


async def test_a_bundle_without_rows_leaves_no_entry(take_in: TakeIn, database: Database) -> None:
    await take_in(contents({"orgs": []}))

    assert await entries(database) == []


async def test_an_import_that_changes_nothing_leaves_no_entry_and_no_stamp(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(district()))
    earlier, seq = await stamps(database), await last(database)

    await take_in(contents(district()), retire_missing=True)

    assert await entries(database, seq) == []
    assert await stamped(database, earlier) == set()


async def test_a_new_row_is_written_down(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    await take_in(contents(files))
    seq = await last(database)
    files["users"].append({"sourcedId": "kim", "enabledUser": "true", "givenName": "Kim", "familyName": "Ode"})

    await take_in(contents(files))

    assert await entries(database, seq) == [("users", "kim", "created")]
    assert await before(database, "kim") is None


async def test_a_changed_row_is_written_down_as_it_was(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    await take_in(contents(files))
    seq, earlier = await last(database), await stamps(database)
    files["users"][0] |= {"familyName": "Oakley", "agentSourcedIds": ""}

    await take_in(contents(files))

    was = await before(database, "zoe")
    assert await entries(database, seq) == [("users", "zoe", "updated")]
    assert (was["familyName"], was["agentSourcedIds"], was["status"]) == ("O'Brien", ["ann"], "active")
    assert datetime.fromisoformat(was["dateLastModified"]) == earlier["users", "zoe"]


async def test_a_list_that_changes_is_written_down_as_it_was(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    await take_in(contents(files))
    seq = await last(database)
    files["classes"][0]["termSourcedIds"] = "spring"

    await take_in(contents(files))

    assert await entries(database, seq) == [("classes", "algebra-1", "updated")]
    assert (await before(database, "algebra-1"))["termSourcedIds"] == ["fall", "spring"]


async def test_a_deleted_row_is_written_down_as_it_was(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(springfield()))
    seq = await last(database)
    rows = [{"sourcedId": name, **GONE} for name in ("zoe-algebra", "never-seen")]

    for _ in range(2):
        await take_in(contents({"enrollments": rows}, mode="delta"))

    assert await entries(database, seq) == [("enrollments", "zoe-algebra", "deleted")]
    assert (await before(database, "zoe-algebra"))["status"] == "active"


async def test_a_retired_row_is_written_down_as_deleted(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(springfield()))
    seq = await last(database)

    await take_in(contents({"enrollments": []}), retire_missing=True, missing_limit=100)

    assert await entries(database, seq) == [("enrollments", "zoe-algebra", "deleted")]


async def test_a_row_that_comes_back_is_written_down_as_updated(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(springfield()))
    await take_in(contents({"enrollments": [{"sourcedId": "zoe-algebra", **GONE}]}, mode="delta"))
    seq = await last(database)

    await take_in(contents(springfield()))

    assert await entries(database, seq) == [("enrollments", "zoe-algebra", "updated")]
    assert (await before(database, "zoe-algebra"))["status"] == "tobedeleted"


async def test_a_bundle_that_does_all_of_it_has_one_entry_for_each_row(take_in: TakeIn, database: Database) -> None:
    org = {"name": "x", "type": "school", "identifier": "i"}
    await take_in(contents({"orgs": [{"sourcedId": f"o{n}", **org} for n in range(5)]}))
    seq = await last(database)
    rows = [{"sourcedId": "o0", **org}, {"sourcedId": "o1", **org, "name": "y"}, {"sourcedId": "o2", **org, **GONE}]

    report = await take_in(
        contents({"orgs": [*rows, {"sourcedId": "o9", **org}]}), retire_missing=True, missing_limit=100
    )

    assert sorted(await entries(database, seq)) == [
        ("orgs", "o1", "updated"),
        ("orgs", "o2", "deleted"),
        ("orgs", "o3", "deleted"),
        ("orgs", "o4", "deleted"),
        ("orgs", "o9", "created"),
    ]
    assert report.counted["orgs"] == {
        "created": 1,
        "updated": 1,
        "unchanged": 1,
        "deleted": 1,
        "refused": 0,
        "retired": 2,
    }


async def test_a_role_of_1_1_that_ended_is_written_down(take_in: TakeIn, database: Database) -> None:
    files = springfield_1_1()
    files["users"][0]["orgSourcedIds"] = "school,district"
    await take_in(contents(files, "1.1"))
    seq, earlier = await last(database), await stamps(database)
    files["users"][0]["orgSourcedIds"] = "school"

    report = await take_in(contents(files, "1.1"))

    user = files["users"][0]["sourcedId"]
    [touched, ended] = await entries(database, seq)
    assert touched == ("users", user, "updated")
    assert (ended.collection, ended.what) == ("roles", "deleted")
    assert await stamped(database, earlier) == {touched[:2], ended[:2]}
    assert (report.counts["roles"].deleted, report.counts["roles"].unchanged) == (1, 1)


# --- authors ---------------------------------------------------------------------------------------------------------


async def test_the_author_is_the_bundle(command: Command, database: Database, tmp_path: Path) -> None:
    bundle = write_zip(tmp_path / "nightly.zip", contents(springfield()))

    assert (await asyncio.to_thread(command, bundle)).exit_code == 0

    authors = {(each.author_kind, each.author, each.request_id) for each in await changes(database)}
    assert authors == {("import", "nightly.zip", None)}


@pytest.mark.parametrize("option", ["--dry-run", "--missing-limit=0"])
async def test_what_is_not_stored_is_not_written_down(
    command: Command, database: Database, tmp_path: Path, option: str
) -> None:
    files = springfield()
    await asyncio.to_thread(command, write_zip(tmp_path / "first.zip", contents(files)))
    earlier, seq = await stamps(database), await last(database)
    files["users"][0]["familyName"] = "Oakley"
    files["enrollments"] = []

    bundle = write_zip(tmp_path / "second.zip", contents(files))
    await asyncio.to_thread(command, bundle, "--missing=retire", option)

    assert await entries(database, seq) == []
    assert await stamped(database, earlier) == set()


# --- owners ----------------------------------------------------------------------------------------------------------


def test_every_part_is_tested() -> None:
    columns = (column for table in Base.metadata.sorted_tables for column in table.c if column.info.get("part"))

    assert {collection_of(column.table) for column in columns} == set(PARTS)


@each_part
async def test_a_changed_part_stamps_its_owner(take_in: TakeIn, database: Database, file: str) -> None:
    files, (_, change, owners, owner) = district(), PARTS[file]
    await take_in(contents(files))
    seq, earlier = await last(database), await stamps(database)
    files[file][-1] |= change

    await take_in(contents(files))

    assert await stamped(database, earlier) == {(owners, owner), (file, f"part-{file}")}
    assert await entries(database, seq) == [(owners, owner, "updated"), (file, f"part-{file}", "updated")]
    assert (await before(database, owner))["sourcedId"] == owner


@each_part
async def test_a_new_part_stamps_its_owner(take_in: TakeIn, database: Database, file: str) -> None:
    files, (row, _, owners, owner) = district(), PARTS[file]
    await take_in(contents(files))
    seq, earlier = await last(database), await stamps(database)

    await take_in(contents({file: [*files[file], {"sourcedId": "new", **row}]}))

    assert await stamped(database, earlier) == {(owners, owner), (file, "new")}
    assert await entries(database, seq) == [(owners, owner, "updated"), (file, "new", "created")]


@each_part
async def test_a_deleted_part_stamps_its_owner(take_in: TakeIn, database: Database, file: str) -> None:
    _, _, owners, owner = PARTS[file]
    await take_in(contents(district()))
    seq, earlier = await last(database), await stamps(database)

    await take_in(contents({file: [{"sourcedId": f"part-{file}", **GONE}]}, mode="delta"))

    assert await stamped(database, earlier) == {(owners, owner), (file, f"part-{file}")}
    assert await entries(database, seq) == [(owners, owner, "updated"), (file, f"part-{file}", "deleted")]


@each_part
async def test_a_retired_part_stamps_its_owner(take_in: TakeIn, database: Database, file: str) -> None:
    files, (_, _, owners, owner) = district(), PARTS[file]
    await take_in(contents(files))
    seq, earlier = await last(database), await stamps(database)

    await take_in(contents({file: files[file][:-1]}), retire_missing=True, missing_limit=100)

    assert await stamped(database, earlier) == {(owners, owner), (file, f"part-{file}")}
    assert await entries(database, seq) == [(owners, owner, "updated"), (file, f"part-{file}", "deleted")]


@each_part
async def test_the_first_parts_stamp_their_owners(take_in: TakeIn, database: Database, file: str) -> None:
    files, (row, _, owners, owner) = springfield(), PARTS[file]
    files.pop(file, None)
    await take_in(contents(files))
    seq, earlier = await last(database), await stamps(database)

    await take_in(contents({file: [{"sourcedId": "new", **row}]}))

    assert await stamped(database, earlier) == {(owners, owner), (file, "new")}
    assert await entries(database, seq) == [(owners, owner, "updated"), (file, None, "loaded")]


async def test_a_role_that_moves_stamps_both_users(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    await take_in(contents(files))
    earlier = await stamps(database)
    files["roles"][0]["userSourcedId"] = "ann"

    await take_in(contents({"roles": files["roles"]}))

    assert await stamped(database, earlier) == {("users", "ann"), ("users", "zoe"), ("roles", "zoe-role")}


async def test_an_owner_that_changes_itself_has_one_entry(take_in: TakeIn, database: Database) -> None:
    files = district()
    await take_in(contents(files))
    seq = await last(database)
    files["users"][0]["familyName"] = "Oakley"
    files["roles"][0]["role"] = "aide"
    files["userProfiles"][0]["username"] = "zoe2"

    await take_in(contents(files))

    assert [each for each in await entries(database, seq) if each.collection == "users"] == [
        ("users", "zoe", "updated")
    ]
    assert (await before(database, "zoe"))["familyName"] == "O'Brien"


async def test_an_owner_of_two_changed_parts_has_one_entry(take_in: TakeIn, database: Database) -> None:
    files = district()
    await take_in(contents(files))
    seq = await last(database)
    files["roles"][0]["role"] = "aide"
    files["userProfiles"][0]["username"] = "zoe2"

    report = await take_in(contents(files))

    assert (await entries(database, seq)).count(Entry("users", "zoe", "updated")) == 1
    assert (report.counts["users"].updated, report.counts["users"].unchanged) == (0, 2)


async def test_a_new_user_with_a_role_has_one_entry(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    await take_in(contents(files))
    seq = await last(database)
    files["users"].append({"sourcedId": "kim", "enabledUser": "true", "givenName": "Kim", "familyName": "Ode"})
    files["roles"].append({**files["roles"][0], "sourcedId": "kim-role", "userSourcedId": "kim"})

    await take_in(contents(files))

    assert await entries(database, seq) == [("users", "kim", "created"), ("roles", "kim-role", "created")]


# --- stamps, and other writers ---------------------------------------------------------------------------------------


async def test_all_stamps_of_an_import_are_the_same_and_later_than_those_before(
    take_in: TakeIn, database: Database
) -> None:
    files = district()
    await take_in(contents(files))
    async with database.transaction() as session:
        await session.execute(update(Org).values(date_last_modified=stamp()))
    earlier = await stamps(database)
    for rows in files.values():
        rows.append({**deepcopy(rows[0]), "sourcedId": "ann" if "birthDate" in rows[0] else "another"})

    await take_in(contents(files))

    assert {name for name, _ in await stamped(database, earlier)} == set(files)


async def compared(take_in: TakeIn, files: Files) -> "asyncio.Task[Report]":
    """An import that has compared its bundle with what is stored, and waits for the writers."""
    waits = asyncio.Event()

    def watch(act: str, *_: int) -> None:
        if act.startswith("waiting"):
            waits.set()

    importing = asyncio.create_task(take_in(contents(files), watch=watch))
    await asyncio.wait_for(waits.wait(), 30)
    return importing


async def test_what_a_writer_changes_meanwhile_is_overwritten_and_stays_in_the_history(
    take_in: TakeIn, database: Database
) -> None:
    files = springfield()
    await take_in(contents(files))
    seq = await last(database)
    files["users"][1]["familyName"] = "Oakley"

    async with database.write_session() as writer:
        await writer.execute(update(User).where(User.sourced_id == "ann").values(family_name="Meanwhile"))
        importing = await compared(take_in, files)
        await writer.commit()
    await importing

    async with database.read_session() as session:
        assert (await session.get_one(User, "ann")).family_name == "Oakley"
    assert await entries(database, seq) == [("users", "ann", "updated")]
    assert (await before(database, "ann"))["familyName"] == "Meanwhile"


@pytest.mark.parametrize("stored", [0, 1])
async def test_what_a_writer_creates_meanwhile_is_updated(take_in: TakeIn, database: Database, stored: int) -> None:
    """Also in a table that was empty."""
    files = springfield()
    row = files["resources"][0]
    files["resources"] = [{**row, "sourcedId": "first"}][:stored]
    await take_in(contents(files))
    seq = await last(database)
    files["resources"] += [row, {**row, "sourcedId": "new"}]

    async with database.write_session() as writer:
        writer.add(Resource(sourced_id="book", vendor_resource_id="other", title="Meanwhile"))
        await writer.flush()
        importing = await compared(take_in, files)
        await writer.commit()
    await importing

    assert sorted(await entries(database, seq)) == [("resources", "book", "updated"), ("resources", "new", "created")]
    assert (await before(database, "book"))["title"] == "Meanwhile"
    async with database.read_session() as session:
        assert (await session.get_one(Resource, "book")).vendor_resource_id == "v1"


async def test_an_owner_that_gets_a_part_meanwhile_is_stamped(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    files["users"].append({"sourcedId": "kim", "enabledUser": "true", "givenName": "Kim", "familyName": "Ode"})
    await take_in(contents(files))
    earlier = await stamps(database)
    files["roles"][0]["userSourcedId"] = "ann"

    async with database.write_session() as writer:
        roles = Base.metadata.tables["roles"]
        await writer.execute(update(roles).values(user_sourced_id="kim"))
        importing = await compared(take_in, files)
        await writer.commit()
    await importing

    assert await stamped(database, earlier) == {("users", "kim"), ("users", "ann"), ("roles", "zoe-role")}


async def test_who_writes_while_an_import_merges_comes_after_it(take_in: TakeIn, database: Database) -> None:
    async def write() -> None:
        async with database.transaction() as session:
            await session.execute(update(Org).where(Org.sourced_id == "school").values(date_last_modified=stamp()))

    folder = write_folder(take_in.folder, contents(springfield()))
    with open_bundle(folder, 1_000_000) as bundle:
        async with database.staging_session() as session:
            await import_bundle(session, bundle, ImportOptions(), Report())
            writing = asyncio.create_task(write())
            await asyncio.sleep(0.2)
            assert not writing.done()
            await session.commit()
    await writing

    found = await stamps(database)
    assert found["orgs", "school"] > found["orgs", "district"]


async def test_an_import_that_changes_nothing_waits_for_nobody(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(springfield()))

    async with database.write_session() as writer:
        await writer.execute(update(Org).values(name="Meanwhile"))
        report = await asyncio.wait_for(take_in(contents(springfield())), 30)

    assert report.loaded
