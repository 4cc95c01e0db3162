"""`homeroom history`: the history gets shorter, the feed gets a new id."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models import Change, Feed, Org
from models.database import Database
from service.privacy.retention import keep_purging
from service.records.kinds import table_of
from tests.samples import a_district
from tests.scripts.programs import homeroom_says

CHANGES = table_of(Change)


async def with_entries(session: AsyncSession, days: float, many: int) -> None:
    """So many, all so old, each transaction with the number of its entry's tenth."""
    entry = {"author_kind": "client", "author": "a-test", "collection": "orgs", "sourced_id": "x", "what": "updated"}
    at = datetime.now(UTC) - timedelta(days=days)
    await session.execute(insert(CHANGES), [{**entry, "at": at} for _ in range(many)])
    await session.execute(update(CHANGES).values(transaction_id=CHANGES.c.seq * 10))


async def kept(database: Database) -> list[int]:
    async with database.read_session() as session:
        return list(await session.scalars(select(CHANGES.c.seq).order_by(CHANGES.c.seq)))


async def feed_of(database: Database) -> Feed:
    async with database.read_session() as session:
        feed: Feed = (await session.scalars(select(Feed))).one()
        return feed


@pytest.fixture
async def history(database: Database) -> Database:
    """Three entries of 500 days ago, two of 300."""
    async with database.transaction() as session:
        await with_entries(session, 500, 3)
        await with_entries(session, 300, 2)
    return database


@pytest.mark.parametrize(
    ("arguments", "setting", "outcome"),
    [
        ("", "", ([4, 5], "removed 3 entries older than 400 days\n")),
        ("", "250.5", ([], "removed 5 entries older than 250.5 days\n")),
        ("", "0", ([1, 2, 3, 4, 5], "removed nothing: 0 keeps everything\n")),
        ("--days 0", "", ([1, 2, 3, 4, 5], "removed nothing: 0 keeps everything\n")),
        ("--days 200", "0", ([], "removed 5 entries older than 200 days\n")),
        ("--days 600", "", ([1, 2, 3, 4, 5], "removed 0 entries older than 600 days\n")),
        ("--days 1e300", "", ([1, 2, 3, 4, 5], "removed 0 entries older than 1e+300 days\n")),
    ],
)
async def test_what_is_too_old_goes(
    history: Database, database_url: str, arguments: str, setting: str, outcome: tuple[list[int], str]
) -> None:
    given = {"HOMEROOM_HISTORY_DAYS": setting} if setting else {}
    result = await homeroom_says(database_url, "history", "purge", *arguments.split(), **given)

    assert result.exit_code == 0
    assert (await kept(history), result.output) == outcome


async def test_the_feed_knows_what_is_gone(history: Database, database_url: str) -> None:
    before = await feed_of(history)
    await homeroom_says(database_url, "history", "purge")
    after = await feed_of(history)
    await homeroom_says(database_url, "history", "purge")  # removes nothing more
    again = await feed_of(history)

    assert (before.purged_seq, before.purged_transaction) == (0, 0)
    assert (after.purged_seq, after.purged_transaction) == (3, 30)
    assert (again.purged_seq, again.purged_transaction, again.id) == (3, 30, before.id)


async def test_entries_of_no_known_transaction_leave_that_mark_alone(history: Database, database_url: str) -> None:
    """As SQLite has them."""
    async with history.transaction() as session:
        await session.execute(update(CHANGES).values(transaction_id=None))
        await session.execute(update(Feed).values(purged_transaction=7))

    await homeroom_says(database_url, "history", "purge")

    assert ((await feed_of(history)).purged_seq, (await feed_of(history)).purged_transaction) == (3, 7)


async def test_many_go_in_batches(database: Database, database_url: str, statements: list[str]) -> None:
    async with database.transaction() as session:
        await with_entries(session, 500, 25_000)
        await with_entries(session, 1, 10)

    statements.clear()
    result = await homeroom_says(database_url, "history", "purge")

    assert result.output == "removed 25,000 entries older than 400 days\n"
    assert len([each for each in statements if each.startswith("DELETE")]) == 3
    assert len(await kept(database)) == 10
    assert (await feed_of(database)).purged_seq == 25_000


async def test_records_do_not_change(database: Database, database_url: str) -> None:
    async with database.transaction() as session:
        await a_district(session)
        await with_entries(session, 500, 3)
        orgs = (await session.execute(select(table_of(Org)).order_by(Org.sourced_id))).all()

    await homeroom_says(database_url, "history", "purge")

    async with database.read_session() as session:
        assert (await session.execute(select(table_of(Org)).order_by(Org.sourced_id))).all() == orgs


async def test_a_negative_age_is_wrong_usage(database_url: str) -> None:
    assert (await homeroom_says(database_url, "history", "purge", "--days", "-1")).exit_code == 2


async def test_renewing_gives_the_feed_another_id_and_changes_nothing_else(
    history: Database, database_url: str
) -> None:
    await homeroom_says(database_url, "history", "purge")
    before = await feed_of(history)

    result = await homeroom_says(database_url, "history", "renew")

    after = await feed_of(history)
    assert (result.exit_code, result.output) == (0, f"the feed is now {after.id}\n")
    assert after.id != before.id
    assert (after.began_at, after.purged_seq) == (before.began_at, before.purged_seq)
    assert await kept(history) == [4, 5]


async def test_a_server_removes_old_entries_by_itself(history: Database) -> None:
    purging = asyncio.create_task(keep_purging(history, days=400, every=0.01))
    while len(await kept(history)) > 2:  # noqa: ASYNC110 - the server tells nobody that it is done
        await asyncio.sleep(0.01)
    purging.cancel()
    await asyncio.wait([purging])

    assert len(await kept(history)) == 2
