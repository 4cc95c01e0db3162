"""How a value looks on the wire: the kinds of field that a collection has.

Each kind knows its JSON, when it is absent, what a filter may ask of it, and whether a list can be sorted by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

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

from models.base import Moment
from service.lists.comparing import Operator, Path, compare_any, compare_scalar
from service.lists.json_schema import Schema
from service.lists.json_text import (
    Column,
    Member,
    joined,
    json_array,
    json_date,
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

SERVICES = bindparam("services", type_=Text)  # where the three services are: https://host/ims/oneroster


class UnknownField(LookupError):
    """A path names nothing that can be asked for."""


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


@dataclass(frozen=True)
class Value:
    """One scalar column. `instead` is served where the standard requires a field that the row lacks."""

    column: Column
    instead: Column | None = None

    @property
    def json(self) -> ColumnElement[str]:
        if isinstance(self.column.type, Boolean):  # the standard's booleans are strings
            return case((self.served, text('"true"')), (not_(self.served), text('"false"')))
        if isinstance(self.column.type, Date):
            return json_date(self.served)
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
