"""JSON made by the database: text, joined from its members.

Against `json_build_object` and `json_object` this takes half the time on PostgreSQL and three quarters on SQLite; a
member without a value is simply not joined, so nothing has to be stripped of nulls afterwards, and the limit of 100
arguments to a function does not apply (docs/decisions/0003-json-by-joining-text.md).
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Select, Text, cast, func, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

Column = ColumnElement[Any] | InstrumentedAttribute[Any]
Member = tuple[str, ColumnElement[str], bool]  # name, JSON (NULL where it is absent), whether it is always there


class Spelled(FunctionElement[Any]):
    """A function that each database spells its own way; `{}` stands for the arguments."""

    postgresql: str
    sqlite: str
    inherit_cache = True


@compiles(Spelled)
def spell(element: Spelled, compiler: SQLCompiler, **options: Any) -> str:
    arguments = [compiler.process(argument, **options) for argument in element.clauses]
    return str(getattr(element, compiler.dialect.name).format(*arguments))


class json_scalar(Spelled):
    """Text or a number as JSON, quoted and escaped as it needs; NULL for NULL."""

    type = Text()
    inherit_cache = True
    name = "json_scalar"
    postgresql = "to_json({0})::text"
    sqlite = "nullif(json_quote({0}), 'null')"  # a text of four letters comes with its quotation marks


class json_number(Spelled):
    """A float as JSON, to the last digit, for a page may end at it. NULL for NULL.

    SQLite's own JSON has 15 digits in most versions: enough for six decimals, which nearly all scores are.
    """

    type = Text()
    inherit_cache = True
    name = "json_number"
    postgresql = "to_json({0})::text"
    sqlite = (
        "CASE WHEN abs({0}) < 1e9 AND round({0} * 1e6) / 1e6 = {0} THEN json_quote({0})"
        " WHEN {0} IS NOT NULL THEN printf('%!.19g', {0}) END"
    )


class json_date(Spelled):
    """A date as JSON; NULL for NULL. The first and the last day that Python knows, asyncpg stores as infinity."""

    type = Text()
    inherit_cache = True
    name = "json_date"
    postgresql = (
        "CASE {0} WHEN 'infinity' THEN '\"9999-12-31\"' WHEN '-infinity' THEN '\"0001-01-01\"'"
        " ELSE to_json({0})::text END"
    )
    sqlite = "nullif(json_quote({0}), 'null')"


class json_moment(Spelled):
    """A moment as JSON, in UTC with milliseconds: how SQLite keeps it anyway (`models.base.Moment`). NULL for NULL.

    As with dates, the first one that Python knows is infinity to asyncpg; the last one has no milliseconds.
    """

    type = Text()
    inherit_cache = True
    name = "json_moment"
    postgresql = (
        """('"' || CASE {0} WHEN '-infinity' THEN '0001-01-01T00:00:00.000Z'"""
        """ ELSE to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END || '"')"""
    )
    sqlite = "('\"' || {0} || '\"')"


class json_items(Spelled):
    """The texts of many rows as the inside of an array, in the order of the rows; NULL if there are none."""

    type = Text()
    inherit_cache = True
    name = "json_items"
    postgresql = "string_agg({0}, ',')"
    sqlite = "group_concat({0}, ',')"


class json_member(Spelled):
    """A text, number or boolean in a stored JSON object, as text; NULL for anything else.

    `json_member(column, name)`, and the name holds no quotation mark.
    """

    type = Text()
    inherit_cache = True
    name = "json_member"
    postgresql = """(CASE WHEN jsonb_typeof({0} -> {1}) NOT IN ('object', 'array') THEN {0} ->> {1} END COLLATE "C")"""
    sqlite = (
        "CASE json_type({0}, '$.\"' || {1} || '\"')"
        " WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'object' THEN NULL WHEN 'array' THEN NULL"
        " ELSE CAST(json_extract({0}, '$.\"' || {1} || '\"') AS TEXT) END"
    )


class json_texts(Spelled):
    """The elements of a stored array of texts, as rows with one column, `value`."""

    inherit_cache = True
    name = "json_texts"
    postgresql = "jsonb_array_elements_text({0})"
    sqlite = "json_each({0})"


class json_objects(Spelled):
    """The elements of a stored array of objects, as rows with one column, `value`."""

    inherit_cache = True
    name = "json_objects"
    postgresql = "jsonb_array_elements({0})"
    sqlite = "json_each({0})"


class has_text(Spelled):
    """`has_text(hay, needle)`: is it in there, in whatever case? In the database's own alphabet, not only ASCII."""

    type = Boolean()
    inherit_cache = True
    name = "has_text"
    postgresql = 'strpos(lower({0} COLLATE "default"), lower({1} COLLATE "default")) > 0'
    sqlite = "instr(lower({0}), lower({1})) > 0"


def text(constant: str) -> ColumnElement[str]:
    """A constant of ours in the statement itself, not a parameter: a page has some fifty of them."""
    return literal_column("'" + constant.replace("'", "''") + "'", Text())


def joined(parts: Iterable[Column]) -> ColumnElement[str]:
    first, *others = parts
    whole: Any = first
    for part in others:
        whole = whole.concat(part)
    return whole  # type: ignore[no-any-return]  # `||` of texts is a text


def json_object(members: list[Member]) -> ColumnElement[str]:
    """`{"name": …}` of the members that are there."""
    (name, value, always), *others = members
    if always:
        return joined([text(f'{{"{name}":'), value, *map(with_comma, others), text("}")])
    inside = func.substr(joined(map(with_comma, members)), literal_column("2"))
    return joined([text("{"), inside, text("}")])


def with_comma(member: Member) -> ColumnElement[str]:
    name, value, always = member
    full = joined([text(f',"{name}":'), value])
    return full if always else func.coalesce(full, text(""))


def json_array(items: Select[Any], *, always: bool = False) -> ColumnElement[str]:
    """`[…]` of the one column of a select that is correlated to its surroundings, in its order.

    NULL, or `[]` with `always`, if there are no rows. (Not asked by EXISTS: PostgreSQL then reads the whole table.)
    """
    rows = items.subquery()
    inside = json_items(rows.c[0])
    found = select(func.coalesce(inside, text("")) if always else inside).scalar_subquery()
    return joined([text("["), found, text("]")])


def json_stored(column: Column) -> ColumnElement[str]:
    """A column that holds JSON already."""
    return cast(column, Text)
