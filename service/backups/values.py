"""How a stored value is written into a backup, and read from it, whichever database it is of.

A row is a line, a JSON array in the order of the table's columns; each column has a kind, which the manifest names. The
kinds, not the models, say how a value is read back: a backup is loaded into the tables of its own revision, and the
models may have moved on.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from json.encoder import encode_basestring
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Float, Integer, String

from models.base import Moment, wire_moment

Form = Callable[[Any], Any]
NULL = "null"


def kind_of(column: Column[Any]) -> str:
    """Raises TypeError for a type that backups do not know yet."""
    for kind, types in KINDS.items():
        if isinstance(column.type, types):
            return kind
    raise TypeError(f"{column}: backups know no {column.type!r}")


KINDS: dict[str, type[Any] | tuple[type[Any], ...]] = {
    "moment": Moment,
    "date": Date,
    "boolean": Boolean,
    "json": JSON,
    "integer": Integer,
    "number": Float,
    "text": String,
}


def written_moment(value: datetime | str) -> str:
    return f'"{value if isinstance(value, str) else wire_moment(value)}"'


# From what the driver gives; JSON is text, and a line break in it can only be between its tokens.
WRITTEN: dict[str, Form] = {
    "moment": written_moment,
    "date": lambda value: f'"{value}"',
    "boolean": lambda value: "true" if value else "false",
    "json": lambda value: value.replace("\n", " ").replace("\r", " "),
    "integer": str,
    "number": repr,
    "text": encode_basestring,
}

# To what the driver takes.
READ_BY_POSTGRESQL: dict[str, Form] = {
    "moment": datetime.fromisoformat,
    "date": date.fromisoformat,
    "json": json.dumps,
    "number": float,
}
READ_BY_SQLITE: dict[str, Form] = {"boolean": int, "json": json.dumps, "number": float}


def lines_of(kinds: Iterable[str], rows: Sequence[Sequence[Any]]) -> str:
    """Column by column: that takes half the time of row by row."""
    columns = zip(*rows, strict=True)
    cells = [written(WRITTEN[kind], column) for kind, column in zip(kinds, columns, strict=True)]
    return "".join(f"[{','.join(row)}]\n" for row in zip(*cells, strict=True))


def written(form: Form, column: Iterable[Any]) -> list[str]:
    return [NULL if value is None else form(value) for value in column]


def rows_of(forms: Sequence[Form | None], lines: Sequence[bytes]) -> list[tuple[Any, ...]]:
    """`forms` are those of the columns; None: as it is. Raises ValueError for what is no such row."""
    columns = zip(*map(json.loads, lines), strict=True)
    return list(zip(*(read(form, column) for form, column in zip(forms, columns, strict=True)), strict=True))


def read(form: Form | None, column: Sequence[Any]) -> Sequence[Any]:
    return column if form is None else [None if value is None else form(value) for value in column]
