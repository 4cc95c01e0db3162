"""Which rows are a person's. Foreign keys to the table of users tell it, so that no table is forgotten.

A row is the person's if it cannot be without them: if a column that must be filled refers to the user, or to another
row of theirs. A column that may be empty, which no table has today, only mentions the user.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Boolean, Column, ColumnElement, Table, Text, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from models import User
from models.base import SOURCED_ID, Base
from service.lists.json_text import Spelled, joined, json_scalar, text
from service.records.history import CHANGES, collection_of, known_collections
from service.records.kinds import camel_case, reference_of, table_of

USERS = table_of(User)
Session = AsyncSession | AsyncConnection
Condition = ColumnElement[bool]
Columns = tuple[Column[Any], ...]


class NoSuchPerson(LookupError):
    """There is no user with this sourcedId."""


class contains(Spelled):
    """`contains(hay, needle)`, letter by letter: LIKE has no case on SQLite."""

    type = Boolean()
    inherit_cache = True
    name = "contains"
    postgresql = "strpos({0}, {1}) > 0"
    sqlite = "instr({0}, {1}) > 0"


async def expect_person(session: Session, user: str) -> None:
    """Raises NoSuchPerson. One that is marked as deleted, or was erased, is there."""
    if await session.scalar(select(USERS.c.sourced_id).where(USERS.c.sourced_id == user)) is None:
        raise NoSuchPerson(user)


@cache
def person_tables() -> Mapping[Table, Columns]:
    """The tables with rows that are about people, and the columns that say about whom; owners before their parts."""
    found: dict[Table, Columns] = {USERS: (USERS.c.sourced_id,)}
    for table in Base.metadata.sorted_tables:
        owners = {owner.name for owner, columns in found.items() if required(columns)}
        columns = tuple(column for column in table.columns if says_whose(column, owners))
        if columns:
            found[table] = columns
    return found


def says_whose(column: Column[Any], owners: set[str]) -> bool:
    target = reference_of(column)
    return target == USERS.name or (target in owners and not column.nullable)


def required(columns: Columns) -> Columns:
    return tuple(column for column in columns if not column.nullable)


@cache
def owned_tables() -> Mapping[Table, Columns]:
    """Those whose rows are people's, and the columns that make them so."""
    return {table: required(columns) for table, columns in person_tables().items() if required(columns)}


def rows_of(table: Table, user: str) -> Condition:
    """True for rows that are the person's."""
    return or_(*(refers_to(column, user) for column in owned_tables()[table]))


def rows_about(table: Table, user: str) -> Condition:
    """… or that mention the person."""
    return or_(*(refers_to(column, user) for column in person_tables()[table]))


def refers_to(column: Column[Any], user: str) -> Condition:
    target = reference_of(column)
    if column is USERS.c.sourced_id or target == USERS.name:
        return column == user
    owners = Base.metadata.tables[target or ""]
    return column.in_(select(owners.c.sourced_id).where(rows_of(owners, user)))


def entries_of(user: str) -> Condition:
    """True for entries of the history about a row that is the person's, or that was when the entry was made."""
    recorded = set(known_collections().values())
    return or_(*(entries_in(table, user) for table in owned_tables() if table in recorded))


def entries_in(table: Table, user: str) -> Condition:
    mine: list[Condition] = [CHANGES.c.sourced_id.in_(select(table.c.sourced_id).where(rows_of(table, user)))]
    for column in direct(table):
        if column is table.c.sourced_id:
            mine.append(CHANGES.c.sourced_id == user)  # also where the row itself is gone
        else:
            mine.append(image_names(column, user))
    return (CHANGES.c.collection == collection_of(table)) & or_(*mine)


def direct(table: Table) -> Columns:
    """The columns that hold the person's own sourcedId."""
    return tuple(each for each in owned_tables()[table] if table is USERS or reference_of(each) == USERS.name)


def image_names(column: Column[Any], user: str) -> Condition:
    """Whether the row, as the entry has it, was the person's. No index helps: the whole history is read."""
    member = joined([text(f'"{camel_case(column.name)}":'), json_scalar(literal(user, SOURCED_ID))])
    return contains(CHANGES.c.before, member.cast(Text))
