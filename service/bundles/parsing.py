"""The rows of a file, a few thousand at a time and column by column, become rows for its stage.

A column without a flaw is converted as a whole; only the cells of others are looked at one by one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.types import TypeEngine

from models.base import ACTIVE, TO_BE_DELETED
from service.bundles import v1p1
from service.bundles.cells import ID_FLAWED, ID_MAX, MOMENT, Breach, Parse, parse_id, parser_of
from service.bundles.fields import Field, Kind
from service.bundles.files import COMMON, OBJECTIVE_SOURCES
from service.bundles.headers import Layout
from service.bundles.manifest import Mode
from service.bundles.records import Record, Records
from service.bundles.report import Issue, Report
from service.bundles.rules import Rule
from service.bundles.staging import METADATA_COLUMN, Row, Stage

BATCH_ROWS = 5_000
BATCH_BYTES = 8_000_000
MEMO_VALUES = 10_000
MEMO_CHARACTERS = 100
URN = "urn:uuid:"

Cells = Sequence[str]
Values = dict[str, list[Any]]


@dataclass
class Batch:
    """Rows for the stage, and for its sides by the name of their field."""

    rows: list[Row]
    sides: dict[str, list[Row]] = field(default_factory=dict)


class Memo(dict[str, Any]):
    """Values of texts that come again and again: words, dates, lists."""

    def __init__(self, parse: Parse) -> None:
        self.parse = parse

    def __missing__(self, text: str) -> Any:
        value = self.parse(text)
        if len(self) >= MEMO_VALUES:
            self.clear()
        if len(text) <= MEMO_CHARACTERS:
            self[text] = value
        return value


class Reader:
    """Reads the cells of one field. `convert` takes a flawless column and raises Breach for any other."""

    def __init__(self, field: Field, position: int, bind: Parse) -> None:
        self.field = field
        self.position = position
        self.bind = bind
        self.parse = parser_of(field)
        self.convert = converter(field, lambda text: bind(self.parse(text)))


def converter(field: Field, parse: Parse) -> Callable[[Cells], list[Any]]:
    if field.kind is Kind.ID:
        return lambda cells: convert_ids(cells, required=field.required)
    if field.kind is Kind.TEXT and not field.expected:
        return lambda cells: convert_text(cells, required=field.required)
    memo = Memo(parse)
    return lambda cells: list(map(memo.__getitem__, cells))


def convert_ids(cells: Cells, *, required: bool) -> list[str | None]:
    if ID_FLAWED.search("".join(cells)) or max(map(len, cells)) > ID_MAX:
        raise Breach(Rule.ID)
    return convert_text(cells, required=required)


def convert_text(cells: Cells, *, required: bool) -> list[str | None]:
    if (required and "" in cells) or any(map(str.isspace, cells)):
        raise Breach(Rule.REQUIRED)
    return [cell or None for cell in cells]


def binder(type_: TypeEngine[Any], dialect: Dialect) -> Parse:
    """What the driver takes for a value of the type."""
    return type_.dialect_impl(dialect).bind_processor(dialect) or (lambda value: value)


class Parser:
    """Parses the rows of one file. What is wrong with them is reported, and no refused row is left out of the batch:
    others may refer to it, and should hear why they cannot."""

    def __init__(self, stage: Stage, layout: Layout, dialect: Dialect, report: Report) -> None:
        self.stage = stage
        self.layout = layout
        self.report = report
        self.bind_metadata = binder(stage.target.c.metadata.type, dialect)
        self.readers = [
            Reader(field, position, self.binder_of(field, dialect))
            for position, field in layout.fields
            if field.kind is not Kind.WITHHELD and field.name not in COMMON[1:]
        ]
        self.reported_once: set[Rule] = set()
        self.refused: set[int] = set()  # lines of the batch at hand

    @staticmethod
    def binder_of(field: Field, dialect: Dialect) -> Parse:
        return (lambda value: value) if field.column is None else binder(field.column.type, dialect)

    def batches(self, records: Records, first: Iterator[Record]) -> Iterator[Batch]:
        """`first` iterates over `records`, behind the header."""
        rows: list[Record] = []
        start = records.bytes_read
        for record in first:
            rows.append(record)
            if len(rows) >= BATCH_ROWS or records.bytes_read - start > BATCH_BYTES:
                yield self.parse(rows)
                rows, start = [], records.bytes_read
        if rows:
            yield self.parse(rows)
