"""What is written down of each change, in the transaction that makes it: who, when, what, and the row as it was.

By explicit statements that go ahead of the change: an image is made by the database, and a bulk of rows is one
`INSERT … SELECT`.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Insert,
    Select,
    Table,
    Text,
    bindparam,
    insert,
    literal,
    null,
    select,
)

from models import Change
from models.base import Base, stamp
from service.lists.fields import Value
from service.lists.json_text import Member, Spelled, json_array, json_object, json_scalar, json_stored, text
from service.records.kinds import LINKS, camel_case, link_of, reference_of, table_of

AUTHOR = ("by_kind", "by_name", "by_request")  # the parameters of an entry's author
CREATED, UPDATED, DELETED, LOADED = "created", "updated", "deleted", "loaded"


@dataclass(frozen=True)
class Author:
    """Who changes something. `kind` is client, person, import or command; `name` an id, or the bundle's name.

    `services` is the address under which the author knows the API, for the references in an answer.
    """

    kind: str
    name: str
    request_id: str | None = None
    services: str = ""

    @property
    def values(self) -> dict[str, str | None]:
        return dict(zip(AUTHOR, (self.kind, self.name, self.request_id), strict=True))


class transaction_id(Spelled):
    """PostgreSQL's number of the transaction at work; NULL on SQLite."""

    type = BigInteger()
    inherit_cache = True
    name = "transaction_id"
    postgresql = "CAST(pg_current_xact_id()::text AS bigint)"
    sqlite = "NULL"


def collection_of(table: Table) -> str:
    """The name that the table's records have in the history and in the feed: that of their CSV file."""
    return camel_case(table.name)


@cache
def image(table: Table) -> ColumnElement[str]:
    """A row of the table as JSON, `{"sourcedId": …}`: its columns, and its lists of references, by their CSV names."""
    members: list[Member] = [(camel_case(each.name), as_json(each), not each.nullable) for each in table.columns]
    for name, model in LINKS.items():
        link = link_of(model)
        if table.name == reference_of(link.own):
            listed = select(json_scalar(link.other)).where(link.own == table.c.sourced_id).order_by(link.other)
            members.append((name, json_array(listed.correlate(table)), False))
    return json_object(members)


def as_json(column: Column[Any]) -> ColumnElement[str]:
    return json_stored(column) if isinstance(column.type, JSON) else Value(column).json


CHANGES = table_of(Change)
ENTRY = (
    "transaction_id",
    "at",
    "author_kind",
    "author",
    "request_id",
    "collection",
    "sourced_id",
    "what",
    "count",
    "before",
)


def entries(table: Table, what: str | ColumnElement[str], rows: Select[Any]) -> Insert:
    """An entry for each row of the table that `rows` finds, as it is now: so it goes ahead of the change.

    `what` may be an expression. The author is in the parameters, as `Author.values` has them.
    """
    source = rows.with_only_columns(*columns_of(table, what, table.c.sourced_id, image(table)))
    return insert(CHANGES).from_select(ENTRY, source)


def entries_of_new(table: Table, ids: Select[Any]) -> Insert:
    """An entry for each row that is made; `ids` selects their sourcedIds. The author is in the parameters."""
    [sourced_id] = ids.selected_columns
    return insert(CHANGES).from_select(ENTRY, ids.with_only_columns(*columns_of(table, CREATED, sourced_id, null())))


def entry_of_load(table: Table, count: int) -> Insert:
    """The one entry of a table that was empty: the rows themselves say what they are."""
    return insert(CHANGES).from_select(ENTRY, select(*columns_of(table, LOADED, null(), null(), literal(count))))


def columns_of(
    table: Table,
    what: str | ColumnElement[str],
    sourced_id: ColumnElement[Any],
    before: ColumnElement[Any],
    count: ColumnElement[Any] | None = None,
) -> list[ColumnElement[Any]]:
    """Those of an entry, in the order of ENTRY."""
    return [
        transaction_id(),
        stamp(),
        *(bindparam(name, type_=Text) for name in AUTHOR),
        text(collection_of(table)),
        sourced_id,
        text(what) if isinstance(what, str) else what,
        null() if count is None else count,
        before,
    ]


def known_collections() -> dict[str, Table]:
    """The tables whose changes are written down, by the names that they have there."""
    return {collection_of(table): table for table in Base.metadata.sorted_tables if "date_last_modified" in table.c}
