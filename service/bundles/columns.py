"""How a whole column of cells becomes values at once, as the driver takes them."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.types import TypeEngine

from service.bundles.cells import forgiving
from service.bundles.dates import DayOrder
from service.records.kinds import Field, Kind
from service.records.rules import Rule
from service.records.values import ID_FLAWED, ID_MAX, Breach, Parse, parser_of

MEMO_VALUES = 10_000
MEMO_CHARACTERS = 100

DAYS = (Kind.DATE, Kind.MOMENT)

Cells = Sequence[str]


class Reader:
    """Reads the cells of one field. `convert` takes a flawless column and raises Breach for any other.

    `days`: in which order the parts of dates may come, beside the standard's; None if no cell is repaired.
    """

    def __init__(self, field: Field, position: int, dialect: Dialect, days: DayOrder | None = None) -> None:
        self.field = field
        self.position = position
        parse = parser_of(field, days.parser_of(field) if days and field.kind in DAYS else None)
        self.parse = forgiving(field, parse) if days else parse
        self.bind = binder(field.column.type, dialect) if field.column is not None else unbound
        self.convert = converter(field, lambda text: self.bind(self.parse(text)))


def binder(type_: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any]:
    """What the driver takes for a value of the type."""
    return type_.dialect_impl(dialect).bind_processor(dialect) or unbound


def unbound(value: Any) -> Any:
    return value


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
