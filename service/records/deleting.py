"""How a record is marked as deleted, and what goes with it.

Its parts go with it, and what means nothing without it (`OWNED`). What else refers to it keeps it from being deleted,
unless the caller wants that to go too: then rows that need it are deleted as well, and those that can do without it
lose their reference. All of it is one transaction, which the caller ends.

From above to below, rows are locked before anything else is asked about them. So nobody puts something below a row that
is about to be deleted, and none changes between its entry in the history and its own change.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, delete, func, null, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from models import AssessmentResult, Demographics, Result
from models.base import ACTIVE, PART, TO_BE_DELETED, Base, stamp
from service.errors import DeleteFailure
from service.lists.json_text import text
from service.records.history import DELETED, UPDATED, Author, entries
from service.records.kinds import LINKS, REQUIRED, Link, camel_case, link_of, parent_of, reference_of, table_of

# Beside parts: what is deleted along with the row that the column refers to, without being asked.
OWNED = {
    table_of(Result).c.line_item_sourced_id,
    table_of(AssessmentResult).c.assessment_line_item_sourced_id,
    table_of(Demographics).c.sourced_id,
}
Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Referrer:
    """A column by which rows refer to those of a table; `link` if they are pairs, such as a class and its terms."""

    column: Column[Any]
    link: Link | None = None

    @property
    def goes_along(self) -> bool:
        return self.column in OWNED or bool(self.column.info.get(PART))

    @property
    def needs_it(self) -> bool:
        """A row below another one, such as a grading period in a term, goes with it too."""
        return not self.column.nullable or reference_of(self.column) == self.column.table.name

    @property
    def rows(self) -> Table:
        """The records that refer."""
        return Base.metadata.tables[reference_of(self.link.own) or ""] if self.link else self.column.table

    @property
    def name(self) -> str:
        return camel_case(self.column.name).removesuffix("SourcedId")


@cache
def referrers(target: str) -> tuple[Referrer, ...]:
    """All by which rows may refer to those of the table of this name; the lists that are its own records' left out."""
    pairs = {link.table: link for link in map(link_of, LINKS.values())}
    found = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if reference_of(column) == target and not (table in pairs and column is pairs[table].own):
                found.append(Referrer(column, pairs.get(table)))
    return tuple(found)


def referring(referrer: Referrer, meant: Select[Any]) -> Condition:
    """True for an active record that refers to one of those meant."""
    if link := referrer.link:
        rows = referrer.rows
        listing = select(link.own).where(link.other.in_(meant))
        return (rows.c.status == ACTIVE) & rows.c.sourced_id.in_(listing)
    return (referrer.rows.c.status == ACTIVE) & referrer.column.in_(meant)


def referring_others(referrer: Referrer, meant: Select[Any]) -> Condition:
    """The same, of those that stay: what refers to itself keeps itself from nothing."""
    left = referring(referrer, meant)
    if referrer.rows.name == reference_of(referrer.column):
        left = left & referrer.rows.c.sourced_id.not_in(meant)
    return left


async def delete_record(
    session: AsyncSession, author: Author, table: Table, sourced_id: str, *, cascade: bool = False
) -> None:
    """Mark the active row, which the caller has locked. Raises DeleteFailure, naming them, if others refer to it."""
    meant = table.c.sourced_id == sourced_id
    if not cascade and (left := await others(session, table, meant)):
        shown = ", ".join(f"{count:,} {rows} ({name})" for rows, name, count in left)
        raise DeleteFailure(f"others refer to it: {shown}; ?cascade=true deletes what cannot do without it")
    await delete_all(session, author, table, meant)


async def others(session: AsyncSession, table: Table, meant: Condition) -> list[tuple[str, str, int]]:
    """Which records, by which member, and how many would be left behind, what goes along left out."""
    counts = [count_of(each, meant_ids(table, meant)) for each in referrers(table.name) if not each.goes_along]
    rows = (await session.execute(union_all(*counts))).all() if counts else []
    return [(rows_name, name, count) for rows_name, name, count in rows if count]


def count_of(referrer: Referrer, meant: Select[Any]) -> Select[Any]:
    columns: tuple[Any, ...] = (text(camel_case(referrer.rows.name)), text(referrer.name), func.count())
    return select(*columns).select_from(referrer.rows).where(referring_others(referrer, meant))


def meant_ids(table: Table, meant: Condition) -> Select[Any]:
    return select(table.c.sourced_id).where(meant)


async def delete_all(
    session: AsyncSession, author: Author, table: Table, meant: Condition, through: Column[Any] | None = None
) -> None:
    """Mark the active rows that are meant, after everything that refers to them was dealt with.

    `through` is the column by which they refer to what is deleted, and so needs no stamp for them.
    """
    meant = with_those_below(table, meant) & (table.c.status == ACTIVE)
    ids = meant_ids(table, meant)
    if not await lock(session, table, meant):
        return
    for referrer in referrers(table.name):
        if referrer.column.table is table:
            continue  # it is one of those below
        if referrer.link:
            await unlist(session, author, referrer, referrer.link, ids)
        elif referrer.goes_along or referrer.needs_it:
            await delete_all(session, author, referrer.rows, referring(referrer, ids), referrer.column)
        else:
            await forget(session, author, referrer, ids)
    for column in table.columns:
        if column.info.get(PART) and column is not through:
            await touch_owners(session, author, column, meant)
    await mark(session, author, table, meant)


async def lock(session: AsyncSession, table: Table, meant: Condition) -> bool:
    """Whether there are rows that are meant: they are locked until the transaction ends.

    Of a tree until no more are found, for rows may be put below one that is not locked yet.
    """
    held = meant_ids(table, meant).with_for_update(of=table, key_share=True).subquery()
    known = 0
    while (found := await session.scalar(select(func.count()).select_from(held)) or 0) > known:
        known = found
        if parent_of(table) is None:
            break
    return known > 0


def with_those_below(table: Table, meant: Condition) -> Condition:
    """Those that are meant, and what is below them at any depth, as the grading periods of a term are."""
    parent = parent_of(table)
    if parent is None:
        return meant
    tree = select(table.c.sourced_id).where(meant).cte("tree", recursive=True)
    child = table.alias()
    below = select(child.c.sourced_id).join(tree, child.c[parent.name] == tree.c.sourced_id)
    return table.c.sourced_id.in_(select(tree.union(below).c.sourced_id))


async def unlist(session: AsyncSession, author: Author, referrer: Referrer, link: Link, ids: Select[Any]) -> None:
    """Take the rows out of the lists of others. One that needs at least one, and has no other, is deleted itself.

    What is deleted itself keeps its list, as it keeps its references.
    """
    rows, listing = referrer.rows, referring_others(referrer, ids)
    if not await lock(session, rows, listing):
        return
    if any(link.table is link_of(LINKS[name]).table for name in REQUIRED):
        left = select(link.own).where(link.own == rows.c.sourced_id, link.other.not_in(ids)).correlate(rows)
        await delete_all(session, author, rows, listing & ~left.exists())
    await touch(session, author, rows, listing)
    await session.execute(delete(link.table).where(link.other.in_(ids), link.own.in_(meant_ids(rows, listing))))


async def forget(session: AsyncSession, author: Author, referrer: Referrer, ids: Select[Any]) -> None:
    """Empty the references of those that can do without."""
    await touch(session, author, referrer.rows, referring(referrer, ids), {referrer.column.name: null()})


async def mark(session: AsyncSession, author: Author, table: Table, meant: Condition) -> None:
    await session.execute(entries(table, DELETED, select(table).where(meant)), author.values)
    values = {"status": TO_BE_DELETED, "date_last_modified": stamp()}
    await session.execute(update(table).where(meant).values(values))


async def touch_owners(session: AsyncSession, author: Author, column: Column[Any], meant: Condition) -> None:
    """What shows the rows that are meant changes with them."""
    owners = Base.metadata.tables[reference_of(column) or ""]
    shown = select(column).where(meant)
    await touch(session, author, owners, (owners.c.status == ACTIVE) & owners.c.sourced_id.in_(shown))


async def touch(
    session: AsyncSession, author: Author, table: Table, meant: Condition, values: dict[str, Any] | None = None
) -> None:
    """Stamp the rows, and change the values that are given."""
    if not await lock(session, table, meant):
        return
    await session.execute(entries(table, UPDATED, select(table).where(meant)), author.values)
    await session.execute(update(table).where(meant).values({**(values or {}), "date_last_modified": stamp()}))
