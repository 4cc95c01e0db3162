"""What a write must know before it changes anything, asked in one statement that also locks what it finds.

The record itself (locked, so that the next writer waits), the rows of its parts, the rows that it refers to (locked
against deletion), its parents up to the top (locked, so that nobody closes a loop of them), and whether the client that
calls may still do so.

PostgreSQL shows a row that had to be waited for as it is then, and all others as they were when the statement began.
So it is asked again if the record changed in between: now that it is locked, nothing of it changes any more. Or if a
parent has another parent than it had.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, Text, bindparam, cast, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import CompoundSelect

from models import ApiClient
from models.base import ACTIVE, SOURCED_ID, Base
from service.lists.fields import json_fields
from service.lists.json_text import Spelled, text
from service.records.history import Author, image
from service.records.kinds import parent_of
from service.records.parsing import Record
from service.records.writable import Part, Writable

CLIENT, ROW, CHANGED, REFERRED, PART, ABOVE = "client", "row", "changed", "referred", "part", "above"


class row_version(Spelled):
    """What is another one after each change of the row; SQLite, where one writer waits for the other, needs none."""

    type = Text()
    inherit_cache = True
    name = "row_version"
    postgresql = "xmin::text"
    sqlite = "''"


@dataclass(frozen=True)
class Stored:
    """A record as it is: `shown` is its JSON, where that was asked for."""

    status: str
    shown: str | None


@dataclass
class Found:
    """`rows` by sourcedId. `parts` by name: stored rows, as their images; of pairs, the listed sourcedIds.

    `changed`: while it was waited for a row, which now does not fit to what else was found. `above`: the parents, and
    the parents of those, each with its own.
    """

    client: bool = False
    changed: bool = False
    rows: dict[str, Stored] = field(default_factory=dict)
    referred: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    parts: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    above: dict[str, str | None] = field(default_factory=dict)

    def note(self, kind: str, name: str, sourced_id: str, shown: str | None) -> None:
        if kind == CLIENT:
            self.client = True
        elif kind == ROW:
            self.rows[sourced_id] = Stored(name, shown)
        elif kind == CHANGED:
            self.changed = True
        elif kind == ABOVE:
            self.above[sourced_id] = shown
        elif kind == REFERRED:
            self.referred[name].add(sourced_id)
        else:
            self.parts[name].append(json.loads(shown) if shown else {"sourcedId": sourced_id})

    def way_up(self, start: str) -> list[str]:
        """From a row to its parent and on, each once."""
        way: dict[str, None] = {}
        at: str | None = start
        while at is not None and at not in way:
            way[at] = None
            at = self.above.get(at)
        return [*way]

    def knows_way(self, start: str) -> bool:
        """Whether it ends at the top, or in a loop; or there is no such row."""
        return start not in self.above or self.way_up(start)[-1] in self.above

    def active(self, sourced_id: str) -> Stored | None:
        stored = self.rows.get(sourced_id)
        return stored if stored and stored.status == ACTIVE else None


async def find(
    session: AsyncSession, author: Author, writable: Writable, records: list[Record], *, with_json: bool = False
) -> Found:
    """`with_json`: the JSON of the stored record is needed. Of several records, no parts are looked for."""
    ids = [record.sourced_id for record in records if record.sourced_id]
    referred: dict[str, set[str]] = defaultdict(set)
    for record in records:
        for reference in record.references:
            referred[reference.table].add(reference.sourced_id)
    parts = tuple(records[0].parts) if len(records) == 1 else ()
    parents = sorted({each for record in records if (each := parent_named(writable, record))})
    shape = (tuple(sorted(referred)), parts, with_json, bool(parents))
    parameters = {"client": author.name, "ids": ids, "services": author.services}
    parameters |= {f"ids_{table}": sorted(wanted) for table, wanted in referred.items()}
    parameters |= {"parents": parents} if parents else {}
    found = await ask(session, finding(writable, *shape), parameters)
    while found.changed or not all(map(found.knows_way, parents)):
        found = await ask(session, finding(writable, *shape), parameters)
    return found


def parent_named(writable: Writable, record: Record) -> str | None:
    """The sourcedId of the parent that was sent."""
    column = parent_of(writable.table)
    return None if column is None else record.values.get(column.key)


async def ask(session: AsyncSession, statement: CompoundSelect[Any], parameters: dict[str, Any]) -> Found:
    found = Found()
    for row in await session.execute(statement, parameters):
        found.note(*row)
    return found


@lru_cache(maxsize=512)
def finding(
    writable: Writable, referred: tuple[str, ...], parts: tuple[Part, ...], with_json: bool, below: bool
) -> CompoundSelect[Any]:
    """Rows of what kind it is, a name or status, a sourcedId and JSON."""
    nothing = cast(null(), Text)
    client = select(text(CLIENT), text(""), ApiClient.client_id, nothing).where(
        ApiClient.client_id == bindparam("client", type_=SOURCED_ID), ApiClient.revoked_at.is_(None)
    )
    table = writable.table
    shown = json_fields(writable.collection.fields) if with_json else nothing
    held = (
        select(table.c.status, table.c.sourced_id, shown.label("shown"), row_version().label("version"))
        .where(table.c.sourced_id.in_(listed("ids")))
        .with_for_update(of=table, key_share=True)
        .cte("held")
    )
    row = select(text(ROW), held.c.status, held.c.sourced_id, held.c.shown)
    before = select(text(CHANGED), text(""), table.c.sourced_id, nothing).join_from(
        held, table, (held.c.sourced_id == table.c.sourced_id) & (held.c.version != row_version())
    )
    arms = [client, row, before]
    for name in referred:
        other = Base.metadata.tables[name]
        found = select(text(REFERRED), text(name), other.c.sourced_id, nothing).where(
            other.c.sourced_id.in_(listed(f"ids_{name}")), other.c.status == text(ACTIVE)
        )
        arms.append(locked(found.with_for_update(read=True)))
    parent = parent_of(table)
    if below and parent is not None:
        arms.append(rows_above(table, parent))
    return union_all(*arms, *map(rows_of, parts))


def rows_above(table: Table, parent: Column[Any]) -> Select[Any]:
    """The parents that were sent, and theirs up to the top. Each is shown as it is once it is locked."""
    tree = select(table.c.sourced_id, parent).where(table.c.sourced_id.in_(listed("parents"))).cte("up", recursive=True)
    above = table.alias()
    higher = select(above.c.sourced_id, above.c[parent.name]).join(tree, above.c.sourced_id == tree.c[parent.name])
    ids = select(tree.union(higher).c.sourced_id)
    found = select(text(ABOVE), text(""), table.c.sourced_id, cast(parent, Text)).where(table.c.sourced_id.in_(ids))
    return locked(found.with_for_update(read=True))


def rows_of(part: Part) -> Select[Any]:
    mine = part.owner_column.in_(listed("ids"))
    if part.is_pair:
        return select(text(PART), text(part.name), part.table.c[part.key[0]], cast(null(), Text)).where(mine)
    return select(text(PART), text(part.name), part.table.c.sourced_id, image(part.table)).where(mine)


def locked(rows: Select[Any]) -> Select[Any]:
    """As a part of a UNION, which PostgreSQL does not let lock by itself."""
    labelled = (column.label(f"c{number}") for number, column in enumerate(rows.selected_columns))
    return select(*rows.with_only_columns(*labelled).subquery().c)


def listed(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=SOURCED_ID, expanding=True)
