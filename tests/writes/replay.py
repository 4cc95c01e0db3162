"""The history read as a reader of it would: record by record, from the first entry to the row as it is."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, CompoundSelect, Select, func, select, union_all

from models import Change
from models.base import ACTIVE, TO_BE_DELETED, Base
from models.database import Database
from service.lists.json_text import text
from service.records.history import CREATED, DELETED, image, known_collections

Key = tuple[str, str]  # collection, sourcedId
Image = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """A change, and what the record was after it."""

    entry: Change
    after: Image


@dataclass
class Replay:
    """Follows the history of a database. What a record was after a change is the `before` of its next one, or what
    it is now; after the last one that was followed it is known, so nothing can have happened to it in secret."""

    database: Database
    seq: int = 0
    images: dict[Key, Image] = field(default_factory=dict)

    async def follow(self) -> dict[Key, list[Step]]:
        """The changes of each record since it last looked. They tell exactly what became of it, or it fails."""
        entries: dict[Key, list[Change]] = defaultdict(list)
        async with self.database.read_session() as session:
            for entry in await session.scalars(select(Change).where(Change.seq > self.seq).order_by(Change.seq)):
                entries[entry.collection, entry.sourced_id or ""].append(entry)
                self.seq = entry.seq
            rows = await session.execute(IMAGES)
            now = {(collection, sourced_id): json.loads(shown) for collection, sourced_id, shown in rows}
        assert set(entries) | set(self.images) <= set(now), "a record is gone"
        steps = {key: steps_between(self.images.get(key), entries.get(key, []), now[key]) for key in now}
        self.images = now
        return {key: taken for key, taken in steps.items() if taken}


def images() -> CompoundSelect[Any]:
    tables = known_collections().items()
    return union_all(*(select(text(name), table.c.sourced_id, image(table)) for name, table in tables))


IMAGES = images()


def steps_between(was: Image | None, entries: list[Change], now: Image) -> list[Step]:
    """From what the record was, by its entries, to what it is."""
    befores = [json.loads(entry.before) if entry.before else None for entry in entries]
    states = [*befores, now]
    assert states[0] == was, "a record changed, and nobody wrote it down"
    steps = []
    for entry, before, after in zip(entries, befores, states[1:], strict=True):
        assert after is not None, "a record is created twice"
        expect_step(entry.what, before, after)
        steps.append(Step(entry, after))
    if steps and was is not None:
        assert was["dateLastModified"] < now["dateLastModified"], "a record changed, and does not say when"
    return steps


def expect_step(what: str, before: Image | None, after: Image) -> None:
    assert (what == CREATED) is (before is None)
    if before is not None:
        assert (what == DELETED) is (after["status"] == TO_BE_DELETED)
        assert what != DELETED or before["status"] == ACTIVE, "a record is deleted twice"
        assert before["dateLastModified"] <= after["dateLastModified"]


async def left_behind(database: Database) -> list[str]:
    """The columns by which an active record refers to a deleted one. There is none, whatever was deleted."""
    async with database.read_session() as session:
        counts = {str(column): await session.scalar(referring_to_deleted(column)) for column in REFERENCES}
    return [name for name, count in counts.items() if count]


REFERENCES = [column for table in Base.metadata.sorted_tables for column in table.columns if column.foreign_keys]


def referring_to_deleted(column: Column[Any]) -> Select[Any]:
    [key] = column.foreign_keys
    there = key.column.table.alias()
    found = select(func.count()).join_from(column.table, there, column == there.c.sourced_id)
    if "status" in column.table.c:
        found = found.where(column.table.c.status == ACTIVE)
    else:  # a pair: it belongs to the record in its first column
        owner = next(iter(column.table.c))
        [owner_key] = owner.foreign_keys
        owners = owner_key.column.table.alias()
        found = found.join(owners, owner == owners.c.sourced_id).where(owners.c.status == ACTIVE)
    return found.where(there.c.status == TO_BE_DELETED)
