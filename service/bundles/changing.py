"""Which rows an import changes: found once, before it changes the first one, and kept in temporary tables.

Finding them takes no locks, so others go on writing meanwhile. The merge overwrites what they changed in between.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Select,
    Table,
    case,
    except_,
    exists,
    func,
    insert,
    or_,
    select,
    union,
)

from models.base import ACTIVE, PART, PLAIN_TEXT, TO_BE_DELETED, Base
from service.bundles.linking import ended_links, new_links
from service.bundles.report import Report
from service.bundles.retiring import RETIRED, gone
from service.bundles.staging import SOURCED, Stage, Staging
from service.lists.json_text import text
from service.records.history import CREATED, DELETED, UPDATED
from service.records.kinds import reference_of

OWNER = "owner"  # what becomes of a row of which only a part is changed, as the roles of a user are
ANALYZE_ROWS = 1_000  # changed rows after which the planner should look at a table anew


@dataclass
class Changed:
    """The rows of `target` that change: `ids` has the sourcedId of each, and what becomes of it.

    `stage` is None if the bundle has no file for the table; then only owners change. `loads`: the table is empty, so
    that every staged row is new, and none is in `ids`. `counts` are by what becomes of the rows.
    """

    target: Table
    ids: Table
    stage: Stage | None = None
    loads: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def of(self, *what: str) -> Select[str]:
        """The sourcedIds of the rows of which one of these becomes."""
        return select(self.ids.c.sourced_id).where(self.ids.c.what.in_(what))


def owner_columns(table: Table) -> Iterator[tuple[Column[str], str]]:
    """The columns of the table that name an owner, a row whose JSON shows this one; and the table of that owner."""
    for column in table.columns:
        if column.info.get(PART) and (owner := reference_of(column)):
            yield column, owner


async def find_all(staging: Staging, retiring: list[Stage], report: Report) -> dict[str, Changed]:
    """What changes in each table, by its name, in the order in which the tables are to be merged."""
    found: dict[str, Changed] = {}
    for done, (name, stage) in enumerate(staging.stages.items()):
        report.watch(f"comparing {stage.file.name}", done, len(staging.stages))
        for _, owner in owner_columns(stage.target):
            if owner not in found:
                found[owner] = await start(staging, Base.metadata.tables[owner])
        found[name] = await start(staging, stage.target, stage)
        await find(staging, found[name], stage, retires=stage in retiring)
        await count(staging, found[name], stage, report)
    return found


async def start(staging: Staging, target: Table, stage: Stage | None = None) -> Changed:
    ids = staging.table(f"changed_{target.name}", [SOURCED, ("what", PLAIN_TEXT)])
    await staging.create(ids)
    return Changed(target, ids, stage)


async def find(staging: Staging, changed: Changed, stage: Stage, *, retires: bool) -> None:
    """Every row of the stage that is new or different, and every stored one that the file ends."""
    stored = changed.target
    changed.loads = await is_empty(staging, stored)
    if changed.loads:
        return
    await add(staging, changed, new_or_different(stage))
    ending = select(stage.table.c.sourced_id).where(stage.table.c.status == TO_BE_DELETED)
    ended = select(stored.c.sourced_id, text(DELETED)).where(stored.c.status == ACTIVE)
    await add(staging, changed, ended.where(stored.c.sourced_id.in_(ending)))
    if retires or stage.derived:
        await add(staging, changed, gone(staging, stage, retires=retires))


async def is_empty(staging: Staging, table: Table) -> bool:
    return not await staging.connection.scalar(select(exists(select(table.c.sourced_id))))


async def add(staging: Staging, changed: Changed, rows: Select[str, str]) -> int:
    added = await staging.connection.execute(insert(changed.ids).from_select(["sourced_id", "what"], rows))
    if added.rowcount >= ANALYZE_ROWS:
        await staging.analyze(changed.ids)
    return added.rowcount


def new_or_different(stage: Stage) -> Select[str, str]:
    joined, differences = compared(stage)
    what = case((stage.target.c.sourced_id.is_(None), text(CREATED)), else_=text(UPDATED))
    rows = select(stage.table.c.sourced_id, what).select_from(joined)
    return rows.where(stage.table.c.status == ACTIVE, or_(*differences))


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
            live = select(staged.c.sourced_id).where(staged.c.status == ACTIVE)
            old = select(link.own).where(ended_links(side, link, live))
            differing = union(new_links(side, link, side.own), old).subquery()
            joined = joined.outerjoin(differing, differing.c[0] == staged.c.sourced_id)
            differences.append(differing.c[0].is_not(None))
    return joined, differences


async def count(staging: Staging, changed: Changed, stage: Stage, report: Report) -> None:
    staged, changed.counts = await tally(staging, stage.table.c.status), await tally(staging, changed.ids.c.what)
    if changed.loads:
        changed.counts[CREATED] = staged[ACTIVE]
    counts = report.counts[stage.file.name]
    counts.created, counts.updated = changed.counts[CREATED], changed.counts[UPDATED]
    counts.deleted, counts.retired = changed.counts[DELETED], changed.counts[RETIRED]
    deleted = 0 if stage.derived else counts.deleted  # roles that ended are in no row of the file
    counts.unchanged = staged.total() - counts.created - counts.updated - deleted


async def tally(staging: Staging, words: Column[str]) -> Counter[str]:
    rows = await staging.connection.execute(select(words, func.count()).group_by(words))
    return Counter(dict(iter(rows)))


async def find_again(staging: Staging, found: dict[str, Changed], report: Report) -> None:
    """What changes in a table that was empty, and is no more. To be called when nobody else can write any more."""
    for changed in found.values():
        if changed.loads and changed.stage and not await is_empty(staging, changed.target):
            await find(staging, changed, changed.stage, retires=False)
            await count(staging, changed, changed.stage, report)


async def add_owners(staging: Staging, found: dict[str, Changed]) -> None:
    """The owners of parts that change, before and after, are changed too: those that are not there yet.

    To be called when nobody else can give a part to another owner any more.
    """
    for changed in found.values():
        for column, owner in owner_columns(changed.target):
            if changed.counts and changed.stage and not found[owner].loads:
                rows = owners(changed, changed.stage, column, found[owner])
                found[owner].counts[OWNER] += await add(staging, found[owner], rows)


def owners(changed: Changed, stage: Stage, column: Column[str], known: Changed) -> Select[str, str]:
    """Those that the column names, in the rows that change, and that are not known as changed."""
    parts = changed.of(CREATED, UPDATED, DELETED, RETIRED)
    before = select(column.label("owner")).where(changed.target.c.sourced_id.in_(parts))
    after = select(stage.table.c[column.name].label("owner")).where(stage.table.c.status == ACTIVE)
    if not changed.loads:
        after = after.where(stage.table.c.sourced_id.in_(changed.of(CREATED, UPDATED)))
    named = select(union(before, after).subquery().c.owner)
    return select(except_(named, select(known.ids.c.sourced_id)).subquery().c.owner, text(OWNER))
