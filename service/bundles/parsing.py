"""The records of a file, a few thousand at a time and column by column, become rows for its stage.

A column without a flaw is converted as a whole; only the cells of others are looked at one by one. Refused rows
are staged too, marked as such: others may refer to them, and the report should say why they cannot.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from sqlalchemy import Dialect

from models.base import ACTIVE, TO_BE_DELETED
from service.bundles import v1p1
from service.bundles.columns import Cells, Reader, binder
from service.bundles.files import COMMON
from service.bundles.headers import Layout
from service.bundles.manifest import Mode
from service.bundles.records import Record, Records
from service.bundles.report import Issue, Report
from service.bundles.staging import METADATA_COLUMN, Row, Stage
from service.records.kinds import Kind
from service.records.rules import Rule
from service.records.values import MOMENT, Breach, parse_id

BATCH_ROWS = 5_000
BATCH_BYTES = 8_000_000
URN = "urn:uuid:"


@dataclass
class Chunk:
    """Records: lines and cells of those that look well, and those that are odd."""

    lines: list[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    odd: list[Record] = field(default_factory=list)


@dataclass
class Batch:
    """Rows for the stage, and for its sides by the name of their field."""

    rows: list[Row] = field(default_factory=list)
    sides: dict[str, list[Row]] = field(default_factory=dict)


class Parser:
    """Parses the records of one file and reports what is wrong with them."""

    def __init__(self, stage: Stage, layout: Layout, dialect: Dialect, report: Report) -> None:
        self.stage = stage
        self.layout = layout
        self.report = report
        self.readers = [
            Reader(field, position, dialect)
            for position, field in layout.fields
            if field.kind is not Kind.WITHHELD and field.name not in COMMON[1:]
        ]
        self.bind_metadata = binder(stage.target.c.metadata.type, dialect)
        self.blanks: Row = (None,) * len(stage.columns)
        self.row_width: int | None = None  # of all rows, if they are not as long as the header; else 0
        self.refused: set[int] = set()  # lines of the batch at hand
        self.told: set[Rule] = set()  # what is said once in a file

    def batches(self, records: Records) -> Iterator[Batch]:
        for chunk in chunks(records, self.layout.width):
            self.refused = set()
            self.cut_blank_ends(chunk)
            self.layout.edit(chunk.rows)
            batch = Batch([self.lost_row(record) for record in chunk.odd])
            self.take_out_gone(chunk, batch)
            if chunk.lines:
                self.parse_rows(chunk, batch)
            yield batch

    def cut_blank_ends(self, chunk: Chunk) -> None:
        """Of rows that are as long as the header with its blank names, or that all have the same commas too many.

        A single row that ends in one comma too many may as well have it in the middle.
        """
        if self.row_width is None:
            self.row_width = common_width(chunk)
        odd, chunk.odd = chunk.odd, []
        for record in odd:
            if record.fault or not self.has_blank_end(record.cells):
                chunk.odd.append(record)
                continue
            if len(record.cells) != self.layout.header_width:
                self.tell_once(record.line, "", "", Rule.CELLS_BLANK)
            chunk.lines.append(record.line)
            chunk.rows.append(record.cells[: self.layout.width])

    def has_blank_end(self, cells: Cells) -> bool:
        """What is below a blank name is never read, so it may be anything."""
        if len(cells) == self.layout.header_width:
            return self.layout.repairs
        same = self.layout.repairs and self.layout.width < len(cells) == self.row_width
        return same and not any(map(str.strip, cells[self.layout.width :]))

    def lost_row(self, record: Record) -> Row:
        """All that is used of it is its sourcedId, if there is one."""
        hint = "" if record.fault else f"{len(record.cells)} cells, the header has {self.layout.width}"
        self.tell(record.line, "", "", record.fault or Rule.CELL_COUNT, hint)
        at = self.layout.position("sourcedId")
        try:
            sourced_id = parse_id(record.cells[at]) if at is not None else None
        except (Breach, IndexError):
            sourced_id = None
        return (record.line, True, sourced_id or None, ACTIVE, *self.blanks)

    def take_out_gone(self, chunk: Chunk, batch: Batch) -> None:
        """Of a row that says `tobedeleted` nothing but the sourcedId counts."""
        at, bulk = self.layout.position("status"), self.stage.mode is Mode.BULK
        if bulk and (at is None or not any(row[at] for row in chunk.rows)):
            return
        live = Chunk()
        for line, row in zip(chunk.lines, chunk.rows, strict=True):
            status = row[at] if at is not None else ""
            if bulk and status:
                self.tell_once(line, "status", status, Rule.STATUS_IN_BULK)
            if status == TO_BE_DELETED:
                batch.rows.append(self.gone_row(line, row))
                continue
            if status != ACTIVE and not (bulk and not status):
                self.tell(line, "status", status, Rule.STATUS)
            live.lines.append(line)
            live.rows.append(row)
        chunk.lines, chunk.rows = live.lines, live.rows

    def gone_row(self, line: int, row: Cells) -> Row:
        sourced_id = None
        for reader in self.readers:
            if reader.field.name == "sourcedId":
                sourced_id = self.read_cell(reader, line, row[reader.position])
        refused = line in self.refused or not self.layout.usable
        return (line, refused, sourced_id, TO_BE_DELETED, *self.blanks)

    def parse_rows(self, chunk: Chunk, batch: Batch) -> None:
        lines, cells = chunk.lines, list(zip(*chunk.rows, strict=True))
        values = self.read_columns(lines, cells)
        self.check_dates(lines, cells)
        self.check_pairs(lines, cells)
        v1p1.derive(self.layout.file, values)
        flags = [line in self.refused for line in lines] if self.layout.usable else repeat(True)
        columns = (values[name] for name in self.stage.columns)
        batch.rows.extend(zip(lines, flags, values["sourcedId"], repeat(ACTIVE), *columns, strict=False))
        for name, side in self.stage.sides.items():
            rows = link_rows(lines, values, name) if side.link else v1p1.role_rows(lines, values)
            batch.sides[name] = list(rows)

    def read_columns(self, lines: Sequence[int], cells: Sequence[Cells]) -> dict[str, list[Any]]:
        values = {reader.field.name: self.read(reader, lines, cells[reader.position]) for reader in self.readers}
        if self.layout.metadata:
            values[METADATA_COLUMN] = self.read_metadata(cells)
        values.setdefault("sourcedId", [None] * len(lines))
        return values

    def read(self, reader: Reader, lines: Sequence[int], cells: Cells) -> list[Any]:
        try:
            return reader.convert(cells)
        except Breach:
            return [self.read_cell(reader, line, cell) for line, cell in zip(lines, cells, strict=True)]

    def read_cell(self, reader: Reader, line: int, cell: str) -> Any:
        try:
            return reader.bind(reader.parse(cell))
        except Breach as breach:
            self.tell(line, reader.field.name, cell, breach.rule)
            return None if breach.rule.is_error else reader.bind(breach.value)

    def read_metadata(self, cells: Sequence[Cells]) -> list[Any]:
        """Blank cells are left out; a row of blanks has no metadata."""
        names = [name for _, name in self.layout.metadata]
        columns = (cells[at] for at, _ in self.layout.metadata)
        rows = (
            {name: cell for name, cell in zip(names, row, strict=True) if cell} for row in zip(*columns, strict=True)
        )
        return [self.bind_metadata(row or None) for row in rows]

    def check_dates(self, lines: Sequence[int], cells: Sequence[Cells]) -> None:
        """Nothing is made of dateLastModified, so that no breach costs a row."""
        at = self.layout.position("dateLastModified")
        if at is None:
            return
        for line, cell in zip(lines, cells[at], strict=True):
            if self.stage.mode is Mode.BULK and cell:
                self.tell_once(line, "dateLastModified", cell, Rule.DATE_IN_BULK)
                return
            if self.stage.mode is Mode.DELTA and not MOMENT.fullmatch(cell):
                self.tell(line, "dateLastModified", cell, Rule.DATE_IN_DELTA)

    def check_pairs(self, lines: Sequence[int], cells: Sequence[Cells]) -> None:
        for left, right, rule, is_flawed in PAIRS:
            first, second = self.layout.position(left), self.layout.position(right)
            if first is None or second is None:
                continue
            for line, one, other in zip(lines, cells[first], cells[second], strict=True):
                if is_flawed(one, other):
                    self.tell(line, right, other, rule)

    def tell(self, line: int, field: str, value: str, rule: Rule, hint: str = "") -> None:
        self.report.add(Issue(self.layout.file.csv_name, line, field, value, rule, hint))
        if rule.is_error:
            self.refused.add(line)

    def tell_once(self, line: int, field: str, value: str, rule: Rule) -> None:
        if rule not in self.told:
            self.told.add(rule)
            self.tell(line, field, value, rule)


def common_width(chunk: Chunk) -> int:
    """How many cells its odd rows have, if that is the same in all of them, and they are all there is; else 0."""
    widths = {len(record.cells) for record in chunk.odd if not record.fault}
    return widths.pop() if len(widths) == 1 and len(chunk.odd) > 1 and not chunk.lines else 0


def chunks(records: Records, width: int) -> Iterator[Chunk]:
    chunk, start = Chunk(), records.bytes_read
    for record in records:
        line, cells, fault = record
        if fault is None and len(cells) == width:
            chunk.lines.append(line)
            chunk.rows.append(cells)
        else:
            chunk.odd.append(record)
        if len(chunk.lines) + len(chunk.odd) >= BATCH_ROWS or records.bytes_read - start >= BATCH_BYTES:
            yield chunk
            chunk, start = Chunk(), records.bytes_read
    yield chunk


def link_rows(lines: Sequence[int], values: Mapping[str, list[Any]], name: str) -> Iterator[Row]:
    for line, own, others in zip(lines, values["sourcedId"], values[name], strict=True):
        for other in others or ():
            yield line, own, other


def unequally_long(subjects: str, codes: str) -> bool:
    return subjects.count(",") != codes.count(",") or bool(subjects) != bool(codes)


def lacks_urn(source: str, objective: str) -> bool:
    return source == "case" and not objective.startswith(URN)


PAIRS = (
    ("subjects", "subjectCodes", Rule.SUBJECT_CODES, unequally_long),
    ("source", "learningObjectiveId", Rule.OBJECTIVE, lacks_urn),
)
