"""What a program may write: which members of its JSON go into columns, which into rows of their own.

A `Writable` is declared beside the `Collection` that shows the record, and most of it follows from that: a member that
shows a column is written to it. Members that show other rows are declared as parts; the rest is only shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

from sqlalchemy import Column, ColumnElement, Table
from sqlalchemy.orm import InstrumentedAttribute

from models.base import Base
from service.lists import fields
from service.lists.collection import Collection
from service.records.kinds import Field, column_field, table_of

COMMON = ("sourcedId", "status", "dateLastModified", "metadata")
Row = dict[str, Any]  # values by the names of their columns
Told = Callable[[Callable[[str], ColumnElement[Any]]], ColumnElement[Any]]  # from the row's columns by their names


@dataclass(frozen=True, eq=False)
class Part:
    """A member that shows rows of a table of their own, which belong to the record.

    `read(reader, given, at)` makes the rows that the member stands for; `owner` is the column that refers to the
    record, `key` names the columns by which a stored row is found to be one of them. A table of pairs, such as a class
    and its terms, has only these two columns.
    """

    name: str
    owner: InstrumentedAttribute[Any]
    key: tuple[str, ...]
    read: Callable[[Any, Any, str], list[Row]]
    required: bool = False

    @cached_property
    def table(self) -> Table:
        return table_of_column(self.owner)

    @cached_property
    def owner_column(self) -> Column[Any]:
        return self.table.c[self.owner.key]

    @property
    def is_pair(self) -> bool:
        return "sourced_id" not in self.table.c


@dataclass(frozen=True, eq=False)
class Writable:
    """`names`: other names that clients have for a member. `told`: what a column holds if the client leaves it out
    but other rows tell it. `readers`: how a JSON column is read that is
    no list of plain values."""

    collection: Collection
    parts: tuple[Part, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, Told] = field(default_factory=dict)
    readers: Mapping[str, Callable[[Any, Any, str], Any]] = field(default_factory=dict)

    @property
    def one(self) -> str:
        return self.collection.one

    @cached_property
    def table(self) -> Table:
        return table_of(cast("type[Base]", self.collection.entity))

    @cached_property
    def members(self) -> Mapping[str, Field]:
        """The members that are kept in columns, each as the field that it is; those with readers left out."""
        shown = {name: column_of(each) for name, each in self.collection.own.items() if name not in self.readers}
        known = {name: column_field(name, column) for name, column in shown.items() if column is not None}
        return {
            name: replace(each, required=False) if each.column is not None and each.column.key in self.told else each
            for name, each in known.items()
        }

    @cached_property
    def unseen(self) -> tuple[str, ...]:
        """The columns that other rows tell and no member shows."""
        shown = {each.column.key for each in self.members.values() if each.column is not None}
        return tuple(name for name in self.told if name not in shown)

    @cached_property
    def documents(self) -> Mapping[str, tuple[str, Callable[[Any, Any, str], Any]]]:
        """The members with readers: the column of each, and its reader."""
        columns = {name: column_of(self.collection.own[name]) for name in self.readers}
        return {name: (column.key, self.readers[name]) for name, column in columns.items() if column is not None}


def table_of_column(attribute: InstrumentedAttribute[Any]) -> Table:
    return cast("Table", attribute.property.columns[0].table)


def column_of(shown: Any) -> Column[Any] | None:
    """The column that the field of a collection shows; None if it shows an expression or other rows."""
    if not isinstance(shown, (fields.Value, fields.Ref, fields.Texts, fields.Objects)):
        return None
    column = getattr(shown.column, "property", None)
    return column.columns[0] if column is not None else None
