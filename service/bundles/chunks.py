"""The records of a file, a few thousand at a time, each with as many cells as the header has names."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from models.base import TO_BE_DELETED
from service.bundles.cells import INACTIVE, is_blank
from service.bundles.headers import Layout
from service.bundles.records import Record, Records
from service.records.rules import Rule

BATCH_ROWS = 5_000
BATCH_BYTES = 8_000_000


@dataclass
class Chunk:
    """Records: lines and cells of those that look well, and those that are odd."""

    lines: list[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    odd: list[Record] = field(default_factory=list)
    blank: int = 0  # the first line of nothing but blank cells, which are left out


def chunks(records: Records, layout: Layout) -> Iterator[Chunk]:
    chunk, start = Chunk(), records.bytes_read
    for record in records:
        line, cells, fault = record
        if layout.repairs and fault is None and is_blank(cells):
            chunk.blank = chunk.blank or line
        elif fault is None and len(cells) == layout.width:
            chunk.lines.append(line)
            chunk.rows.append(cells)
        else:
            chunk.odd.append(record)
        if len(chunk.lines) + len(chunk.odd) >= BATCH_ROWS or records.bytes_read - start >= BATCH_BYTES:
            yield chunk
            chunk, start = Chunk(), records.bytes_read
    yield chunk


def mend(chunk: Chunk, layout: Layout, needed: int) -> Iterator[tuple[int, Rule, str]]:
    """Give odd rows the width of the header, where that loses nothing. Yields what is to be said: line, rule, hint.

    `needed` are the cells that a row must have.
    """
    odd, chunk.odd = chunk.odd, []
    for record in odd:
        fitted = None if record.fault else fit(record.cells, layout, needed)
        if fitted is None:
            chunk.odd.append(record)
            continue
        chunk.lines.append(record.line)
        chunk.rows.append(fitted)
        if len(record.cells) < layout.width:
            yield record.line, Rule.CELLS_MISSING, count_hint(record, layout)
        elif len(record.cells) != layout.header_width:
            yield record.line, Rule.CELLS_BLANK, count_hint(record, layout)


def fit(cells: list[str], layout: Layout, needed: int) -> list[str] | None:
    """None if cells would be lost, or are missing. What is below a blank name is never read, so it may be anything."""
    surplus = cells[layout.width :]
    if surplus:
        lost = len(cells) != layout.header_width and any(map(str.strip, surplus))
        return None if lost else cells[: layout.width]
    enough = len(cells) >= needed or is_gone(cells, layout)
    return cells + [""] * (layout.width - len(cells)) if enough else None


def is_gone(cells: list[str], layout: Layout) -> bool:
    """Of a row that is to be deleted only the sourcedId counts."""
    at, sourced_id = layout.position("status"), layout.position("sourcedId")
    return at is not None and cells[at : at + 1] in ([TO_BE_DELETED], [INACTIVE]) and (sourced_id or 0) < len(cells)


def count_hint(record: Record, layout: Layout) -> str:
    return "" if record.fault else f"{len(record.cells)} cells, the header has {layout.width}"
