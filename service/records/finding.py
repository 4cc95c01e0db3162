"""What a write must know before it changes anything, asked in one statement that also locks what it finds.

The record itself (locked, so that the next writer waits), the rows of its parts, the rows that it refers to (locked
against deletion), and whether the client that calls may still do so.

PostgreSQL shows a row that had to be waited for as it is then, and all others as they were when the statement began.
So it is asked again if the record changed in between: now that it is locked, nothing of it changes any more.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, bindparam, cast, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import CompoundSelect

from models import ApiClient
from models.base import ACTIVE, SOURCED_ID, Base
from service.lists.fields import json_fields
from service.lists.json_text import Spelled, text
from service.records.history import Author, image
from service.records.parsing import Record
from service.records.writable import Part, Writable

CLIENT, ROW, CHANGED, REFERRED, PART = "client", "row", "changed", "referred", "part"


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

    `changed`: while it was waited for a row, which now does not fit to what else was found.
    """

    client: bool = False
    changed: bool = False
    rows: dict[str, Stored] = field(default_factory=dict)
    referred: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    parts: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def note(self, kind: str, name: str, sourced_id: str, shown: str | None) -> None:
        if kind == CLIENT:
            self.client = True
        elif kind == ROW:
            self.rows[sourced_id] = Stored(name, shown)
        elif kind == CHANGED:
            self.changed = True
        elif kind == REFERRED:
            self.referred[name].add(sourced_id)
        else:
            self.parts[name].append(json.loads(shown) if shown else {"sourcedId": sourced_id})

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
    shape = (tuple(sorted(referred)), parts, with_json)
    parameters = {"client": author.name, "ids": ids, "services": author.services}
    parameters |= {f"ids_{table}": sorted(wanted) for table, wanted in referred.items()}
    found = await ask(session, finding(writable, *shape), parameters)
    return await ask(session, finding(writable, *shape), parameters) if found.changed else found


async def ask(session: AsyncSession, statement: CompoundSelect[Any], parameters: dict[str, Any]) -> Found:
    found = Found()
    for row in await session.execute(statement, parameters):
        found.note(*row)
    return found


@lru_cache(maxsize=512)
def finding(
    writable: Writable, referred: tuple[str, ...], parts: tuple[Part, ...], with_json: bool
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
    return union_all(*arms, *map(rows_of, parts))


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
