"""How stored values become the cells of a bundle, and cells its files.

One value has one form, whichever database it comes from: the same rows give the same bytes.
"""

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp
from typing import Any, TextIO
from zipfile import ZIP_DEFLATED, ZipFile

from models.base import wire_moment
from service.bundles.fields import Field, Kind
from service.bundles.files import METADATA, File
from service.bundles.headers import COLUMNS_MAX

REMEMBERED = 10_000  # cells of a column that come again and again: dates, numbers, lists
MIDNIGHT = "T00:00:00.000Z"
LINE_END = "\r\n"
INTEGRAL = 1e16  # from here on, Python writes an exponent
BOOLEANS = {None: None, True: "true", False: "false"}  # finds SQLite's 1 and 0 as well

Cell = str | None
Format = Callable[[Any], Cell]
Create = Callable[[str], AbstractContextManager[TextIO]]


class Unwritable(Exception):
    """The rows do not fit into a bundle; the text says why, in one line."""


class Sheet:
    """Writes one CSV file. A row is the values of the file's fields, as the driver gives them, then its metadata."""

    def __init__(self, stream: TextIO, file: File, keys: Sequence[str]) -> None:
        header = [*file.header, *(METADATA + key for key in keys)]
        if len(header) > COLUMNS_MAX:
            raise Unwritable(
                f"{file.csv_name}: {len(keys):,} metadata keys, with which it has over {COLUMNS_MAX} columns"
            )
        self.writer = csv.writer(stream, lineterminator=LINE_END)
        self.writer.writerow(header)
        self.keys = keys
        self.formats = [format_of(field) for field in file.fields]

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        *columns, metadata = zip(*rows, strict=True)
        cells: list[Iterator[Cell]] = [map(form, column) for form, column in zip(self.formats, columns, strict=True)]
        if self.keys:
            cells.extend(map(iter, zip(*(metadata_cells(text, self.keys) for text in metadata), strict=True)))
        self.writer.writerows(zip(*cells, strict=True))


def format_of(field: Field) -> Format:
    if field.kind is Kind.BOOLEAN:
        return BOOLEANS.__getitem__
    form = pairs(*field.pair) if field.pair else FORMATS.get(field.kind)
    return remembered(form) if form else plain


def remembered(form: Callable[[Any], str]) -> Format:
    return lru_cache(REMEMBERED)(lambda value: None if value is None else form(value))


def plain(text: Cell) -> Cell:
    """Nothing but spaces counts as blank when the file is read, so it is written so."""
    return None if text is None or text.isspace() else text


def number(value: float) -> str:
    """61, not 61.0."""
    return str(int(value)) if value.is_integer() and abs(value) < INTEGRAL else repr(value)


def moment(value: datetime | str) -> str:
    """A plain date at midnight UTC: that is what an import makes of one."""
    text = value if isinstance(value, str) else wire_moment(value)
    return text.removesuffix(MIDNIGHT)


def items(text: str) -> str:
    return ",".join(map(str, json.loads(text)))


def links(text: str) -> str:
    """Sorted here: SQLite before 3.44 joins texts in no order."""
    return ",".join(sorted(text.split(",")))


def pairs(left: str, right: str) -> Callable[[str], str]:
    return lambda text: ",".join(f"{{{each[left]}:{each[right]}}}" for each in json.loads(text))


FORMATS: Mapping[Kind, Callable[[Any], str]] = {
    Kind.DATE: str,
    Kind.MOMENT: moment,
    Kind.NUMBER: number,
    Kind.LIST: items,
    Kind.LINKS: links,
}


def metadata_cells(text: str | None, keys: Sequence[str]) -> list[Cell]:
    stored = json.loads(text, parse_float=one_number) if text else {}
    return [metadata_cell(stored.get(key)) for key in keys]


def metadata_cell(value: Any) -> Cell:
    """A text as it is, anything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def one_number(text: str) -> float:
    """Of 1e+16 PostgreSQL makes 10000000000000000, SQLite keeps it."""
    exact = Decimal(text)
    return int(exact) if exact == exact.to_integral_value() else float(text)


@contextmanager
def new_bundle(path: Path) -> Iterator[Create]:
    """A zip if the path ends in .zip, else a folder. It bears its name once the block has ended well.

    Takes the place of a zip that is there; of a folder that is there, it replaces the files of the same names.
    Only its owner may read it: it is people's data. OSError where nothing can be written.
    """
    with (new_zip if is_zip(path) else new_folder)(path) as create:
        yield create


def is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


@contextmanager
def new_zip(path: Path) -> Iterator[Create]:
    handle, name = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    part = Path(name)
    try:
        with ZipFile(part, "w", ZIP_DEFLATED) as archive:
            # open() dates every member 1980-01-01
            yield lambda name: TextIOWrapper(archive.open(name, "w", force_zip64=True), "utf-8", newline="")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Create]:
    there = path.is_dir()
    with TemporaryDirectory(dir=path if there else path.parent, prefix=f".{path.name}.") as name:
        part = Path(name)
        yield lambda name: open(part / name, "w", encoding="utf-8", newline="", opener=owned)
        if not there:
            part.rename(path)
        for file in sorted(part.iterdir()) if there else ():
            file.replace(path / file.name)


def owned(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)
