"""What only the database can check: sourcedIds that come twice, references, and what they refer to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    Column,
    FromClause,
    Select,
    Table,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    tuple_,
    update,
)

from models import Org
from models.base import ACTIVE, Base
from service.bundles.report import Issue, Report
from service.bundles.staging import Stage, Staging
from service.bundles.upgrading import complete
from service.records.kinds import reference_of, table_of
from service.records.rules import RULES, Rule

SCHOOL, SCHOOL_FIELD = "school", "schoolSourcedId"
PAGE_ROWS = 1_000


@dataclass(frozen=True)
class Reference:
    """`column` of a staged table holds sourcedIds of rows of the table named `target`."""

    field: str
    table: Table
    column: Column[Any]
    target: str


async def check(staging: Staging, stage: Stage, report: Report) -> None:
    """Report what is wrong with the staged rows, and take the refused ones out of the stage.

    The files that the stage refers to must have been checked before.
    """
    await complete(staging, stage)
    found = [*references(stage)]
    await find_duplicates(staging, stage)
    for reference in found:
        await find_broken(staging, reference)
    await refuse(staging, stage, report)
    own = [reference for reference in found if reference.target == stage.target.name]
    while own and report.counts[stage.file.name].refused:
        for reference in own:
            await find_broken(staging, reference)
        if not await refuse(staging, stage, report):
            break
    await warn_of_schools(staging, stage, report)


def references(stage: Stage) -> Iterator[Reference]:
    if target := reference_of(stage.target.c.sourced_id):
        yield Reference("sourcedId", stage.table, stage.table.c.sourced_id, target)
    for name, column in stage.columns.items():
        if name not in stage.file.derived and (target := reference_of(column)):
            yield Reference(name, stage.table, stage.table.c[column.name], target)
    for name, side in stage.sides.items():
        if target := stage.file.field(name).refers_to:
            yield Reference(name, side.table, side.other, target)


async def find_duplicates(staging: Staging, stage: Stage) -> None:
    """The first row of a sourcedId stays."""
    rows, earlier = stage.table, stage.table.alias()
    same = and_(earlier.c.sourced_id == rows.c.sourced_id, earlier.c.line < rows.c.line)
    await note(
        staging,
        select(rows.c.line, literal("sourcedId"), rows.c.sourced_id, literal(Rule.DUPLICATE.label)).where(
            exists(select(earlier.c.line).where(same))
        ),
    )


async def find_broken(staging: Staging, reference: Reference) -> None:
    """References to what neither the database has nor the bundle brings."""
    column, hidden = reference.column, staging.refused
    stored = Base.metadata.tables[reference.target]
    lacking = [~exists(select(stored.c.sourced_id).where(stored.c.sourced_id == column))]
    if reference.target in staging.stages:
        staged = staging.stages[reference.target].table.alias()
        brought = select(staged.c.line).where(staged.c.sourced_id == column, staged.c.status == ACTIVE)
        lacking.append(~exists(brought))
    refused = exists(select(hidden.c.file).where(hidden.c.sourced_id == column, hidden.c.file == reference.target))
    rule = case((refused, Rule.REFUSED_REFERENCE.label), else_=Rule.UNKNOWN_REFERENCE.label)
    found = select(reference.table.c.line, literal(reference.field), column, rule)
    await note(staging, found.where(column.is_not(None), *lacking))


async def note(staging: Staging, breaches: Select[Any]) -> None:
    await staging.connection.execute(insert(staging.breaches).from_select(staging.breaches.c.keys(), breaches))


async def refuse(staging: Staging, stage: Stage, report: Report) -> int:
    """Report the breaches found, move their rows and those that the parser refused out. Returns how many."""
    connection = staging.connection
    await report_breaches(staging, stage, report)
    # Marked first: `refused OR line IN (…)` is a nested loop on PostgreSQL as soon as there are many breaches.
    rows, found = stage.table, select(staging.breaches.c.line)
    marked = await connection.execute(update(rows).where(rows.c.line.in_(found)).values(refused=True))
    if marked.rowcount:
        await connection.execute(delete(staging.breaches))
    ids = select(literal(stage.target.name), rows.c.sourced_id).where(rows.c.refused)
    moved = await connection.execute(insert(staging.refused).from_select(["file", "sourced_id"], ids))
    if moved.rowcount:
        await take_out_refused(staging, stage)
    report.counts[stage.file.name].refused += moved.rowcount
    return moved.rowcount


async def take_out_refused(staging: Staging, stage: Stage) -> None:
    refused = select(stage.table.c.line).where(stage.table.c.refused)
    for side in stage.sides.values():
        await staging.connection.execute(delete(side.table).where(side.table.c.line.in_(refused)))
        if side.link is None:  # roles that nobody can name now
            await staging.hide("roles")
    await staging.connection.execute(delete(stage.table).where(stage.table.c.refused))


async def report_breaches(staging: Staging, stage: Stage, report: Report) -> None:
    """Page by page: a cursor of the server would keep the table from being dropped before the transaction ends."""
    columns = staging.breaches.columns
    page = select(*columns).order_by(*columns).limit(PAGE_ROWS)
    rows = (await staging.connection.execute(page)).all()
    while rows:
        for line, field, value, rule in rows:
            report.add(Issue(stage.file.csv_name, line, field, value, RULES[rule]))
        rows = (await staging.connection.execute(page.where(tuple_(*columns) > tuple_(*rows[-1])))).all()


async def warn_of_schools(staging: Staging, stage: Stage, report: Report) -> None:
    if SCHOOL_FIELD not in stage.columns:
        return
    line, school = stage.table.c.line, stage.table.c.school_sourced_id
    joined, types = cast("FromClause", stage.table), []
    for table in staging.tables(table_of(Org), "type"):
        orgs = table.alias()
        joined = joined.outerjoin(orgs, orgs.c.sourced_id == school)
        types.append(orgs.c.type)
    wrong = select(line, literal(SCHOOL_FIELD), school, literal(Rule.SCHOOL.label)).select_from(joined)
    await note(staging, wrong.where(func.coalesce(*types, null()) != SCHOOL))
    await report_breaches(staging, stage, report)
    await staging.connection.execute(delete(staging.breaches))
