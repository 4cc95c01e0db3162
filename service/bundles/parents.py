"""Parents of organisations and sessions: those that lead back to a row itself, and sessions outside of theirs."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    FromClause,
    Table,
    Text,
    and_,
    cast,
    exists,
    func,
    insert,
    literal,
    select,
)

from models import AcademicSession
from models.base import ACTIVE, SOURCED_ID
from service.bundles.breaches import clear, note, note_all, report_breaches
from service.bundles.report import Report
from service.bundles.staging import SOURCED, Stage, Staging
from service.records.kinds import table_of
from service.records.rules import Rule

FIELD, COLUMN = "parentSourcedId", "parent_sourced_id"
SHOWN = 10  # rows of a loop
SPAN = (("startDate", "start_date", "begins"), ("endDate", "end_date", "ends"))


class Edge(NamedTuple):
    """A row and its parent; `line` if the bundle brings it."""

    sourced_id: str
    parent: str
    line: int | None


async def find_loops(staging: Staging, stage: Stage, *, strict: bool) -> int:
    """Parents that lead back to the row itself, be it through stored rows. Returns the number of breaches noted.

    One reference less opens a loop: that of the row which closes it, the last in the file. Or all are wrong.
    """
    rows = stage.table
    if FIELD not in stage.columns or not await staging.connection.scalar(
        select(exists().where(rows.c[COLUMN].is_not(None)))
    ):
        return 0
    edges = await unreached(staging, stage, await parents_of(staging, stage))
    breaches = []
    for loop in loops({edge.sourced_id: edge for edge in edges}):
        named = sorted((edge for edge in loop if edge.line is not None), key=lambda edge: edge.line or 0)
        for edge in named if strict else named[-1:]:
            rule = Rule.PARENT_LOOP if strict else Rule.PARENT_LOOP_OPTIONAL
            breaches.append((edge.line, FIELD, edge.parent, rule.label, shown(loop, edge), ""))
    await note_all(staging, breaches)
    return len(breaches)


async def parents_of(staging: Staging, stage: Stage) -> Table:
    """Each row with its parent, as they will be: in the stage, or else stored."""
    table = staging.table(f"parents_{stage.target.name}", [SOURCED, ("parent", SOURCED_ID)], "parent", "sourced_id")
    await staging.create(table)
    staged, stored = stage.table.c, stage.target.c
    brought = select(staged.sourced_id).where(staged.sourced_id == stored.sourced_id, staged.status == ACTIVE)
    for rows in (
        select(staged.sourced_id, staged[COLUMN]).where(staged[COLUMN].is_not(None), staged.status == ACTIVE),
        select(stored.sourced_id, stored[COLUMN]).where(stored[COLUMN].is_not(None), ~exists(brought)),
    ):
        await staging.connection.execute(insert(table).from_select(["sourced_id", "parent"], rows))
    await staging.index(table)
    await staging.analyze(table)
    return table


async def unreached(staging: Staging, stage: Stage, parents: Table) -> list[Edge]:
    """The rows to which no way leads down from one without a parent: those on loops, and those below them."""
    staged = stage.table
    brought = and_(staged.c.sourced_id == parents.c.sourced_id, staged.c.status == ACTIVE)
    rows = select(parents.c.sourced_id, parents.c.parent, staged.c.line).outerjoin_from(parents, staged, brought)
    left = rows.where(parents.c.sourced_id.not_in(select(reached(parents).c.sourced_id)))
    return [Edge(*row) for row in await staging.connection.execute(left)]


def reached(parents: Table) -> CTE:
    above, below = parents.alias(), parents.alias()
    top = select(above.c.sourced_id).where(above.c.parent.not_in(select(parents.c.sourced_id)))
    tree = top.cte("tree", recursive=True)
    return tree.union_all(select(below.c.sourced_id).join(tree, below.c.parent == tree.c.sourced_id))


def loops(edges: Mapping[str, Edge]) -> Iterator[list[Edge]]:
    """Each of them once, from a row to its parent and on."""
    passed: set[str] = set()
    for start in sorted(edges):
        way: dict[str, Edge] = {}
        at = start
        while at in edges and at not in passed:
            passed.add(at)
            way[at] = edges[at]
            at = edges[at].parent
        if at in way:
            yield [*way.values()][[*way].index(at) :]


def shown(loop: list[Edge], edge: Edge) -> str:
    """`a > b > a`, from the row's own point of view."""
    at = loop.index(edge)
    names = [each.sourced_id for each in (*loop[at:], *loop[:at])]
    more = ["…"] if len(names) > SHOWN else []
    return " > ".join([*names[:SHOWN], *more, edge.sourced_id])


async def warn_of_terms(staging: Staging, stage: Stage, report: Report) -> None:
    """Sessions that begin before their parent does, or end after it."""
    if stage.target is not table_of(AcademicSession) or FIELD not in stage.columns or not stage.usable:
        return
    rows, noted = stage.table, 0
    for field, column, verb in SPAN:
        joined, theirs = with_parents(staging, rows, column)
        own = rows.c[column]
        outside = own < theirs if column == "start_date" else own > theirs
        noted += await note(
            staging,
            select(rows.c.line).select_from(joined).where(outside),
            field=field,
            value=cast(own, Text),
            rule=Rule.OUTSIDE_PARENT,
            hint=literal(f"its parent {verb} ") + cast(theirs, Text),
        )
    if noted:
        await report_breaches(staging, stage, report)
        await clear(staging)


def with_parents(staging: Staging, rows: Table, column: str) -> tuple[FromClause, ColumnElement[str]]:
    """The rows with their parents, and the parent's value of the column: the staged one, or else the stored."""
    joined: FromClause = rows
    values: list[Column[str]] = []
    for table in staging.tables(table_of(AcademicSession), column):
        parent = table.alias()
        joined = joined.outerjoin(parent, parent.c.sourced_id == rows.c[COLUMN])
        values.append(parent.c[column])
    return joined, func.coalesce(*values)
