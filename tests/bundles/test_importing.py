"""What becomes of the rows of a bundle."""

import asyncio
from typing import Any

import pytest

from models import Category, Class, Enrollment, LineItem, Org, Result, ScoreScale, User
from models.database import Database
from service.bundles.importing import Busy, ImportOptions, import_bundle
from service.bundles.reading import open_bundle
from service.bundles.report import Report
from service.records.rules import Rule
from tests.bundles.making import (
    TakeIn,
    contents,
    found,
    lines,
    springfield,
    springfield_delta,
    stored,
    write_folder,
)


async def one(database: Database, model: type[Any], sourced_id: str) -> Any:
    async with database.read_session() as session:
        return await session.get_one(model, sourced_id)


async def links(database: Database, table: str) -> list[tuple[Any, ...]]:
    return (await stored(database))[table]


async def test_every_row_is_stored(take_in: TakeIn, database: Database) -> None:
    report = await take_in(contents(springfield()))

    assert report.loaded
    assert found(report) == {}
    assert {name: counts.created for name, counts in report.counts.items()} == {
        name: len(rows) for name, rows in springfield().items()
    }


async def test_cells_become_values(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(springfield()))

    zoe, sheet = await one(database, User, "zoe"), await one(database, LineItem, "sheet")
    assert (zoe.given_name, zoe.enabled_user, zoe.middle_name) == ("Zoë", True, None)
    assert zoe.user_ids == [{"type": "LDAP", "identifier": "zoe"}, {"type": "SIS", "identifier": "7"}]
    assert (sheet.assign_date.isoformat(), sheet.due_date.isoformat()) == (
        "2026-08-20T00:00:00+00:00",
        "2026-08-27T10:30:00+00:00",
    )
    assert (await one(database, Class, "algebra-1")).grades == ["09", "10"]
    assert (await one(database, ScoreScale, "letters")).score_scale_value[0] == {
        "itemValueLHS": "90-100",
        "itemValueRHS": "A",
    }


async def test_lists_of_ids_become_links(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(springfield()))

    assert await links(database, "class_terms") == [("algebra-1", "fall"), ("algebra-1", "spring")]
    assert await links(database, "user_agents") == [("zoe", "ann")]


async def test_an_import_again_changes_nothing(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(springfield()))
    before = await stored(database)

    report = await take_in(contents(springfield()))

    assert await stored(database) == before
    assert all(counts.changed == 0 and counts.unchanged for counts in report.counts.values())


async def test_only_a_changed_row_is_stamped(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    await take_in(contents(files))
    before = await stored(database)
    files["users"][1]["familyName"] = "Oakley"

    report = await take_in(contents(files))

    after = await stored(database)
    changed = [old[0] for old, new in zip(before["users"], after["users"], strict=True) if old != new]
    assert changed == ["ann"]
    assert {name: rows for name, rows in after.items() if rows != before[name]}.keys() == {"users", "changes"}
    assert report.counts["users"].updated == 1


async def test_a_row_whose_links_change_is_stamped(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    await take_in(contents(files))
    before = await one(database, Class, "algebra-1")
    files["classes"][0]["termSourcedIds"] = "spring"

    report = await take_in(contents(files))

    assert await links(database, "class_terms") == [("algebra-1", "spring")]
    assert (await one(database, Class, "algebra-1")).date_last_modified > before.date_last_modified
    assert report.counts["classes"].updated == 1


async def test_what_a_file_has_no_column_for_stays(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    files["users"][0]["metadata.house"] = "Red"
    await take_in(contents(files))
    short = "sourcedId,status,dateLastModified,enabledUser,givenName,familyName\nzoe,,,true,Zora,O'Brien\n"

    await take_in(contents({"users": short}))

    zoe = await one(database, User, "zoe")
    assert (zoe.given_name, zoe.username, zoe.metadata_) == ("Zora", "zoe", {"house": "Red"})
    assert await links(database, "user_agents") == [("zoe", "ann")]


async def test_a_blank_cell_empties_the_column(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    await take_in(contents(files))
    files["users"][0] |= {"username": "", "agentSourcedIds": ""}

    await take_in(contents(files))

    assert (await one(database, User, "zoe")).username is None
    assert await links(database, "user_agents") == []


async def test_columns_of_the_sender_are_metadata(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    files["orgs"][0] |= {"metadata.region": "Nord", "metadata.code": "7"}
    files["orgs"][1] |= {"metadata.region": "", "metadata.code": ""}

    await take_in(contents(files))

    assert (await one(database, Org, "district")).metadata_ == {"region": "Nord", "code": "7"}
    assert (await one(database, Org, "school")).metadata_ is None


async def test_a_password_is_stored_nowhere(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(springfield()))

    assert "secret" not in str(await stored(database))


async def test_one_bad_row_keeps_the_whole_bundle_out(take_in: TakeIn, database: Database) -> None:
    files, before = springfield(), await stored(database)
    files["results"][0]["score"] = "nine"

    report = await take_in(contents(files))

    assert not report.loaded
    assert await stored(database) == before
    assert lines(report, Rule.NUMBER) == [("results.csv", 2, "score", "nine")]


async def test_good_rows_can_be_loaded_alone(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    files["results"][0]["score"] = "nine"

    report = await take_in(contents(files), skip_bad=True)

    assert report.loaded
    assert (await stored(database))["results"] == []
    assert (report.counts["results"].refused, report.counts["users"].created) == (1, 2)


async def test_a_refused_row_that_is_stored_can_still_be_referred_to(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    await take_in(contents(files))
    files["users"][0]["enabledUser"] = "perhaps"
    files["results"][0]["score"] = "7"

    report = await take_in(contents(files), skip_bad=True)

    assert found(report) == {"boolean": 1}
    assert (await one(database, Result, "zoe-sheet")).score == 7


async def test_the_first_of_two_rows_with_one_id_stays(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    files["orgs"].append({**files["orgs"][1], "name": "Again"})

    report = await take_in(contents(files), skip_bad=True)

    assert lines(report, Rule.DUPLICATE) == [("orgs.csv", 4, "sourcedId", "school")]
    assert (await one(database, Org, "school")).name == "École “Nord”, 2"


async def test_a_delta_marks_rows_as_deleted(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(springfield()))
    gone = {"status": "tobedeleted", "dateLastModified": "2026-09-01T00:00:00.000Z"}
    rows = [{"sourcedId": "zoe-algebra", **gone}, {"sourcedId": "never-seen", **gone}]

    report = await take_in(contents({"enrollments": rows}, mode="delta"))

    assert (await one(database, Enrollment, "zoe-algebra")).status == "tobedeleted"
    assert len((await stored(database))["enrollments"]) == 1
    assert (report.counts["enrollments"].deleted, report.counts["enrollments"].unchanged) == (1, 1)


async def test_a_delta_again_changes_nothing(take_in: TakeIn, database: Database) -> None:
    delta = springfield_delta(springfield())
    await take_in(contents(delta, mode="delta"))
    delta["enrollments"][0]["status"] = "tobedeleted"
    await take_in(contents(delta, mode="delta"))
    before = await stored(database)

    report = await take_in(contents(delta, mode="delta"))

    assert await stored(database) == before
    assert all(counts.changed == 0 for counts in report.counts.values())


async def test_a_row_comes_back(take_in: TakeIn, database: Database) -> None:
    delta = springfield_delta(springfield())
    delta["enrollments"][0]["status"] = "tobedeleted"
    await take_in(contents(springfield()))
    await take_in(contents(delta, mode="delta"))

    await take_in(contents(springfield()))

    assert (await one(database, Enrollment, "zoe-algebra")).status == "active"


async def test_rows_that_refer_to_each_other_come_in_any_order(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    await take_in(contents({"orgs": [files["orgs"][0]]}))
    rows = [
        {**files["orgs"][0], "parentSourcedId": "state"},
        {"sourcedId": "state", "name": "S", "type": "state", "identifier": "9"},
    ]

    report = await take_in(contents({"orgs": rows}))

    assert found(report) == {}
    assert (await one(database, Org, "district")).parent_sourced_id == "state"


@pytest.mark.parametrize("kind", ["staging_session", "write_session"])
async def test_imports_fit_into_one_transaction(take_in: TakeIn, database: Database, kind: str) -> None:
    """Also after others that were given up, and of which nothing stays."""
    folder, before = write_folder(take_in.folder, contents(springfield())), await stored(database)
    with open_bundle(folder, 1_000_000) as bundle:
        async with getattr(database, kind)() as session:
            for end in (session.rollback, session.commit):
                for _ in range(2):
                    assert await import_bundle(session, bundle, ImportOptions(), Report())
                assert await stored(database) == before
                await end()

    assert len((await stored(database))["users"]) == 2


async def test_two_imports_do_not_run_at_once(take_in: TakeIn, database: Database) -> None:
    """PostgreSQL turns the second one away at once, SQLite when it wants to store what it has compared."""
    folder, stops = write_folder(take_in.folder, contents(springfield())), asyncio.Event()

    def watch(act: str, *_: int) -> None:
        if act.startswith("waiting"):
            stops.set()

    async def come_second() -> None:
        try:
            async with database.staging_session() as session:
                await import_bundle(session, bundle, ImportOptions(), Report(watch=watch))
        finally:
            stops.set()

    with open_bundle(folder, 1_000_000) as bundle:
        async with database.staging_session() as first:
            assert await import_bundle(first, bundle, ImportOptions(), Report())
            second = asyncio.create_task(come_second())
            await stops.wait()
            await first.commit()
        with pytest.raises(Busy):
            await second

    again = await take_in(contents(springfield()))
    assert all(counts.changed == 0 and counts.unchanged for counts in again.counts.values())


@pytest.mark.parametrize("act", ["reading users.csv", "comparing users", "waiting for other writers", "storing users"])
async def test_an_import_that_is_broken_off_leaves_nothing_behind(
    take_in: TakeIn, database: Database, act: str
) -> None:
    before, files = await stored(database), contents(springfield())

    def leave(now: str, *_: int) -> None:
        if now == act:
            importing.cancel()

    importing = asyncio.create_task(take_in(files, watch=leave))
    with pytest.raises(asyncio.CancelledError):
        await importing

    assert await stored(database) == before
    async with database.transaction() as session:  # nobody holds a lock
        session.add(Category(sourced_id="exam", title="Exam"))
    assert (await take_in(files)).loaded


async def test_issues_of_many_pages_are_all_told(take_in: TakeIn) -> None:
    row = {"name": "x", "type": "school", "identifier": "i"}
    rows = [{**row, "sourcedId": f"o{n}", "parentSourcedId": "nobody"} for n in range(2_500)]

    report = await take_in(contents({"orgs": [*rows, *rows]}))

    assert found(report) == {"duplicate": 2_500, "unknown-optional": 5_000}
