"""How a value looks on the wire, and how query text becomes a value: the kinds of field that a collection has.

Each kind knows its JSON, when it is absent, what a filter may ask of it, and whether a list can be sorted by it.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Double,
    Select,
    Text,
    bindparam,
    case,
    column,
    exists,
    func,
    literal,
    not_,
)
from sqlalchemy.sql.elements import False_
from sqlalchemy.sql.functions import coalesce

from models.base import Moment, as_utc
from service.json_schema import Schema
from service.json_text import (
    Column,
    Member,
    has_text,
    joined,
    json_array,
    json_member,
    json_moment,
    json_number,
    json_object,
    json_objects,
    json_scalar,
    json_stored,
    json_texts,
    text,
)

Operator = Literal["=", "!=", ">", ">=", "<", "<=", "~"]
Path = tuple[str, ...]
SERVICES = bindparam("services", type_=Text)  # where the three services are: https://host/ims/oneroster
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
BOOLEANS = {"true": True, "false": False}


class UnknownField(LookupError):
    """A path names nothing that can be asked for."""


class BadValue(ValueError):
    """A value does not suit the field, or the operator does not. The text is for the client."""


class Field(Protocol):
    """`json` is NULL where the field is absent, which a `required` one never is; `key` is what a list is sorted by."""

    @property
    def json(self) -> ColumnElement[str]: ...
    @property
    def required(self) -> bool: ...
    @property
    def key(self) -> Column | None: ...
    def compare(self, path: Path, operator: Operator, value: str) -> ColumnElement[bool]: ...


def json_fields(fields: Mapping[str, Field]) -> ColumnElement[str]:
    """The JSON object that has these fields."""
    members: list[Member] = [(name, each.json, each.required) for name, each in fields.items()]
    return json_object(members)


def compare_field(fields: Mapping[str, Field], path: Path, operator: Operator, value: str) -> ColumnElement[bool]:
    """Raises UnknownField or BadValue."""
    if not path or path[0] not in fields:
        raise UnknownField
    return fields[path[0]].compare(path[1:], operator, value)


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


@dataclass(frozen=True)
class Value:
    """One scalar column. `instead` is served where the standard requires a field that the row lacks."""

    column: Column
    instead: Column | None = None

    @property
    def json(self) -> ColumnElement[str]:
        if isinstance(self.column.type, Boolean):  # the standard's booleans are strings
            return case((self.served, text('"true"')), (not_(self.served), text('"false"')))
        if isinstance(self.column.type, Moment):
            return json_moment(self.served)
        if isinstance(self.column.type, Double):
            return json_number(self.served)
        return json_scalar(self.served)

    @property
    def required(self) -> bool:
        return not nullable(self.served)

    @property
    def key(self) -> Column:
        return self.served

    @property
    def served(self) -> Column:
        return self.column if self.instead is None else func.coalesce(self.column, self.instead)

    def compare(self, path: Path, operator: Operator, value: str) -> ColumnElement[bool]:
        if path:
            raise UnknownField
        return compare_scalar(self.served, operator, value)


@dataclass(frozen=True)
class Target:
    """What a reference points to: the standard's word for it, and the collection that serves it."""

    type: str
    collection: str  # such as `rostering/v1p2/orgs`

    def json(self, sourced_id: Column) -> ColumnElement[str]:
        """The standard's GUIDRef: `{"href": …, "sourcedId": …, "type": …}`."""
        href = joined([SERVICES, text(f"/{self.collection}/"), sourced_id])
        return joined(
            [
                text('{"href":'),
                json_scalar(href),
                text(',"sourcedId":'),
                json_scalar(sourced_id),
                text(f',"type":"{self.type}"}}'),
            ]
        )


@dataclass(frozen=True)
class Ref:
    """A reference. A filter may name it (`course='c1'`) or its sourcedId (`course.sourcedId='c1'`)."""

    column: Column
    target: Target

    @property
    def json(self) -> ColumnElement[str]:
        return self.target.json(self.column)

    @property
    def required(self) -> bool:
        return not nullable(self.column)

    @property
    def key(self) -> Column:
        return self.column

    def compare(self, path: Path, operator: Operator, value: str) -> ColumnElement[bool]:
        if path not in ((), ("sourcedId",)):
            raise UnknownField
        return compare_scalar(self.column, operator, value)


@dataclass(frozen=True)
class Refs:
    """A list of references: `ids` selects their sourcedIds, correlated to the entity, in a lasting order."""

    ids: Select[Any]
    target: Target
    required: bool = False
    key: None = None

    @property
    def json(self) -> ColumnElement[str]:
        [column] = self.ids.selected_columns
        return json_array(self.ids.with_only_columns(self.target.json(column)), always=self.required)

    def compare(self, path: Path, operator: Operator, value: str) -> ColumnElement[bool]:
        if path not in ((), ("sourcedId",)):
            raise UnknownField
        [column] = self.ids.selected_columns
        return compare_any(
            lambda op: exists(self.ids.where(compare_scalar(column, op, value)).order_by(None)), operator
        )


@dataclass(frozen=True)
class Rows:
    """A list of objects that are rows of a table of their own: `rows` selects them, correlated, in a lasting order."""

    rows: Select[Any]
    fields: Mapping[str, Field]
    required: bool = False
    key: None = None

    @property
    def json(self) -> ColumnElement[str]:
        return json_array(self.rows.with_only_columns(json_fields(self.fields)), always=self.required)

    def compare(self, path: Path, operator: Operator, value: str) -> ColumnElement[bool]:
        return compare_any(
            lambda op: exists(self.rows.where(compare_field(self.fields, path, op, value)).order_by(None)),
            operator,
        )


@dataclass(frozen=True)
class Texts:
    """A list of plain texts, kept as JSON."""

    column: Column
    key: None = None

    @property
    def json(self) -> ColumnElement[str]:
        return json_stored(self.column)

    @property
    def required(self) -> bool:
        return not nullable(self.column)

    def compare(self, path: Path, operator: Operator, value: str) -> ColumnElement[bool]:
        if path:
            raise UnknownField
        element = json_texts(self.column).table_valued(column("value", Text)).c.value
        return compare_any(lambda op: exists().where(compare_scalar(element, op, value)), operator)


@dataclass(frozen=True)
class Objects:
    """A list of objects, kept as JSON; `members` are those that a filter may name. All are texts, if no `item` says."""

    column: Column
    members: tuple[str, ...]
    item: Schema | None = None
    key: None = None

    @property
    def json(self) -> ColumnElement[str]:
        return json_stored(self.column)

    @property
    def required(self) -> bool:
        return not nullable(self.column)

    def compare(self, path: Path, operator: Operator, value: str) -> ColumnElement[bool]:
        if len(path) != 1 or path[0] not in self.members:
            raise UnknownField
        element = json_member(json_objects(self.column).table_valued("value").c.value, literal(path[0]))
        return compare_any(lambda op: exists().where(compare_scalar(element, op, value)), operator)


@dataclass(frozen=True)
class Document:
    """A JSON object of anything, such as `metadata`; a filter may ask for its texts by name."""

    column: Column
    required: bool = False
    key: None = None

    @property
    def json(self) -> ColumnElement[str]:
        return json_stored(self.column)

    def compare(self, path: Path, operator: Operator, value: str) -> ColumnElement[bool]:
        if not path:
            raise UnknownField
        return compare_scalar(json_member(self.column, literal(".".join(path))), operator, value)


@dataclass(frozen=True)
class Given:
    """JSON that an expression gives. A filter asks `asked` instead, where there is one."""

    json: ColumnElement[str]
    schema: Schema
    asked: Field | None = None
    required: bool = False
    key: None = None

    def compare(self, path: Path, operator: Operator, value: str) -> ColumnElement[bool]:
        if self.asked is None:
            raise UnknownField
        return self.asked.compare(path, operator, value)


def nullable(column: Column) -> bool:
    """Whether it can be NULL: a column says so itself; of expressions, a coalesce that ends in something certain."""
    if isinstance(column, coalesce):
        return nullable(list(column.clauses)[-1])
    return bool(getattr(column, "nullable", not isinstance(column, False_)))
