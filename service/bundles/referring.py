"""References of staged rows: to what neither the database has nor the bundle brings.

One that the standard requires costs its row. Any other is left out, unless the standard is taken at its word.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, case, delete, exists, func, select, update

from models.base import ACTIVE, Base
from service.bundles.breaches import NOTHING, note
from service.bundles.staging import Stage, Staging
from service.bundles.upgrading import name_primaries
from service.records.kinds import reference_of
from service.records.rules import Rule

LEFT_OUT = (Rule.UNKNOWN_OPTIONAL, Rule.REFUSED_OPTIONAL, Rule.PARENT_LOOP_OPTIONAL)


@dataclass(frozen=True)
class Reference:
    """`column` of a staged table holds sourcedIds of rows of the table named `target`.

    `required`: a row cannot be without it, or, `listed`, without one of them.
    """

    field: str
    table: Table
    column: Column[Any]
    target: str
    required: bool
    listed: bool = False


def references(stage: Stage) -> Iterator[Reference]:
    if target := reference_of(stage.target.c.sourced_id):
        yield Reference("sourcedId", stage.table, stage.table.c.sourced_id, target, required=True)
    for name, column in stage.columns.items():
        if name not in stage.file.derived and (target := reference_of(column)):
            required = stage.file.field(name).required
            yield Reference(name, stage.table, stage.table.c[column.name], target, required)
    for name, side in stage.sides.items():
        field = stage.file.field(name)
        if field.refers_to:
            yield Reference(name, side.table, side.other, field.refers_to, field.required, listed=True)


async def find_broken(staging: Staging, reference: Reference, *, strict: bool) -> None:
    column, hidden = reference.column, staging.refused
    cause = select(func.min(hidden.c.cause)).where(*refused(staging, reference)).scalar_subquery()
    await note(
        staging,
        select(reference.table.c.line).where(column.is_not(None), lacks(staging, reference, column)),
        field=reference.field,
        value=column,
        rule=rule_of(staging, reference, strict=strict),
        hint=hint_of(staging, reference),
        cause=func.coalesce(cause, NOTHING),
    )


def lacks(staging: Staging, reference: Reference, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """True where neither the database has the row nor the bundle brings it."""
    stored = Base.metadata.tables[reference.target]
    lacking = [~exists(select(stored.c.sourced_id).where(stored.c.sourced_id == column))]
    if reference.target in staging.stages:
        staged = staging.stages[reference.target].table.alias()
        brought = select(staged.c.line).where(staged.c.sourced_id == column, staged.c.status == ACTIVE)
        lacking.append(~exists(brought))
    return and_(*lacking)


def hint_of(staging: Staging, reference: Reference) -> ColumnElement[str]:
    """A row that is nowhere may be there, on its way out."""
    if reference.target not in staging.stages:
        return NOTHING
    staged = staging.stages[reference.target].table.alias()
    gone = exists(select(staged.c.line).where(staged.c.sourced_id == reference.column, staged.c.status != ACTIVE))
    return case((gone, "the bundle marks it tobedeleted"), else_="")


def refused(staging: Staging, reference: Reference) -> list[ColumnElement[bool]]:
    """True for refused rows to which the reference leads."""
    hidden = staging.refused.c
    return [hidden.sourced_id == reference.column, hidden.file == reference.target]


def rule_of(staging: Staging, reference: Reference, *, strict: bool) -> ColumnElement[str]:
    """That of a broken reference."""
    known = exists(select(staging.refused.c.file).where(*refused(staging, reference)))
    error = case((known, Rule.REFUSED_REFERENCE.label), else_=Rule.UNKNOWN_REFERENCE.label)
    warning = case((known, Rule.REFUSED_OPTIONAL.label), else_=Rule.UNKNOWN_OPTIONAL.label)
    if strict or (reference.required and not reference.listed):
        return error
    if not reference.required:
        return warning
    other = reference.table.alias()
    listed = and_(other.c.own == reference.table.c.own, other.c.line == reference.table.c.line)
    good = exists(select(other.c.line).where(listed, ~lacks(staging, reference, other.c[reference.column.name])))
    return case((good, warning), else_=error)


def left_out(staging: Staging, reference: Reference) -> list[ColumnElement[bool]]:
    """True for breaches by this reference that cost no row."""
    noted = staging.breaches.c
    return [noted.field == reference.field, noted.rule.in_([rule.label for rule in LEFT_OUT])]


async def leave_out(staging: Staging, stage: Stage, reference: Reference) -> None:
    """Take out what costs no row, of the breaches noted."""
    rows, noted, those = reference.table, staging.breaches.c, left_out(staging, reference)
    lines = select(noted.line).where(*those)
    if reference.listed:
        same = and_(noted.line == rows.c.line, noted.value == reference.column)
        await staging.connection.execute(delete(rows).where(exists(select(noted.line).where(*those, same))))
        await name_primaries(staging, stage, lines)
    else:
        blank = update(rows).where(rows.c.line.in_(lines)).values({reference.column.name: None})
        await staging.connection.execute(blank)
