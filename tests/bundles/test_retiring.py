"""Rows that a bulk file no longer has."""

from models.database import Database
from tests.bundles.making import Files, TakeIn, contents, found, springfield_delta, stored
from tests.bundles.test_v1p1 import springfield_1_1


def orgs(count: int) -> Files:
    return {"orgs": [{"sourcedId": f"o{n:02}", "name": "x", "type": "school", "identifier": "i"} for n in range(count)]}


async def statuses(database: Database, table: str = "orgs") -> str:
    """`ad` for one that is active and one that is deleted."""
    return "".join("a" if row[1] == "active" else "d" for row in (await stored(database))[table])


async def test_missing_rows_are_kept_by_default(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(orgs(3)))
    await take_in(contents(orgs(1)))

    assert await statuses(database) == "aaa"


async def test_missing_rows_are_retired_on_demand(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(orgs(10)))

    report = await take_in(contents(orgs(9)), retire_missing=True)

    assert await statuses(database) == "aaaaaaaaad"
    assert (report.counts["orgs"].retired, report.counts["orgs"].unchanged) == (1, 9)


async def test_retiring_again_changes_nothing(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(orgs(10)))
    await take_in(contents(orgs(9)), retire_missing=True)
    before = await stored(database)

    report = await take_in(contents(orgs(9)), retire_missing=True)

    assert await stored(database) == before
    assert report.counts["orgs"].retired == 0


async def test_too_many_missing_rows_stop_the_import_in_any_case(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(orgs(10)))
    before = await stored(database)

    report = await take_in(contents(orgs(8)), retire_missing=True, skip_bad=True)

    assert not report.loaded
    assert found(report) == {"retire-limit": 1}
    assert await stored(database) == before


async def test_the_limit_can_be_raised(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(orgs(10)))
    await take_in(contents(orgs(5)), retire_missing=True, missing_limit=50)

    assert await statuses(database) == "aaaaaddddd"


async def test_a_delta_retires_nothing(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(orgs(3)))
    await take_in(contents(springfield_delta(orgs(1)), mode="delta"), retire_missing=True, missing_limit=100)

    assert await statuses(database) == "aaa"


async def test_a_file_that_is_absent_retires_nothing(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(orgs(3)))
    await take_in(contents({"users": []}), retire_missing=True, missing_limit=100)

    assert await statuses(database) == "aaa"


async def test_a_refused_row_is_not_missing(take_in: TakeIn, database: Database) -> None:
    files = orgs(3)
    await take_in(contents(files))
    files["orgs"][0]["type"] = "shop"

    report = await take_in(contents(files), retire_missing=True, missing_limit=100, skip_bad=True)

    assert await statuses(database) == "aaa"
    assert (report.loaded, report.counts["orgs"].retired) == (True, 0)


async def test_nothing_is_retired_while_a_row_cannot_be_named(take_in: TakeIn, database: Database) -> None:
    files = orgs(3)
    await take_in(contents(files))
    files["orgs"][0]["sourcedId"] = "o 0"

    report = await take_in(contents(files), retire_missing=True, missing_limit=100, skip_bad=True)

    assert await statuses(database) == "aaa"
    assert found(report) == {"id": 1, "retire-skipped": 1}


async def test_a_file_without_a_header_retires_nothing(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(orgs(3)))

    report = await take_in(contents({"orgs": ""}), retire_missing=True, missing_limit=100, skip_bad=True)

    assert "retire-skipped" in found(report)
    assert await statuses(database) == "aaa"


async def test_roles_of_1_1_retire_with_their_users(take_in: TakeIn, database: Database) -> None:
    files = springfield_1_1()
    await take_in(contents(files, "1.1"))
    texts = contents({"users": [{**files["users"][0], "sourcedId": "zac", "orgSourcedIds": "school"}]}, "1.1")

    await take_in(texts, retire_missing=True, missing_limit=100)

    assert await statuses(database, "users") == "ad"
    assert sorted(await statuses(database, "roles")) == ["a", "d", "d"]
