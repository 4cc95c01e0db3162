"""Parents that lead back to the row itself, and sessions outside of their parents'."""

import pytest

from models import Org
from models.database import Database
from service.records.rules import Rule
from tests.bundles.making import Files, TakeIn, contents, found, lines, springfield, springfield_delta, stored


def orgs(*pairs: tuple[str, str]) -> Files:
    """Organisations, each with its parent."""
    given = {"name": "x", "type": "school", "identifier": "i"}
    return {"orgs": [{**given, "sourcedId": one, "parentSourcedId": parent} for one, parent in pairs]}


async def parents(database: Database) -> dict[str, str | None]:
    async with database.read_session() as session:
        return {name: (await session.get_one(Org, name)).parent_sourced_id for name in await names(database)}


async def names(database: Database) -> list[str]:
    return [row[0] for row in (await stored(database))["orgs"]]


LOOP = orgs(("a", "b"), ("b", "c"), ("c", "a"), ("below", "a"), ("alone", "alone"), ("top", ""), ("under", "top"))


async def test_the_last_row_of_a_loop_goes_without_its_parent(take_in: TakeIn, database: Database) -> None:
    report = await take_in(contents(LOOP))

    assert lines(report, Rule.PARENT_LOOP_OPTIONAL) == [
        ("orgs.csv", 4, "parentSourcedId", "a"),
        ("orgs.csv", 6, "parentSourcedId", "alone"),
    ]
    assert [issue.hint for issue in report.samples[Rule.PARENT_LOOP_OPTIONAL]] == ["c > a > b > c", "alone > alone"]
    kept = {"a": "b", "b": "c", "c": None, "below": "a", "alone": None, "top": None, "under": "top"}
    assert await parents(database) == kept

    again = await take_in(contents(LOOP))
    assert (await parents(database), again.counts["orgs"].changed) == (kept, 0)


async def test_a_strict_import_refuses_every_row_of_a_loop(take_in: TakeIn, database: Database) -> None:
    report = await take_in(contents(LOOP), strict=True, skip_bad=True)

    assert [line for _, line, *_ in lines(report, Rule.PARENT_LOOP)] == [2, 3, 4, 6]
    assert [issue.hint for issue in report.samples[Rule.PARENT_LOOP]][:2] == ["a > b > c > a", "b > c > a > b"]
    assert [issue.cause for issue in report.samples[Rule.REFUSED_REFERENCE]] == ["orgs.csv line 2"]
    assert await names(database) == ["top", "under"]


async def test_a_loop_may_go_through_what_is_stored(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(orgs(("a", "b"), ("b", "c"), ("c", ""))))

    report = await take_in(contents(springfield_delta(orgs(("c", "a"))), mode="delta"))

    assert lines(report, Rule.PARENT_LOOP_OPTIONAL) == [("orgs.csv", 2, "parentSourcedId", "a")]
    assert await parents(database) == {"a": "b", "b": "c", "c": None}


async def test_a_bundle_may_turn_parents_around(take_in: TakeIn, database: Database) -> None:
    await take_in(contents(orgs(("a", "b"), ("b", ""))))

    assert found(await take_in(contents(orgs(("a", ""), ("b", "a"))))) == {}
    assert await parents(database) == {"a": None, "b": "a"}


@pytest.mark.parametrize("length", [12, 400])
async def test_a_long_loop_is_named_by_its_beginning(take_in: TakeIn, database: Database, length: int) -> None:
    ring = orgs(*((f"o{at}", f"o{(at + 1) % length}") for at in range(length)))

    report = await take_in(contents(ring))

    [issue] = report.samples[Rule.PARENT_LOOP_OPTIONAL]
    assert issue.line == length + 1
    assert issue.hint.startswith(f"o{length - 1} > o0 > o1")
    assert issue.hint.endswith(f"… > o{length - 1}")


async def test_sessions_have_no_loops_either(take_in: TakeIn) -> None:
    files = springfield()
    files["academicSessions"][0]["parentSourcedId"] = "spring"
    files["academicSessions"][1]["parentSourcedId"] = "fall"

    assert found(await take_in(contents(files))) == {"parent-loop-optional": 1}


def with_year(begin: str, end: str) -> Files:
    files = springfield()
    year = {"sourcedId": "year", "title": "Y", "type": "schoolYear", "startDate": begin, "endDate": end}
    files["academicSessions"][0]["parentSourcedId"] = "year"
    files["academicSessions"].append({**year, "schoolYear": "2027"})
    return files


async def test_a_term_outside_of_its_year_is_told(take_in: TakeIn) -> None:
    assert found(await take_in(contents(with_year("2026-08-15", "2026-12-20")))) == {}

    report = await take_in(contents(with_year("2026-08-16", "2026-12-19")))

    assert {*lines(report, Rule.OUTSIDE_PARENT)} == {
        ("academicSessions.csv", 2, "startDate", "2026-08-15"),
        ("academicSessions.csv", 2, "endDate", "2026-12-20"),
    }
    assert {issue.hint for issue in report.samples[Rule.OUTSIDE_PARENT]} == {
        "its parent begins 2026-08-16",
        "its parent ends 2026-12-19",
    }
    assert report.loaded


async def test_the_year_of_a_term_may_be_stored(take_in: TakeIn) -> None:
    await take_in(contents(with_year("2026-08-16", "2027-06-11")))
    delta = springfield_delta({"academicSessions": with_year("", "")["academicSessions"][:1]})

    assert found(await take_in(contents(delta, mode="delta"))) == {"outside-parent": 1}
