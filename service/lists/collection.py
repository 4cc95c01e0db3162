"""The grammar of every list: a collection, what a query may ask of it, and the one statement that answers.

A page is found in two steps inside one statement: first the sourcedIds of its rows, which an index can give, then
their JSON. Continuation is by key, not by offset, so the last page of millions of rows costs what the first does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.sql.selectable import Subquery

from models.base import ACTIVE, Moment, Record
from service.lists.comparing import Path
from service.lists.fields import Document, Field, Value, json_fields, nullable
from service.lists.filters import STAMP, asks_for_changes, condition, names, parse_filter
from service.lists.json_text import Column, joined, json_items, json_scalar, text

SHOWS_DELETED = {"status", STAMP}  # a filter that names one of these is after what was deleted, too


@dataclass(frozen=True, eq=False)
class Collection:
    """What one kind of thing looks like outside; the one place that says so.

    Output, `fields`, `filter`, `sort` and the OpenAPI document all follow from it.
    """

    one: str  # the name of a single object in an answer, such as `org`
    many: str  # the name of the list, such as `orgs`
    entity: type[Record]
    own: Mapping[str, Field]
    aliases: Mapping[Path, Path] = field(default_factory=dict)  # other names that a filter may use for a field
    forgiving: bool = False  # whether `fields` with a name that there is not is answered with all fields

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Every field by its name on the wire, those that all records share first."""
        return {
            "sourcedId": Value(self.entity.sourced_id),
            "status": Value(self.entity.status),
            "dateLastModified": Value(self.entity.date_last_modified),
            "metadata": Document(self.entity.metadata_),
            **self.own,
        }

    def chosen(self, wanted: tuple[str, ...]) -> Mapping[str, Field]:
        return {name: self.fields[name] for name in wanted} if wanted else self.fields

    def sort_key(self, path: str) -> Column | None:
        """What a list is sorted by before the sourcedId; None for what it cannot be sorted by."""
        name = path.removesuffix(".sourcedId")
        field = self.fields.get(name)
        return None if field is None or name == "sourcedId" else field.key


@dataclass(frozen=True)
class Shape:
    """What of a query decides the statement. The rest of it are parameters."""

    limit: int
    fields: tuple[str, ...] = ()
    filter: str = ""
    sort: str = ""
    descending: bool = False
    offset: bool = False
    after: bool = False  # continue after the row whose key and sourcedId are the parameters `after_key`, `after_id`
    after_absent: bool = False  # … and that row has no value in the field that the list is sorted by


def given(name: str) -> ColumnElement[str]:
    """A part of the path, as it stands in the route."""
    return bindparam(name, type_=Text)


@lru_cache(maxsize=512)
def page_statement(collection: Collection, rows: Select[Any], shape: Shape) -> Select[Any]:
    """One row: the JSON of the page's items, how many rows were found, and the last item's `[key, sourcedId]`.

    One row more than the page is looked for, so the count tells whether there is a next page. Raises BadFilter.
    """
    page = page_of_ids(collection, rows, shape)
    key, sourced_id = page.c.get("key"), page.c.sourced_id
    items = (
        select(
            json_fields(collection.chosen(shape.fields)).label("item"),
            cursor(key, sourced_id).label("cursor"),
            func.row_number().over(order_by=ordering(key, sourced_id, shape.descending)).label("at"),
        )
        .join_from(page, collection.entity, collection.entity.sourced_id == sourced_id)
        .order_by(literal_column("at"))
        .subquery("items")
    )
    limit = constant(shape.limit)
    return select(
        json_items(items.c.item).filter(items.c.at <= limit),
        func.count(),
        func.max(items.c.cursor).filter(items.c.at == limit),
    ).select_from(items)


@lru_cache(maxsize=512)
def count_statement(collection: Collection, rows: Select[Any], filter_text: str) -> Select[Any]:
    """How many rows the list has in all. Raises BadFilter."""
    ids = filtered(collection, rows, filter_text).with_only_columns(collection.entity.sourced_id)
    return select(func.count()).select_from(ids.subquery())


@lru_cache(maxsize=512)
def one_statement(collection: Collection, rows: Select[Any], fields: tuple[str, ...]) -> Select[Any]:
    """The JSON of the row whose sourcedId is the parameter `sourcedId`, unless it is marked as deleted."""
    return rows.with_only_columns(json_fields(collection.chosen(fields))).where(
        collection.entity.sourced_id == given("sourcedId"), collection.entity.status == text(ACTIVE)
    )


@lru_cache(maxsize=64)
def shown_statement(collection: Collection) -> Select[Any]:
    """The JSON of the row whose sourcedId is the parameter `sourcedId`, deleted or not."""
    return select(json_fields(collection.fields)).where(collection.entity.sourced_id == given("sourcedId"))


@lru_cache(maxsize=512)
def parents_statement(parents: tuple[Select[Any], ...]) -> Select[Any]:
    return select(and_(*(exists(parent) for parent in parents)))


def filtered(collection: Collection, rows: Select[Any], filter_text: str) -> Select[Any]:
    if not filter_text:
        return rows.where(collection.entity.status == text(ACTIVE))
    tree = parse_filter(filter_text)
    found = rows.where(condition(tree, collection.fields, collection.aliases))
    if asks_for_changes(filter_text):
        found = found.where(collection.entity.date_last_modified < bindparam("settled", type_=Moment))
    return found if names(tree) & SHOWS_DELETED else found.where(collection.entity.status == text(ACTIVE))


def page_of_ids(collection: Collection, rows: Select[Any], shape: Shape) -> Subquery:
    """The `sourced_id` of the page's rows and of one more, with the `key` that sorts them, if there is one."""
    key, sourced_id = collection.sort_key(shape.sort), collection.entity.sourced_id
    found = filtered(collection, rows, shape.filter)
    if shape.after:
        found = found.where(comes_after(key, sourced_id, shape))
    columns = [sourced_id.label("sourced_id")] + ([] if key is None else [key.label("key")])
    ids = found.with_only_columns(*columns).order_by(*ordering(key, sourced_id, shape.descending))
    ids = ids.limit(constant(shape.limit + 1))
    return (ids.offset(bindparam("offset", type_=BigInteger)) if shape.offset else ids).subquery("page")


def cursor(key: Column | None, sourced_id: Column) -> ColumnElement[str]:
    """`[key, sourcedId]` as JSON."""
    shown = text("null") if key is None else case((key.is_(None), text("null")), else_=Value(key).json)
    return joined([text("["), shown, text(","), json_scalar(sourced_id), text("]")])


def ordering(key: Column | None, sourced_id: Column, descending: bool) -> list[ColumnElement[Any]]:
    """Absent values come last, or first where the order is descending; the sourcedId makes the order total."""
    last = sourced_id.desc() if descending else sourced_id.asc()
    if key is None:
        return [last]
    first = key.desc() if descending else key.asc()
    if nullable(key):
        first = first.nulls_first() if descending else first.nulls_last()
    return [first, last]


def comes_after(key: Column | None, sourced_id: Column, shape: Shape) -> ColumnElement[bool]:
    """The rows behind the one that the parameters `after_key` and `after_id` name, in the order of `ordering`."""
    last_id = given("after_id")
    later_id = sourced_id < last_id if shape.descending else sourced_id > last_id
    if key is None:
        return later_id
    if shape.after_absent:
        same = and_(key.is_(None), later_id)
        return or_(same, key.is_not(None)) if shape.descending else same
    here, there = tuple_(key, sourced_id), tuple_(bindparam("after_key", type_=key.type), last_id)
    later = here < there if shape.descending else here > there
    return or_(later, key.is_(None)) if nullable(key) and not shape.descending else later


def constant(number: int) -> ColumnElement[int]:
    """In the statement itself: with a parameter PostgreSQL would plan each page anew, or for a tenth of the table."""
    return literal_column(str(number), Integer())
