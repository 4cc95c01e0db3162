"""Which rows an export takes, and how the database is asked for them.

A bulk file has active rows only. So a row that needs one that is marked as deleted cannot be exported either.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    null,
    select,
    true,
    type_coerce,
)

from models.base import ACTIVE
from service.bundles.files import COMMON, FILES, File
from service.lists.json_text import Spelled
from service.records.kinds import Field, Kind, Link, snake_case

FILE_OF = {file.table.name: file for file in FILES}
BLANK = COMMON[1:]  # in a bulk file


class json_members(Spelled):
    """The members of a stored object, as rows with the columns `key` and `value`; NULL for a null."""

    inherit_cache = True
    name = "json_members"
    postgresql = "jsonb_each_text({0})"
    sqlite = "json_each({0})"


@dataclass(frozen=True)
class Selection:
    """`whole` names the tables of which every row is exported, as far as that is known: who refers to one of their
    rows needs no look at it, which is what most of the time would go to."""

    whole: set[str] = field(default_factory=set)

    def exported(self, row: FromClause, file: File) -> ColumnElement[bool]:
        """True where `row`, the file's table or an alias of it, is active and all that it needs is exported."""
        return and_(row.c.status == ACTIVE, *(self.has_target(row, each) for each in needs(file)))

    def has_target(self, row: FromClause, reference: Field) -> ColumnElement[bool]:
        """True where what the row refers to is exported; of a list, one is enough."""
        if link := reference.link:
            return exists(self.listed(row, reference, link))
        return self.is_there(own(row, reference), reference)

    def listed(self, row: FromClause, reference: Field, link: Link) -> Select[str]:
        """Those sourcedIds of the row's list that are exported."""
        pair = link.table.alias()
        other = pair.c[link.other.name]
        return select(other).where(pair.c[link.own.name] == row.c.sourced_id, self.is_there(other, reference))

    def is_there(self, sourced_id: ColumnElement[str], reference: Field) -> ColumnElement[bool]:
        """EXISTS: with IN, both databases start from the list, and take ten times as long or more."""
        if sourced_id.foreign_keys and reference.refers_to in self.whole:
            return true()
        target, file = target_of(reference)
        found = select(target.c.sourced_id).where(target.c.sourced_id == sourced_id, self.exported(target, file))
        return exists(found)

    def rows(self, file: File) -> Select[Any]:
        """The columns of the file, then the metadata: values as the driver gives them."""
        row = file.table
        columns = (self.column(row, each) for each in file.fields)
        chosen = select(*columns, raw(row.c.metadata)).where(self.exported(row, file))
        return chosen.order_by(row.c.sourced_id)

    def column(self, row: FromClause, each: Field) -> ColumnElement[Any]:
        if each.kind is Kind.WITHHELD or each.name in BLANK:
            return null()
        if link := each.link:
            listed = self.listed(row, each, link)
            (other,) = listed.selected_columns
            return listed.with_only_columns(func.aggregate_strings(other, ",")).scalar_subquery()
        if each.refers_to and not each.required:
            return case((self.has_target(row, each), own(row, each)))
        return raw(own(row, each))

    def metadata_keys(self, file: File) -> Select[str]:
        """Those with a value that a cell can show: an import makes nothing of a blank one."""
        row, members = file.table, json_members(file.table.c.metadata).table_valued("key", "value")
        source = row.join(members, true())
        shown = and_(members.c.key != "", members.c.value.is_not(None), members.c.value != "")
        keys = select(members.c.key).select_from(source).where(row.c.metadata.is_not(None), shown)
        return keys.where(self.exported(row, file)).distinct()

    def losses(self, file: File) -> Iterator[tuple[str, ColumnElement[bool]]]:
        """Why rows are not exported: the name of a field, and what is true where it is the first to be wrong."""
        row, before = file.table, file.table.c.status == ACTIVE
        yield "status", ~before
        for reference in needs(file):
            yield reference.name, and_(before, ~self.has_target(row, reference))
            before = and_(before, self.has_target(row, reference))

    def dropped(self, file: File) -> Iterator[tuple[str, Select[int]]]:
        """By name of the field, how to count the references that exported rows have to rows that are not."""
        row = file.table
        for reference in leaves_blank(file):
            if reference.refers_to not in self.whole:
                source, sourced_id = listing(row, reference)
                target, other = target_of(reference)
                # Few are not exported, and whoever refers to them is found by an index.
                gone = select(target.c.sourced_id).where(~self.exported(target, other))
                count = select(func.count()).select_from(source)
                yield reference.name, count.where(sourced_id.in_(gone), self.exported(row, file))


def needs(file: File) -> Iterator[Field]:
    return (each for each in file.fields if each.refers_to and each.required)


def leaves_blank(file: File) -> Iterator[Field]:
    """The references that a row can do without, and the lists."""
    return (each for each in file.fields if each.refers_to and (each.link or not each.required))


def listing(row: FromClause, reference: Field) -> tuple[FromClause, ColumnElement[str]]:
    """What has one row for each sourcedId that the field holds, and that sourcedId."""
    if link := reference.link:
        return row.join(link.table, link.own == row.c.sourced_id), link.other
    return row, own(row, reference)


def own(row: FromClause, each: Field) -> ColumnElement[Any]:
    return row.c[snake_case(each.name)]


def raw(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Without a detour over Python's objects; JSON as its text."""
    return cast(column, Text()) if isinstance(column.type, JSON) else type_coerce(column, Text())


def target_of(reference: Field) -> tuple[FromClause, File]:
    file = FILE_OF[reference.refers_to or ""]
    return file.table.alias(), file
