"""Staged rows become stored ones. A row that is already as the file wants it is not touched."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from models.base import ACTIVE, TO_BE_DELETED, Moment
from service.bundles.report import Report
from service.bundles.staging import Side, Stage, Staging
from service.records.kinds import Link


async def merge(staging: Staging, stage: Stage, moment: datetime, report: Report) -> None:
    """Created and changed rows are stamped with `moment`, not with the file's own dateLastModified: whoever asks what
    has changed since yesterday must see a row that came today, whenever it was changed at its source."""
    counts, rows = report.counts[stage.file.name], stage.table
    stored = exists(select(stage.target.c.sourced_id).where(stage.target.c.sourced_id == rows.c.sourced_id))
    staged = await count(staging, stage)
    counts.created = await count(staging, stage, rows.c.status == ACTIVE, ~stored)
    counts.updated = await upsert(staging, stage, moment) - counts.created
    for side in stage.sides.values():
        if side.link:
            await replace_links(staging, stage, side, side.link)
    gone = select(rows.c.sourced_id).where(rows.c.status == TO_BE_DELETED)
    counts.deleted += await mark_deleted(staging, stage, moment, stage.target.c.sourced_id.in_(gone))
    counts.unchanged = staged - counts.created - counts.updated - counts.deleted


async def count(staging: Staging, stage: Stage, *conditions: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(stage.table).where(*conditions)
    return await staging.connection.scalar(query) or 0


async def upsert(staging: Staging, stage: Stage, moment: datetime) -> int:
    """Create and change rows; returns how many. Those that stay are left out before there is a conflict, because
    PostgreSQL locks, and so writes, every row in conflict."""
    staged, target = stage.table, stage.target
    joined, differences = compared(stage)
    names = [column.name for column in stage.columns.values()]
    source = (
        select(staged.c.sourced_id, staged.c.status, literal(moment, Moment()), *(staged.c[name] for name in names))
        .select_from(joined)
        .where(staged.c.status == ACTIVE, or_(*differences))
    )
    dialect = postgresql if staging.on_postgresql else sqlite
    names = ["sourced_id", "status", "date_last_modified", *names]
    statement = dialect.insert(target).from_select(names, source)
    changes = {name: statement.excluded[name] for name in names[1:]}
    result = await staging.connection.execute(
        statement.on_conflict_do_update(index_elements=[target.c.sourced_id], set_=changes)
    )
    return result.rowcount


def compared(stage: Stage) -> tuple[FromClause, list[ColumnElement[bool]]]:
    """The staged rows with what is stored of them, and what makes one of them new or different.

    Only columns that the file has count: what it does not speak of stays as it is stored. Changed links are joined,
    because `OR sourced_id IN (…)` is a nested loop on PostgreSQL as soon as they are many.
    """
    staged, target = stage.table, stage.target
    joined: FromClause = staged.outerjoin(target, target.c.sourced_id == staged.c.sourced_id)
    differences = [target.c.sourced_id.is_(None), target.c.status != ACTIVE]
    for column in stage.columns.values():
        differences.append(target.c[column.name].is_distinct_from(staged.c[column.name]))
    for side in stage.sides.values():
        if link := side.link:
            old = select(link.own).where(ended(stage, side, link))
            changed = union(new_links(side, link, side.own), old).subquery()
            joined = joined.outerjoin(changed, changed.c[0] == staged.c.sourced_id)
            differences.append(changed.c[0].is_not(None))
    return joined, differences


async def replace_links(staging: Staging, stage: Stage, side: Side, link: Link) -> None:
    await staging.connection.execute(delete(link.table).where(ended(stage, side, link)))
    added = new_links(side, link, side.own, side.other)
    await staging.connection.execute(insert(link.table).from_select([link.own.name, link.other.name], added))


def new_links(side: Side, link: Link, *columns: ColumnElement[Any]) -> Select[Any]:
    stored = select(link.own).where(link.own == side.own, link.other == side.other)
    return select(*columns).where(~exists(stored.correlate(side.table)))


def ended(stage: Stage, side: Side, link: Link) -> ColumnElement[bool]:
    """Stored links of the staged rows that are not staged."""
    live = select(stage.table.c.sourced_id).where(stage.table.c.status == ACTIVE)
    staged = select(side.own).where(side.own == link.own, side.other == link.other)
    return link.own.in_(live.correlate(None)) & ~exists(staged.correlate(link.table))


async def mark_deleted(staging: Staging, stage: Stage, moment: datetime, condition: ColumnElement[bool]) -> int:
    """Mark the stored rows that are meant; returns how many were not marked before."""
    target = stage.target
    result = await staging.connection.execute(
        update(target)
        .where(target.c.status == ACTIVE, condition)
        .values(status=TO_BE_DELETED, date_last_modified=moment)
    )
    return result.rowcount
