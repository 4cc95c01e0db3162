"""What only the database can check: sourcedIds that come twice, references, and what they refer to."""

from typing import cast

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    update,
)
from sqlalchemy import cast as sql_cast

from models import Org
from service.bundles.breaches import clear, note, report_breaches
from service.bundles.parents import find_loops, warn_of_terms
from service.bundles.referring import LEFT_OUT, Reference, find_broken, leave_out, references
from service.bundles.report import Report
from service.bundles.school_years import tell_school_years
from service.bundles.staging import Stage, Staging
from service.bundles.upgrading import complete
from service.records.kinds import table_of
from service.records.rules import Rule

SCHOOL, SCHOOL_FIELD = "school", "schoolSourcedId"


async def check(staging: Staging, stage: Stage, report: Report, *, strict: bool) -> None:
    """Report what is wrong with the staged rows, and take the refused ones out of the stage.

    The files that the stage refers to must have been checked before. `strict`: no reference is left out.
    """
    await complete(staging, stage)
    if not strict:
        await tell_school_years(staging, stage, report)
    found = [*references(stage)]
    await find_duplicates(staging, stage)
    for reference in found:
        await find_broken(staging, reference, strict=strict)
    refused = await settle(staging, stage, found, report)
    own = [reference for reference in found if reference.target == stage.target.name]
    if refused:
        await settle_own(staging, stage, own, report, strict=strict)
    if await find_loops(staging, stage, strict=strict) and await settle(staging, stage, own, report):
        await settle_own(staging, stage, own, report, strict=strict)
    await warn_of_terms(staging, stage, report)
    await warn_of_schools(staging, stage, report)


async def settle_own(staging: Staging, stage: Stage, own: list[Reference], report: Report, *, strict: bool) -> None:
    """Rows of the file that refer to refused ones of it, and so on."""
    refused = len(own)
    while refused:
        for reference in own:
            await find_broken(staging, reference, strict=strict)
        refused = await settle(staging, stage, own, report)


async def find_duplicates(staging: Staging, stage: Stage) -> None:
    """The first row of a sourcedId stays."""
    rows, earlier = stage.table, stage.table.alias()
    same = and_(earlier.c.sourced_id == rows.c.sourced_id, earlier.c.line < rows.c.line)
    twice = select(rows.c.line).where(exists(select(earlier.c.line).where(same)))
    await note(staging, twice, field="sourcedId", value=rows.c.sourced_id, rule=Rule.DUPLICATE)


async def settle(staging: Staging, stage: Stage, found: list[Reference], report: Report) -> int:
    """Report the breaches; leave out what can be, and refuse the other rows. Returns how many were refused."""
    told = await report_breaches(staging, stage, report)
    for reference in found if told else ():
        await leave_out(staging, stage, reference)
    await clear(staging, *LEFT_OUT)
    refused = await refuse(staging, stage, report)
    await clear(staging)
    return refused


async def refuse(staging: Staging, stage: Stage, report: Report) -> int:
    """Take out the rows that the parser refused, then those of the breaches."""
    rows, breaches = stage.table, staging.breaches.c
    place = literal(f"{stage.file.csv_name} line ") + (sql_cast(rows.c.line, Text) if stage.usable else "1")
    moved = await move_out(staging, stage, place)
    # Marked first: `refused OR line IN (…)` is a nested loop on PostgreSQL as soon as there are many breaches.
    lines = select(breaches.line)
    marked = await staging.connection.execute(update(rows).where(rows.c.line.in_(lines)).values(refused=True))
    if marked.rowcount:
        # A row with a fault of its own has a breach without a cause, and "" is the least text.
        first = select(func.min(breaches.cause)).where(breaches.line == rows.c.line).scalar_subquery()
        moved += await move_out(staging, stage, func.coalesce(func.nullif(first, ""), place))
    report.counts[stage.file.name].refused += moved
    return moved


async def move_out(staging: Staging, stage: Stage, cause: ColumnElement[str]) -> int:
    """The rows that are marked as refused."""
    rows = stage.table.c
    ids = select(literal(stage.target.name), rows.sourced_id, cause).where(rows.refused)
    moved = await staging.connection.execute(insert(staging.refused).from_select(["file", "sourced_id", "cause"], ids))
    if moved.rowcount:
        await take_out_refused(staging, stage)
    return moved.rowcount


async def take_out_refused(staging: Staging, stage: Stage) -> None:
    refused = select(stage.table.c.line).where(stage.table.c.refused)
    for side in stage.sides.values():
        await staging.connection.execute(delete(side.table).where(side.table.c.line.in_(refused)))
        if side.link is None:  # roles that nobody can name now
            await staging.hide("roles")
    await staging.connection.execute(delete(stage.table).where(stage.table.c.refused))


async def warn_of_schools(staging: Staging, stage: Stage, report: Report) -> None:
    if SCHOOL_FIELD not in stage.columns:
        return
    line, school = stage.table.c.line, stage.table.c.school_sourced_id
    joined, types = cast("FromClause", stage.table), []
    for table in staging.tables(table_of(Org), "type"):
        orgs = table.alias()
        joined = joined.outerjoin(orgs, orgs.c.sourced_id == school)
        types.append(orgs.c.type)
    wrong = select(line).select_from(joined).where(func.coalesce(*types, null()) != SCHOOL)
    if await note(staging, wrong, field=SCHOOL_FIELD, value=school, rule=Rule.SCHOOL):
        await report_breaches(staging, stage, report)
        await clear(staging)
