"""How records are created, replaced and changed, each with its entry in the history. The caller commits."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import uuid4

from sqlalchemy import Insert, Table, Update, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import ACTIVE, SOURCED_ID, TO_BE_DELETED, stamp
from models.failures import WriteMet, constraint_of
from service.lists.collection import shown_statement
from service.lists.fields import json_fields
from service.records.finding import Found
from service.records.history import UPDATED, Author, entries, entries_of_new
from service.records.kinds import camel_case
from service.records.parsing import Record
from service.records.writable import Part, Row, Writable

Parameters = dict[str, Any]


def new_id() -> str:
    return str(uuid4())


async def store(session: AsyncSession, author: Author, writable: Writable, record: Record, found: Found) -> str:
    """Create the record, or change the stored one; returns its JSON. Raises WriteMet if another one just created it."""
    stored = record.sourced_id in found.rows
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    # Not of a new row: in an INSERT, SQLAlchemy does not correlate subqueries with its table; they would show any row.
    alone = on_postgresql and stored and not any(record.parts.values()) and not any(found.parts.values())
    statement, entry = storing(writable, tuple(record.values), stored, on_postgresql, alone)
    parameters = parameters_of(record, author)
    if not on_postgresql:
        await session.execute(entry, parameters)
    shown: str | None = await session.scalar(statement, parameters)
    if shown is None:
        raise WriteMet
    if alone:
        return shown
    for part in record.parts:
        await store_part(session, author, part, record, found)
    wanted = {"sourcedId": record.sourced_id, "services": author.services}
    shown = await session.scalar(shown_statement(writable.collection), wanted)
    return str(shown)


@lru_cache(maxsize=1024)
def storing(
    writable: Writable, columns: tuple[str, ...], stored: bool, on_postgresql: bool, alone: bool
) -> tuple[Insert | Update, Insert]:
    """The statement that writes the row, and that of its entry. On PostgreSQL the first one does both.

    There it also returns the record's JSON, if the row is `alone`: stored before, and without parts.
    """
    table = writable.table
    mine = bindparam("sent_sourced_id", type_=SOURCED_ID)
    statement: Any = changing(writable, columns) if stored else creating(writable, columns, on_postgresql)
    statement = statement.returning(json_fields(writable.collection.fields) if alone else table.c.sourced_id)
    if stored:
        entry = entries(table, UPDATED, select(table).where(table.c.sourced_id == mine))
    else:
        entry = entries_of_new(table, select(mine))
    if on_postgresql:  # what reads the row in one statement with its change sees it as it was
        statement = statement.add_cte(entry.cte("entry"))
    return statement, entry


def changing(writable: Writable, columns: Sequence[str]) -> Update:
    table = writable.table
    values = values_of(writable, columns, stored=True)
    return (
        update(table)
        .where(table.c.sourced_id == bindparam("sent_sourced_id", type_=SOURCED_ID))
        .values({**values, "status": sent(table, "status"), "date_last_modified": stamp()})
    )


def creating(writable: Writable, columns: Sequence[str], on_postgresql: bool) -> Insert:
    """Makes nothing, and returns nothing, if the row is there meanwhile."""
    dialect = postgresql if on_postgresql else sqlite
    made: Insert = dialect.insert(writable.table).values(values_of_new(writable, columns)).on_conflict_do_nothing()
    return made


def values_of_new(writable: Writable, columns: Sequence[str]) -> Row:
    own = {name: sent(writable.table, name) for name in ("sourced_id", "status")}
    return {**own, **values_of(writable, columns, stored=False), "date_last_modified": stamp()}


def values_of(writable: Writable, columns: Sequence[str], *, stored: bool) -> Row:
    """What each column gets: what was sent, or what other rows tell where nothing was."""
    table = writable.table

    def value(name: str) -> Any:
        return sent(table, name) if name in columns or not stored else table.c[name]

    given = {
        name: func.coalesce(value(name), writable.told[name](value)) if name in writable.told else value(name)
        for name in columns
    }
    return {**given, **{name: writable.told[name](value) for name in writable.unseen}}


def sent(table: Table, name: str) -> Any:
    return bindparam(f"sent_{name}", type_=table.c[name].type)


def parameters_of(record: Record, author: Author) -> Parameters:
    values = {f"sent_{name}": value for name, value in record.values.items()}
    own = {"sent_sourced_id": record.sourced_id, "sent_status": record.status, "services": author.services}
    return {**values, **own, **author.values}


async def create_all(session: AsyncSession, author: Author, writable: Writable, records: Sequence[Record]) -> None:
    """New rows, of which all have the same columns. Raises WriteMet if one of the sourcedIds was just taken."""
    rows = [parameters_of(record, author) for record in records]
    await session.execute(entries_of_new(writable.table, select(bindparam("sent_sourced_id", type_=SOURCED_ID))), rows)
    try:
        await session.execute(insert(writable.table).values(values_of_new(writable, tuple(records[0].values))), rows)
    except IntegrityError as error:
        if constraint_of(error) in (writable.table.primary_key.name, f"{writable.table.name}.sourced_id"):
            raise WriteMet from error
        raise
    for record in records:
        for part in record.parts:
            await store_part(session, author, part, record, Found())


# --- parts -----------------------------------------------------------------------------------------------------------


async def store_part(session: AsyncSession, author: Author, part: Part, record: Record, found: Found) -> None:
    """Make the rows of the part those that were sent. One that is there already keeps its sourcedId."""
    owner, rows, stored = record.sourced_id, record.parts[part], found.parts[part.name]
    if part.is_pair:
        await store_pairs(
            session, part, owner, {row[part.key[0]] for row in rows}, {each["sourcedId"] for each in stored}
        )
        return
    left = list(stored)
    for row in rows:
        there = take(left, part, row)
        if there is None:
            await add_row(session, author, part, owner, row)
        elif there["status"] != ACTIVE or differs(part, row, there):
            await change_row(session, author, part.table, there["sourcedId"], {**row, "status": ACTIVE})
    for gone in left:
        if gone["status"] == ACTIVE:
            await change_row(session, author, part.table, gone["sourcedId"], {"status": TO_BE_DELETED})


def take(stored: list[dict[str, Any]], part: Part, row: Row) -> dict[str, Any] | None:
    """Of the stored rows with the key of the one that was sent, that which is most like it; it is taken out."""
    fits = [each for each in stored if key_of_stored(part, each) == key_of(part, row)]
    if not fits:
        return None
    nearest = min(fits, key=lambda each: (each["status"] != ACTIVE, differs(part, row, each), each["sourcedId"]))
    stored.remove(nearest)
    return nearest


async def store_pairs(session: AsyncSession, part: Part, owner: str, wanted: set[str], there: set[str]) -> None:
    """No entries of their own: the image of their owner lists them."""
    [other] = part.key
    if gone := there - wanted:
        mine = part.owner_column == owner
        await session.execute(delete(part.table).where(mine, part.table.c[other].in_(gone)))
    if added := sorted(wanted - there):
        pairs = [{part.owner_column.key: owner, other: each} for each in added]
        await session.execute(insert(part.table), pairs)


def key_of(part: Part, row: Row) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in part.key)


def key_of_stored(part: Part, shown: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(shown.get(camel_case(name)) for name in part.key)


def differs(part: Part, row: Row, shown: dict[str, Any]) -> bool:
    return any(not same(shown.get(camel_case(name)), value) for name, value in row.items())


def same(shown: Any, value: Any) -> bool:
    """Whether a member of an image is this value; dates are text there."""
    return bool(shown == value or (value is not None and shown == str(value)))


async def add_row(session: AsyncSession, author: Author, part: Part, owner: str, row: Row) -> None:
    made = {"sourced_id": new_id(), **row, part.owner_column.key: owner}
    await session.execute(insert(part.table), made)
    ids = select(bindparam("made", made["sourced_id"], type_=SOURCED_ID))
    await session.execute(entries_of_new(part.table, ids), author.values)


async def change_row(session: AsyncSession, author: Author, table: Table, sourced_id: str, row: Row) -> None:
    mine = table.c.sourced_id == sourced_id
    what = "deleted" if row.get("status") == TO_BE_DELETED else UPDATED
    await session.execute(entries(table, what, select(table).where(mine)), author.values)
    values = {name: value for name, value in row.items() if name != "sourced_id"}
    await session.execute(update(table).where(mine).values({**values, "date_last_modified": stamp()}))
