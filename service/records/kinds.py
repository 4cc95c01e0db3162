"""What each field of a CSV file is. It follows from the column of the model that the field is named after.

What does not follow is declared here: LINKS, PAIRS, YEARS, REQUIRED, EXPECTED.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import JSON, Boolean, Column, Date, Double, Table

from models import ClassTerm, UserAgent
from models.base import Base, Moment


class Kind(StrEnum):
    """What a cell holds."""

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
class Vocabulary:
    """The words that a field may hold; an extensible one also takes `ext:` and a word of the sender's."""

    words: tuple[str, ...]
    extensible: bool = True


@dataclass(frozen=True)
class Link:
    """The association table behind a list of sourcedIds: `own` holds the row's, `other` the listed ones."""

    table: Table
    own: Column[Any]
    other: Column[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """One column of a file.

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
PAIRS: Mapping[str, tuple[str, str]] = {
    "scoreScaleValue": ("itemValueLHS", "itemValueRHS"),
    "userIds": ("type", "identifier"),
}
YEARS = ("schoolYear",)
# Required though the table cannot say so: a class needs at least one term.
REQUIRED = ("termSourcedIds",)
# Required by the standard, but often blank, and nothing that we do depends on them.
EXPECTED = ("courses.course_code", "orgs.identifier")


def field_of(table: Table, name: str, vocabulary: Vocabulary | None = None, column_name: str = "") -> Field:
    if name == "password":
        return Field(name=name, kind=Kind.WITHHELD)
    if name in LINKS:
        return link_field(name, link_of(LINKS[name]))
    column = table.c[column_name or snake_case(name)]
    kind = kind_of(name, column)
    return Field(
        name=name,
        kind=Kind.WORD if vocabulary and kind is Kind.TEXT else kind,
        column=column,
        required=not column.nullable and name not in ("status", "dateLastModified"),
        expected=str(column) in EXPECTED,
        refers_to=reference_of(column),
        vocabulary=vocabulary,
        pair=PAIRS.get(name),
    )


def link_field(name: str, link: Link) -> Field:
    target = reference_of(link.other)
    return Field(name=name, kind=Kind.LINKS, required=name in REQUIRED, refers_to=target, link=link)


def kind_of(name: str, column: Column[Any]) -> Kind:
    if name == "sourcedId" or column.foreign_keys:
        return Kind.ID
    if name in YEARS:
        return Kind.YEAR
    for stored, kind in (
        (Boolean, Kind.BOOLEAN),
        (Date, Kind.DATE),
        (Moment, Kind.MOMENT),
        (Double, Kind.NUMBER),
        (JSON, Kind.PAIRS if name in PAIRS else Kind.LIST),
    ):
        if isinstance(column.type, stored):
            return kind
    return Kind.TEXT


def reference_of(column: Column[Any]) -> str | None:
    """The table that the column's foreign key points to. Demographics have none, but are those of a user."""
    if column.table.name == "demographics" and column.primary_key:
        return "users"
    return next((key.column.table.name for key in column.foreign_keys), None)


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
