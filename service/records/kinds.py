"""What each field holds, in CSV and in JSON. It follows from the column that keeps it, its type and its `info`.

Lists of references have no column: they are declared here, as LINKS and REQUIRED.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import JSON, Boolean, Column, Date, Double, Table

from models import ClassTerm, UserAgent
from models.base import EXPECTED, PAIR, VOCABULARY, YEAR, Base, Moment, Vocabulary


class Kind(StrEnum):
    """What a field holds."""

    ID = "id"  # a sourcedId: the row's own, or that of the row it refers to
    TEXT = "text"
    YEAR = "year"  # text of four digits
    WORD = "word"  # one of a vocabulary
    BOOLEAN = "boolean"
    DATE = "date"
    MOMENT = "moment"  # a date-time; where a file may give a plain date, midnight UTC
    NUMBER = "number"
    LIST = "list"  # plain values, with commas between them
    PAIRS = "pairs"  # `{left:right},{left:right}`
    LINKS = "links"  # sourcedIds, with commas between them, that are rows of an association table
    WITHHELD = "withheld"  # a password: never checked, stored, reported or exported


@dataclass(frozen=True)
class Link:
    """The association table behind a list of sourcedIds: `own` holds the row's, `other` the listed ones."""

    table: Table
    own: Column[Any]
    other: Column[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """One column of a file, or one member of a JSON object.

    `expected`: the standard wants a value, the table does not. `refers_to` is a table. `pair` are the keys that
    the two sides have in JSON.
    """

    name: str
    kind: Kind
    column: Column[Any] | None = None
    required: bool = False
    expected: bool = False
    refers_to: str | None = None
    vocabulary: Vocabulary | None = None
    link: Link | None = None
    pair: tuple[str, str] | None = None


# Lists of references: each has an association table.
LINKS: Mapping[str, type[Base]] = {"agentSourcedIds": UserAgent, "termSourcedIds": ClassTerm}
# Required though the table cannot say so: a class needs at least one term.
REQUIRED = ("termSourcedIds",)


def field_of(table: Table, name: str, column_name: str = "") -> Field:
    """The field of this name in the CSV file of the table."""
    if name == "password":
        return Field(name=name, kind=Kind.WITHHELD)
    if name in LINKS:
        return link_field(name, link_of(LINKS[name]))
    return column_field(name, table.c[column_name or snake_case(name)])


def column_field(name: str, column: Column[Any]) -> Field:
    """The field that is kept in this column, under the name that it has outside."""
    return Field(
        name=name,
        kind=kind_of(column),
        column=column,
        required=not column.nullable and name not in ("status", "dateLastModified"),
        expected=column.info.get(EXPECTED, False),
        refers_to=reference_of(column),
        vocabulary=column.info.get(VOCABULARY),
        pair=column.info.get(PAIR),
    )


def link_field(name: str, link: Link) -> Field:
    target = reference_of(link.other)
    return Field(name=name, kind=Kind.LINKS, required=name in REQUIRED, refers_to=target, link=link)


def kind_of(column: Column[Any]) -> Kind:
    if column.name == "sourced_id" or column.foreign_keys:
        return Kind.ID
    if column.info.get(YEAR):
        return Kind.YEAR
    for stored, kind in (
        (Boolean, Kind.BOOLEAN),
        (Date, Kind.DATE),
        (Moment, Kind.MOMENT),
        (Double, Kind.NUMBER),
        (JSON, Kind.PAIRS if PAIR in column.info else Kind.LIST),
    ):
        if isinstance(column.type, stored):
            return kind
    return Kind.WORD if VOCABULARY in column.info else Kind.TEXT


def reference_of(column: Column[Any]) -> str | None:
    """The table that the column's foreign key points to. Demographics have none, but are those of a user."""
    if column.table.name == "demographics" and column.primary_key:
        return "users"
    return next((key.column.table.name for key in column.foreign_keys), None)


def parent_of(table: Table) -> Column[Any] | None:
    """The column by which rows stand below others of their own table."""
    return next((column for column in table.columns if reference_of(column) == table.name), None)


def link_of(model: type[Base]) -> Link:
    own, other = table_of(model).primary_key.columns
    return Link(table_of(model), own, other)


def table_of(model: type[Base]) -> Table:
    return cast("Table", model.__table__)


def snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
