"""The records of a file, a few thousand at a time and column by column, become rows for its stage.

A column without a flaw is converted as a whole; only the cells of others are looked at one by one. Refused rows
are staged too, marked as such: others may refer to them, and the report should say why they cannot.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any

from sqlalchemy import Dialect

from models.base import ACTIVE, TO_BE_DELETED
from service.bundles import v1p1
from service.bundles.cells import respell_status
from service.bundles.chunks import Chunk, chunks, count_hint, mend
from service.bundles.columns import Cells, Reader, binder
from service.bundles.dates import DayOrder
from service.bundles.files import COMMON
from service.bundles.headers import TOLD_BY, Layout
from service.bundles.manifest import Mode
from service.bundles.records import Record, Records
from service.bundles.report import Issue, Report
from service.bundles.staging import METADATA_COLUMN, Row, Stage
from service.records.kinds import Field, Kind
from service.records.rules import Rule
from service.records.values import MOMENT, Breach, parse_id

URN = "urn:uuid:"


@dataclass
class Batch:
    """Rows for the stage, and for its sides by the name of their field."""

    rows: list[Row] = field(default_factory=list)
    sides: dict[str, list[Row]] = field(default_factory=dict)


class Parser:
    """Parses the records of one file and reports what is wrong with them."""

    def __init__(self, stage: Stage, layout: Layout, dialect: Dialect, report: Report, days: DayOrder) -> None:
        self.stage = stage
        self.layout = layout
        self.report = report
        self.readers = [
            Reader(self.readable(field), position, dialect, days if layout.repairs else None)
            for position, field in layout.fields
            if field.kind is not Kind.WITHHELD and field.name not in COMMON[1:]
        ]
        self.bind_metadata = binder(stage.target.c.metadata.type, dialect)
        self.blanks: Row = (None,) * len(stage.columns)
        needed = (at for at, field in layout.fields if at < layout.width and self.readable(field).required)
        self.needed = 1 + max(needed, default=-1)
        self.refused: set[int] = set()  # lines of the batch at hand
        self.told: set[Rule] = set()  # what is said once in a file

    def batches(self, records: Records) -> Iterator[Batch]:
        for chunk in chunks(records, self.layout):
            self.refused = set()
            if chunk.blank:
                self.tell_once(chunk.blank, "", "", Rule.ROW_BLANK)
            if self.layout.repairs and chunk.odd:
                self.mend(chunk)
            self.layout.edit(chunk.rows)
            batch = Batch([self.lost_row(record) for record in chunk.odd])
            self.take_out_gone(chunk, batch)
            if chunk.lines:
                self.parse_rows(chunk, batch)
            yield batch

    def readable(self, field: Field) -> Field:
        """As its cells may be."""
        told = self.layout.repairs and self.layout.position(TOLD_BY.get(field.name, "")) is not None
        return replace(field, required=False) if told else field

    def mend(self, chunk: Chunk) -> None:
        for line, rule, hint in mend(chunk, self.layout, self.needed):
            self.tell(line, "", "", rule, hint)

    def lost_row(self, record: Record) -> Row:
        """All that is used of it is its sourcedId, if there is one."""
        self.tell(record.line, "", "", record.fault or Rule.CELL_COUNT, count_hint(record, self.layout))
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
            if status != ACTIVE and self.layout.repairs:
                status = self.mended_status(line, status)
            if status == TO_BE_DELETED:
                batch.rows.append(self.gone_row(line, row))
                continue
            if status != ACTIVE and not (bulk and not status):
                self.tell(line, "status", status, Rule.STATUS)
            live.lines.append(line)
            live.rows.append(row)
        chunk.lines, chunk.rows = live.lines, live.rows

    def mended_status(self, line: int, status: str) -> str:
        rule, meant = respell_status(status)
        if rule:
            self.tell(line, "status", status, rule, f"read as {meant}")
        return meant

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
        self.check_spans(lines, cells, values)
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
        for name in ("sourcedId", *(each.name for each in self.layout.derivable)):
            values.setdefault(name, [None] * len(lines))
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
            self.tell(line, reader.field.name, cell, breach.rule, breach.hint)
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

    def check_spans(self, lines: Sequence[int], cells: Sequence[Cells], values: Mapping[str, list[Any]]) -> None:
        """Driver values compare as what they stand for do."""
        for begin, end in SPANS:
            first, last = self.layout.position(begin), self.layout.position(end)
            if first is None or last is None or not any(values[end]):
                continue
            for at, (begins, ends) in enumerate(zip(values[begin], values[end], strict=True)):
                if begins and ends and ends < begins:
                    hint = f"{begin} is {cells[first][at]}"
                    self.tell(lines[at], end, cells[last][at], Rule.END_BEFORE_BEGIN, hint)

    def tell(self, line: int, field: str, value: str, rule: Rule, hint: str = "") -> None:
        self.report.add(Issue(self.layout.file.csv_name, line, field, value, rule, hint))
        if rule.is_error:
            self.refused.add(line)

    def tell_once(self, line: int, field: str, value: str, rule: Rule) -> None:
        if rule not in self.told:
            self.told.add(rule)
            self.tell(line, field, value, rule)


def link_rows(lines: Sequence[int], values: Mapping[str, list[Any]], name: str) -> Iterator[Row]:
    for line, own, others in zip(lines, values["sourcedId"], values[name], strict=True):
        for other in others or ():
            yield line, own, other


def unequally_long(subjects: str, codes: str) -> bool:
    return subjects.count(",") != codes.count(",") or bool(subjects) != bool(codes)


def lacks_urn(source: str, objective: str) -> bool:
    return source == "case" and not objective.startswith(URN)


SPANS = (("startDate", "endDate"), ("beginDate", "endDate"), ("assignDate", "dueDate"))
PAIRS = (
    ("subjects", "subjectCodes", Rule.SUBJECT_CODES, unequally_long),
    ("source", "learningObjectiveId", Rule.OBJECTIVE, lacks_urn),
)
