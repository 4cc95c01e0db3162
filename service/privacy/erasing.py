"""How a person is erased: nothing is left that says who it was, and the totals stay.

The user stays as an empty tombstone, so that programs that follow the roster learn that it is gone. What only says
something of the person is deleted. What also counts for a class (`STAYING`) stays under the person's sourcedId, a
pseudonym from now on, without anything that somebody could have written in words. So does the history: who changed
which row when, but not what it held.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    JSON,
    Column,
    CursorResult,
    Executable,
    Insert,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncSession

from models import AssessmentResult, Enrollment, IdempotentAnswer, Result, ResultLearningObjective, ResultScoreScale
from models.base import SOURCED_ID, TO_BE_DELETED, stamp
from models.stamps import stop_writers
from service.privacy.people import USERS, Condition, Session, contains, entries_of, expect_person, owned_tables, rows_of
from service.records.deleting import referrers, touch, unlist
from service.records.history import CHANGES, DELETED, ENTRY, UPDATED, Author, columns_of, known_collections
from service.records.kinds import reference_of, table_of

AUTHOR = Author("command", "erase")
ERASED = "erased"
TOMBSTONE = {"status": TO_BE_DELETED, "enabled_user": False, "given_name": ERASED, "family_name": ERASED}
STAYING = [*map(table_of, (Enrollment, Result, ResultScoreScale, ResultLearningObjective, AssessmentResult))]
ANSWERS = table_of(IdempotentAnswer)
ASSESSED = table_of(AssessmentResult)
SETS, TEXT_SCORE = ASSESSED.c.learning_objective_set, "textScore"


@dataclass(frozen=True)
class Outcome:
    """What became of the person's rows in one table."""

    removed: int = 0
    blanked: int = 0
    kept: int = 0


async def count_person(session: Session, user: str) -> dict[str, int]:
    """How many rows are the person's, by the names of the tables. Raises NoSuchPerson."""
    await expect_person(session, user)
    found = {table.name: await count(session, table, rows_of(table, user)) for table in owned_tables()}
    found[CHANGES.name] = await count(session, CHANGES, entries_of(user))
    found[ANSWERS.name] = len(await answers_about(session, user))
    return found


async def count(session: Session, table: Table, meant: Condition) -> int:
    counted: int = (await session.execute(select(func.count()).select_from(table).where(meant))).scalar_one()
    return counted


async def erase_person(session: AsyncSession, user: str) -> dict[str, Outcome]:
    """All of it in the caller's transaction, in which nobody else writes. Safe to repeat. Raises NoSuchPerson."""
    await stop_writers(session)  # or one at work could still write down what a row held
    found = await count_person(session, user)
    blanked = {CHANGES.name: await forget_images(session, user)}
    await forget_answers(session, user)
    for table in (USERS, *STAYING):
        blanked[table.name] = await blank(session, user, table)
    await forget_text_scores(session, user)
    await unlist_from_others(session, user)
    for table in reversed([*owned_tables()]):
        if table.name not in blanked:
            await remove(session, user, table)
    return {name: outcome(rows, blanked.get(name)) for name, rows in found.items()}


def outcome(found: int, blanked: int | None) -> Outcome:
    return Outcome(removed=found) if blanked is None else Outcome(blanked=blanked, kept=found - blanked)


# --- what is blanked -------------------------------------------------------------------------------------------------


async def forget_images(session: AsyncSession, user: str) -> int:
    entries = entries_of(user) & CHANGES.c.before.is_not(None)
    return await changed_rows(session, update(CHANGES).where(entries).values(before=null()))


async def blank(session: AsyncSession, user: str, table: Table) -> int:
    """How many rows had something to lose. Others are not touched, so programs need not fetch them again."""
    meant = rows_of(table, user) & has_words(table, user)
    await session.execute(bare_entries(table, DELETED if table is USERS else UPDATED, meant), AUTHOR.values)
    values = {**blank_values(table), "date_last_modified": stamp()}
    return await changed_rows(session, update(table).where(meant).values(values))


def blank_values(table: Table) -> Mapping[str, Any]:
    """What the columns hold that are blanked: of a user all, of others those for text and JSON."""
    empty = {column.name: null() for column in table.columns if column.nullable and holds_words(column)}
    return {**empty, **TOMBSTONE} if table is USERS else empty


def holds_words(column: Column[Any]) -> bool:
    """The learning objectives of an assessment hold scores too, and lose only what is text in them."""
    is_text = isinstance(column.type, (String, JSON)) and reference_of(column) is None
    return column.table is USERS or (is_text and column is not SETS)


def has_words(table: Table, user: str) -> Condition:
    """True for rows that would be changed, or that show a row of another table that would be."""
    changing = [table.c[name].is_distinct_from(value) for name, value in blank_values(table).items()]
    for part in STAYING:
        for column in owned_tables()[part]:
            if reference_of(column) == table.name and table is not USERS:
                shown = select(column).where(rows_of(part, user), has_words(part, user))
                changing.append(table.c.sourced_id.in_(shown))
    if table is ASSESSED:
        changing.append(has_text_scores())
    return or_(*changing)


def has_text_scores() -> Condition:
    return contains(sql_cast(SETS, Text), literal(f'"{TEXT_SCORE}"', Text))


async def forget_text_scores(session: AsyncSession, user: str) -> None:
    meant = rows_of(ASSESSED, user) & has_text_scores()
    rows = (await session.execute(select(ASSESSED.c.sourced_id, SETS).where(meant))).all()
    if rows:
        one = update(ASSESSED).where(ASSESSED.c.sourced_id == bindparam("row", type_=SOURCED_ID))
        left = [{"row": sourced_id, "left": without_text_scores(sets)} for sourced_id, sets in rows]
        connection = await session.connection()  # the session takes a list of rows for its own kind of update
        await connection.execute(one.values({SETS.name: bindparam("left", type_=SETS.type)}), left)


def without_text_scores(value: Any) -> Any:
    if isinstance(value, list):
        return [without_text_scores(each) for each in value]
    if isinstance(value, dict):
        return {name: without_text_scores(each) for name, each in value.items() if name != TEXT_SCORE}
    return value


def bare_entries(table: Table, what: str, meant: Condition) -> Insert:
    """Entries that say that the rows changed, and not from what."""
    source = select(*columns_of(table, what, table.c.sourced_id, null())).where(meant)
    return insert(CHANGES).from_select(ENTRY, source)


async def changed_rows(session: AsyncSession, statement: Executable) -> int:
    return cast("CursorResult[Any]", await session.execute(statement)).rowcount


# --- what is removed -------------------------------------------------------------------------------------------------


async def unlist_from_others(session: AsyncSession, user: str) -> None:
    """From the agents of a child, whose record changes so. Its entry keeps what the child's record was."""
    for referrer in referrers(USERS.name):
        if referrer.link:
            meant = select(USERS.c.sourced_id).where(USERS.c.sourced_id == user)
            await unlist(session, AUTHOR, referrer, referrer.link, meant)


async def remove(session: AsyncSession, user: str, table: Table) -> None:
    meant = rows_of(table, user)
    for referrer in referrers(table.name):
        if referrer.column.nullable:  # others, such as a role that goes with this profile, do without
            theirs = referrer.column.in_(select(table.c.sourced_id).where(meant))
            await touch(session, AUTHOR, referrer.rows, theirs, {referrer.column.name: null()})
    if table in known_collections().values():
        await session.execute(bare_entries(table, DELETED, meant), AUTHOR.values)
    await session.execute(delete(table).where(meant))


async def forget_answers(session: AsyncSession, user: str) -> None:
    """A request that comes again after this is a new one, and is refused, as the user that it names is deleted."""
    for keys in batches(await answers_about(session, user), 1000):
        await session.execute(delete(ANSWERS).where(tuple_(ANSWERS.c.client_id, ANSWERS.c.key).in_(keys)))


async def answers_about(session: Session, user: str) -> list[tuple[str, str]]:
    """The keys of kept answers that name a row of the person."""
    ids = {user}
    for table in owned_tables():
        if "sourced_id" in table.c:
            ids.update(await session.scalars(select(table.c.sourced_id).where(rows_of(table, user))))
    found = []
    kept = select(ANSWERS.c.client_id, ANSWERS.c.key, ANSWERS.c.answer).where(ANSWERS.c.answer.is_not(None))
    async for client_id, key, answer in await session.stream(kept):
        if not ids.isdisjoint(texts_in(json.loads(answer))):
            found.append((client_id, key))
    return found


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for each in value if isinstance(value, list) else value.values():
            yield from texts_in(each)


def batches(rows: list[tuple[str, str]], size: int) -> Iterable[list[tuple[str, str]]]:
    return (rows[at : at + size] for at in range(0, len(rows), size))
