"""How the text of a query becomes a value, and how a column is compared with it."""

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Boolean, ColumnElement, Date, Double, literal, not_

from models.base import Moment, as_utc
from service.lists.json_text import Column, has_text

Operator = Literal["=", "!=", ">", ">=", "<", "<=", "~"]
Path = tuple[str, ...]
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
BOOLEANS = {"true": True, "false": False}


class BadValue(ValueError):
    """A value does not suit the field, or the operator does not. The text is for the client."""


def parse(column: Column, given: str) -> Any:
    """The text of a query as a value of the column's type. Raises BadValue."""
    if "\0" in given:
        raise BadValue("a value holds no NUL character")
    for kind, read in PARSERS.items():
        if isinstance(column.type, kind):
            return read(given)
    return given


def parse_boolean(given: str) -> bool:
    if given not in BOOLEANS:
        raise BadValue("this field is 'true' or 'false'")
    return BOOLEANS[given]


def parse_number(given: str) -> float:
    if not NUMBER.fullmatch(given) or not math.isfinite(float(given)):
        raise BadValue("this field is a number")
    return float(given)


def parse_date(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise BadValue("this field is a date, YYYY-MM-DD") from error


def parse_moment(given: str) -> datetime:
    try:
        return as_utc(datetime.fromisoformat(given))
    except (ValueError, OverflowError) as error:
        raise BadValue("this field is a date-time, YYYY-MM-DDTHH:MM:SS.sssZ") from error


PARSERS: dict[type, Callable[[str], Any]] = {
    Boolean: parse_boolean,
    Double: parse_number,
    Date: parse_date,
    Moment: parse_moment,
}


def compare_scalar(column: Column, operator: Operator, given: str) -> ColumnElement[bool]:
    """An absent value is equal to nothing, so `!=` finds it and the others do not."""
    if isinstance(column.type, Boolean) and operator not in ("=", "!="):
        raise BadValue("this field can be compared by = and != only")
    if isinstance(column.type, (Date, Double, Moment)) and operator == "~":
        raise BadValue("~ looks into text, and this field is none")
    value = literal(parse(column, given), column.type)
    if operator == "=":
        return column == value
    if operator == "!=":
        return column.is_distinct_from(value)
    if operator == "~":
        return has_text(column, value)
    return column.op(operator, is_comparison=True)(value)


def compare_any(rows: Callable[[Operator], ColumnElement[bool]], operator: Operator) -> ColumnElement[bool]:
    """A field of many values: one that matches is enough; `!=` is that none is equal."""
    return not_(rows("=")) if operator == "!=" else rows(operator)
