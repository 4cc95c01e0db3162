"""How stored values become the cells of a bundle, and cells its files.

One value has one form, whichever database it comes from: the same rows give the same bytes.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp
from typing import Any, TextIO
from zipfile import ZIP_DEFLATED, ZipFile

from models.base import wire_moment
from service.bundles.files import METADATA, File
from service.bundles.headers import COLUMNS_MAX
from service.records.kinds import Field, Kind

REMEMBERED = 10_000  # cells of a column that come again and again: dates, numbers, lists
MIDNIGHT = "T00:00:00.000Z"
INTEGRAL = 1e16  # from here on, Python writes an exponent
LINE_END = "\r\n"

Form = Callable[[Any], str]
Create = Callable[[str], AbstractContextManager[TextIO]]


class Unwritable(Exception):
    """The rows do not fit into a bundle; the text says why, in one line."""


class Sheet:
    """Writes one CSV file. A row is the values of the file's fields, as the driver gives them, then its metadata.

    Column by column, in which most need no quotes: that takes a third of the time of csv.writer.
    """

    def __init__(self, stream: TextIO, file: File, keys: Sequence[str]) -> None:
        header = [*file.header, *(METADATA + key for key in keys)]
        if len(header) > COLUMNS_MAX:
            raise Unwritable(f"{file.csv_name}: {len(keys):,} metadata keys, and at most {COLUMNS_MAX} columns")
        stream.write(lines([map(quoted, header)]))
        self.stream = stream
        self.keys = keys
        self.forms = [column_form(field) for field in file.fields]

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        *columns, metadata = zip(*rows, strict=True)
        cells = [form(column) for form, column in zip(self.forms, columns, strict=True)]
        if self.keys:
            cells += zip(*(metadata_cells(text, self.keys) for text in metadata), strict=True)
        self.stream.write(lines(zip(*cells, strict=True)))


def lines(rows: Iterable[Iterable[str]]) -> str:
    return LINE_END.join([*map(",".join, rows), ""])


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if needs_quotes(cell) else cell


def needs_quotes(text: str) -> bool:
    return "," in text or '"' in text or "\n" in text or "\r" in text


def column_form(field: Field) -> Callable[[Sequence[Any]], Iterable[str]]:
    form = pairs(*field.pair) if field.pair else FORMS.get(field.kind)
    if form is None:
        return texts
    return partial(map, lru_cache(REMEMBERED)(lambda value: "" if value is None else quoted(form(value))))


def texts(column: Sequence[str | None]) -> list[str]:
    """Nothing but spaces counts as blank when the file is read, so it is written so."""
    cells = ["" if text is None or text.isspace() else text for text in column]
    return [*map(quoted, cells)] if needs_quotes("".join(cells)) else cells


def boolean(value: int) -> str:
    """SQLite has 1 and 0."""
    return "true" if value else "false"


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


def pairs(left: str, right: str) -> Form:
    return lambda text: ",".join(f"{{{each[left]}:{each[right]}}}" for each in json.loads(text))


FORMS: Mapping[Kind, Form] = {
    Kind.BOOLEAN: boolean,
    Kind.DATE: str,
    Kind.MOMENT: moment,
    Kind.NUMBER: number,
    Kind.LIST: items,
    Kind.LINKS: links,
}


def metadata_cells(text: str | None, keys: Sequence[str]) -> list[str]:
    stored = json.loads(text, parse_float=one_number) if text else {}
    return [quoted(metadata_cell(stored.get(key))) for key in keys]


def metadata_cell(value: Any) -> str:
    """A text as it is, anything else as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
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
        yield partial(create_file, part)
        if not there:
            part.rename(path)
        for file in sorted(part.iterdir()) if there else ():
            file.replace(path / file.name)


def create_file(folder: Path, name: str) -> TextIO:
    return open(folder / name, "w", encoding="utf-8", newline="", opener=partial(os.open, mode=0o600))
