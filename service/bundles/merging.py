"""Staged rows become stored ones, each with its entry in the history. A row that does not change is not touched."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Insert, Select, Update, delete, exists, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import ACTIVE, TO_BE_DELETED, Moment
from service.bundles.changing import OWNER, Changed
from service.bundles.linking import ended_links, new_links
from service.bundles.retiring import RETIRED
from service.bundles.staging import Side, Stage
from service.records.history import CREATED, DELETED, UPDATED, Author, entries, entries_of_new, entry_of_load
from service.records.kinds import Link


@dataclass(frozen=True)
class Merge:
    """One merge at work. Every row that it changes is stamped with `moment`, not with the file's own dateLastModified:
    whoever asks what has changed since yesterday must see a row that came today, whenever it was changed at its source.
    """

    connection: AsyncConnection
    author: Author
    moment: datetime

    async def merge(self, changed: Changed) -> None:
        """The table's rows, after those of the tables that they refer to."""
        counts, stored = changed.counts, changed.target.c
        if not counts.total():
            return
        await self.write_history(changed)
        if changed.stage and (counts[CREATED] or counts[UPDATED]):
            await self.store(changed, changed.stage)
        if counts[DELETED] or counts[RETIRED]:
            await self.stamp(changed, ended(changed), status=TO_BE_DELETED)
        if counts[OWNER]:
            await self.stamp(changed, stored.sourced_id.in_(changed.of(OWNER)))

    async def write_history(self, changed: Changed) -> None:
        """Ahead of the change, for an entry has its row as it was."""
        target, counts = changed.target, changed.counts
        if changed.loads:
            await self.write(entry_of_load(target, counts[CREATED]))
            return
        kept = (CREATED, UPDATED, OWNER)  # what another writer created meanwhile is updated now
        there = await self.write(entries(target, UPDATED, rows_of(changed, *kept)))
        if there < sum(counts[what] for what in kept):
            await self.write(entries_of_new(target, not_stored(changed)))
        if counts[DELETED] or counts[RETIRED]:
            await self.write(entries(target, DELETED, select(target).where(ended(changed))))

    async def write(self, entry: Insert) -> int:
        """Returns the number of entries."""
        return (await self.connection.execute(entry, self.author.values)).rowcount

    async def store(self, changed: Changed, stage: Stage) -> None:
        """What is new comes first: other rows may refer to it."""
        if changed.counts[CREATED]:
            await self.connection.execute(self.upsert(changed, stage))
        if changed.counts[UPDATED]:
            await self.connection.execute(self.update(changed, stage))
        for side in stage.sides.values():
            if side.link:
                await self.replace_links(changed, stage, side, side.link)

    def upsert(self, changed: Changed, stage: Stage) -> Insert:
        """For new rows, of which another writer may have created some meanwhile."""
        values = self.values(stage)
        source = select(stage.table.c.sourced_id, *values.values())
        source = source.where(stage.table.c.sourced_id.in_(stored_ids(changed, stage, CREATED)))
        dialect = postgresql if self.connection.dialect.name == postgresql.dialect.name else sqlite
        statement = dialect.insert(changed.target).from_select(["sourced_id", *values], source)
        changes = {name: statement.excluded[name] for name in values}
        made: Insert = statement.on_conflict_do_update(index_elements=[changed.target.c.sourced_id], set_=changes)
        return made

    def update(self, changed: Changed, stage: Stage) -> Update:
        """For rows that are stored: it takes less time than an upsert that always meets one."""
        staged, stored = stage.table.c, changed.target.c
        meant = staged.sourced_id.in_(changed.of(UPDATED)) & (stored.sourced_id == staged.sourced_id)
        return update(changed.target).where(meant).values(self.values(stage))

    def values(self, stage: Stage) -> dict[str, ColumnElement[Any]]:
        names = ["status", *(column.name for column in stage.columns.values())]
        staged = {name: stage.table.c[name] for name in names}
        return {**staged, "date_last_modified": literal(self.moment, Moment())}

    async def replace_links(self, changed: Changed, stage: Stage, side: Side, link: Link) -> None:
        rows = stored_ids(changed, stage, CREATED, UPDATED)
        if not changed.loads:
            await self.connection.execute(delete(link.table).where(ended_links(side, link, rows)))
        added = new_links(side, link, side.own, side.other).where(side.own.in_(rows))
        await self.connection.execute(insert(link.table).from_select([link.own.name, link.other.name], added))

    async def stamp(self, changed: Changed, condition: ColumnElement[bool], **values: Any) -> None:
        rows = update(changed.target).where(condition)
        await self.connection.execute(rows.values(date_last_modified=self.moment, **values))


def rows_of(changed: Changed, *what: str) -> Select[Any]:
    return select(changed.target).where(changed.target.c.sourced_id.in_(changed.of(*what)))


def not_stored(changed: Changed) -> Select[str]:
    stored = changed.target.c.sourced_id
    return changed.of(CREATED).where(~exists(select(stored).where(stored == changed.ids.c.sourced_id)))


def ended(changed: Changed) -> ColumnElement[bool]:
    """True for a stored row that is to be marked as deleted, and is not yet."""
    stored = changed.target.c
    return (stored.status == ACTIVE) & stored.sourced_id.in_(changed.of(DELETED, RETIRED))


def stored_ids(changed: Changed, stage: Stage, *what: str) -> Select[str]:
    """The sourcedIds of the staged rows of which one of these becomes."""
    if changed.loads:
        return select(stage.table.c.sourced_id).where(stage.table.c.status == ACTIVE)
    return changed.of(*what)
