"""Lists of sourcedIds, such as the terms of a class: the pairs that a file adds to them and takes away."""

from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select

from service.bundles.staging import Side
from service.records.kinds import Link


def new_links(side: Side, link: Link, *columns: ColumnElement[Any]) -> Select[Any]:
    """Staged pairs that are not stored."""
    stored = select(link.own).where(link.own == side.own, link.other == side.other)
    return select(*columns).where(~exists(stored.correlate(side.table)))


def ended_links(side: Side, link: Link, rows: Select[Any]) -> ColumnElement[bool]:
    """True for stored pairs of these rows that are not staged."""
    staged = select(side.own).where(side.own == link.own, side.other == link.other)
    return link.own.in_(rows.correlate(None)) & ~exists(staged.correlate(link.table))
