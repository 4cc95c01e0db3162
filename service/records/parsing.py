"""JSON objects become records, and every member of them is checked before the database is touched.

What is wrong is collected with its path (`lineItem.category.sourcedId`) and its rule, and raised all at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.base import ACTIVE, STATUS_WORDS
from service.errors import InvalidData
from service.records.kinds import Field
from service.records.members import Json, as_text, read_document, read_member
from service.records.rules import Rule
from service.records.values import Breach, parse_id
from service.records.writable import Part, Row, Writable

PROBLEMS_SHOWN = 20
STATUS, METADATA = "status", "metadata"


@dataclass(frozen=True)
class Reference:
    """`at` is the member that refers to the row of the table."""

    at: str
    table: str
    sourced_id: str


@dataclass
class Record:
    """What a client sent: values by column, and of each part that it named the rows."""

    sourced_id: str
    at: str
    status: str
    values: Row
    parts: dict[Part, list[Row]]
    references: list[Reference]


@dataclass
class Reader:
    """Reads the members of one JSON object after the other, and keeps what is wrong with them."""

    problems: list[tuple[str, Rule]] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)

    def read(self, known: Field, given: Json, at: str) -> Any:
        """The value for the field's column. A reference is an object with a sourcedId."""
        if known.refers_to:
            return self.reference(known, given, at)
        try:
            return read_member(known, given)
        except Breach as breach:
            return self.refuse(at, breach.rule)

    def reference(self, known: Field, given: Json, at: str) -> Any:
        if given in (None, "", {}):
            return self.refuse(at, Rule.REQUIRED) if known.required else None
        if not isinstance(given, Mapping):
            return self.refuse(at, Rule.TYPE)
        return self.sourced_id(known.refers_to or "", given.get("sourcedId"), f"{at}.sourcedId")

    def sourced_id(self, table: str, given: Json, at: str) -> Any:
        """One that a row of the table must have."""
        found = self.id(given, at)
        if found is not None:
            self.references.append(Reference(at, table, found))
        return found

    def id(self, given: Json, at: str) -> Any:
        try:
            return parse_id(as_text("" if given is None else given)) or self.refuse(at, Rule.REQUIRED)
        except Breach as breach:
            return breach.value if not breach.rule.is_error else self.refuse(at, breach.rule)

    def members(self, known: Mapping[str, Field], given: Mapping[str, Json], at: str) -> Row:
        """The values of an object's members by column; of those that it has, if the fields say so."""
        row: Row = {}
        for name, each in known.items():
            value = self.read(each, given.get(name), f"{at}.{name}")
            if each.column is not None and (value is not None or each.column.key not in row):
                row[each.column.key] = value
        return row

    def status(self, given: Json, at: str) -> str:
        """As in a file, but that most clients leave it out."""
        if given in (None, "", *STATUS_WORDS.words):
            return given or ACTIVE
        self.refuse(at, Rule.STATUS)
        return ACTIVE

    def document(self, given: Json, at: str) -> Any:
        try:
            return read_document(given)
        except Breach as breach:
            return self.refuse(at, breach.rule)

    def objects(self, given: Json, at: str) -> list[tuple[str, Mapping[str, Json]]]:
        """The objects of a list, each with its place."""
        if given in (None, ""):
            return []
        if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
            return self.refuse(at, Rule.TYPE) or []
        return [(f"{at}[{index}]", each) for index, each in enumerate(given)]

    def refuse(self, at: str, rule: Rule) -> Any:
        """Returns None, the value of what is refused."""
        self.problems.append((at, rule))
        return None

    def finish(self) -> None:
        """Raises InvalidData if anything was wrong."""
        if self.problems:
            raise refused(self.problems)


def refused(problems: list[tuple[str, Rule]]) -> InvalidData:
    """`lineItem.title: required (a value is required, and there is none)`, of each."""
    shown = "; ".join(f"{at}: {rule.label} ({rule.explanation})" for at, rule in problems[:PROBLEMS_SHOWN])
    more = len(problems) - PROBLEMS_SHOWN
    return InvalidData(shown + (f"; and {more} more" if more > 0 else ""))


def read_record(reader: Reader, writable: Writable, given: Json, at: str, *, partial: bool = False) -> Record:
    """The record that a JSON object stands for; with `partial`, of the members that it has only.

    Its sourcedId is "" where it has none.
    """
    record = Record("", at, ACTIVE, {}, {}, [])
    if not isinstance(given, Mapping):
        reader.refuse(at, Rule.TYPE)
        return record
    given = {**given, **renamed(writable, given)}
    start = len(reader.references)
    if given.get("sourcedId") not in (None, ""):
        record.sourced_id = reader.id(given["sourcedId"], f"{at}.sourcedId") or ""
    record.status = reader.status(given.get(STATUS), f"{at}.{STATUS}")
    named = {METADATA, *writable.members, *writable.documents, *(part.name for part in writable.parts)}
    if partial:
        named &= set(given)
    read_columns(reader, writable, named, given, record)
    record.parts = read_parts(reader, writable, named, given, at)
    record.references = reader.references[start:]
    settle_own_references(reader, record)
    return record


def settle_own_references(reader: Reader, record: Record) -> None:
    """What refers to a part of the record itself, as a role does to a profile, is settled by what was sent."""
    own = {part.table.name: {row.get("sourced_id") for row in rows} for part, rows in record.parts.items()}
    for each in record.references:
        if each.table in own and each.sourced_id not in own[each.table]:
            reader.refuse(each.at, Rule.UNKNOWN_REFERENCE)
    record.references = [each for each in record.references if each.table not in own]


def read_columns(
    reader: Reader, writable: Writable, named: set[str], given: Mapping[str, Json], record: Record
) -> None:
    at = record.at
    if METADATA in named:
        record.values[METADATA] = reader.document(given.get(METADATA), f"{at}.{METADATA}")
    known = {name: each for name, each in writable.members.items() if name in named}
    record.values |= reader.members(known, given, at)
    for name, (column, read) in writable.documents.items():
        if name in named:
            record.values[column] = read(reader, given.get(name), f"{at}.{name}")


def read_parts(
    reader: Reader, writable: Writable, named: set[str], given: Mapping[str, Json], at: str
) -> dict[Part, list[Row]]:
    parts = {}
    for part in writable.parts:
        if part.name in named:
            place = f"{at}.{part.name}"
            parts[part] = part.read(reader, given.get(part.name), place)
            if part.required and not parts[part]:
                reader.refuse(place, Rule.REQUIRED)
    return parts


def renamed(writable: Writable, given: Mapping[str, Json]) -> dict[str, Json]:
    """The members that came under another name of theirs."""
    return {name: given[other] for other, name in writable.names.items() if given.get(other) is not None}
