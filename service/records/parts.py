"""How the members of a record become rows of their own: lists of references, single ones, objects, objectives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute

from models.base import Base
from service.lists import fields
from service.records.kinds import Field, Kind, column_field, reference_of, snake_case, table_of
from service.records.members import Json
from service.records.parsing import Reader
from service.records.rules import Rule
from service.records.writable import Part, Row, column_of

Column = InstrumentedAttribute[Any]


def references_part(name: str, owner: Column, other: Column, *, required: bool = False) -> Part:
    """`[{"sourcedId": …}, …]`: a row for each, which refers to it in the column `other`."""

    def read(reader: Reader, given: Json, at: str) -> list[Row]:
        table, listed = target(other), reader.objects(given, at)
        found = (reader.sourced_id(table, each.get("sourcedId"), f"{place}.sourcedId") for place, each in listed)
        return [{other.key: sourced_id} for sourced_id in dict.fromkeys(found) if sourced_id is not None]

    return Part(name, owner, (other.key,), read, required)


def reference_part(name: str, owner: Column, other: Column) -> Part:
    """`{"sourcedId": …}`: at most one row, which refers to it."""
    known = Field(name=name, kind=Kind.ID, refers_to=target(other))

    def read(reader: Reader, given: Json, at: str) -> list[Row]:
        found = reader.reference(known, given, at)
        return [] if found is None else [{other.key: found}]

    return Part(name, owner, (other.key,), read)


def objects_part(  # noqa: PLR0913 - a declaration
    name: str,
    owner: Column,
    shown: Mapping[str, fields.Field],
    key: tuple[str, ...],
    *,
    finish: Callable[[Reader, Mapping[str, Json], Row, str], Row],
    required: bool = False,
) -> Part:
    """`[{…}, …]`: a row for each, of the members that `shown` names; `finish` adds what does not follow from these."""
    columns = {member: column_of(each) for member, each in shown.items()}
    known = {member: column_field(member, column) for member, column in columns.items() if column is not None}

    def read(reader: Reader, given: Json, at: str) -> list[Row]:
        listed = reader.objects(given, at)
        return [finish(reader, each, reader.members(known, each, place), place) for place, each in listed]

    return Part(name, owner, key, read, required)


def target(column: Column) -> str:
    return reference_of(column.property.columns[0]) or ""


# --- learning objectives ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Objectives:
    """`[{"source": "case", list_name: [ids or objects]}]`. `known` are the fields of an objective but the source."""

    list_name: str
    source: Field
    known: Mapping[str, Field]

    def rows(self, reader: Reader, given: Json, at: str) -> list[Row]:
        """A row for each objective, each once."""
        rows: dict[tuple[Any, Any], Row] = {}
        for place, each in reader.objects(given, at):
            source = reader.read(self.source, each.get("source"), f"{place}.source")
            for row in self.rows_of_set(reader, each.get(self.list_name), f"{place}.{self.list_name}"):
                rows.setdefault((source, row["learning_objective_id"]), {"source": source, **row})
        return list(rows.values())

    def rows_of_set(self, reader: Reader, listed: Json, at: str) -> list[Row]:
        if not isinstance(listed, list) or not listed:
            reader.refuse(at, Rule.TYPE if listed else Rule.REQUIRED)
            return []
        objects = (each if isinstance(each, Mapping) else {OBJECTIVE_ID: each} for each in listed)
        return [reader.members(self.known, each, f"{at}[{index}]") for index, each in enumerate(objects)]

    def document(self, reader: Reader, given: Json, at: str) -> list[dict[str, Any]] | None:
        """The same as JSON, for a column that keeps it as the wire has it; None where there is nothing."""
        sets: dict[str, list[Any]] = {}
        for row in self.rows(reader, given, at):
            shown = {name: row[snake_case(name)] for name in self.known if row[snake_case(name)] is not None}
            sets.setdefault(row["source"], []).append(shown if len(self.known) > 1 else row["learning_objective_id"])
        return [{"source": source, self.list_name: items} for source, items in sets.items()] or None


OBJECTIVE_ID = "learningObjectiveId"


def objectives(model: type[Base], list_name: str, *more: str) -> Objectives:
    """Of the model's rows; `more` names what an objective holds beside its id."""
    table = table_of(model)
    known = {name: column_field(name, table.c[snake_case(name)]) for name in (OBJECTIVE_ID, *more)}
    return Objectives(list_name, column_field("source", table.c.source), known)


def objectives_part(name: str, owner: Column, read: Objectives) -> Part:
    return Part(name, owner, ("source", "learning_objective_id"), read.rows)
