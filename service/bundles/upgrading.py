"""What rows of 1.1 lack for 1.2 and other rows tell."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, case, exists, func, null, select, update

from models import Class, Org
from service.bundles.staging import Stage, Staging
from service.bundles.v1p1 import ADMINISTRATOR, PRIMARY
from service.records.kinds import table_of

SITE, DISTRICT = "siteAdministrator", "districtAdministrator"


async def complete(staging: Staging, stage: Stage) -> None:
    """Does nothing to rows of 1.2."""
    if "schoolSourcedId" in stage.file.derived:
        rows = stage.table
        school = looked_up(staging, table_of(Class), "school_sourced_id", rows.c.class_sourced_id)
        await staging.connection.execute(update(rows).values(school_sourced_id=school))
    for side in stage.sides.values():
        if side.link is None:
            await name_administrators(staging, side.table)


async def name_administrators(staging: Staging, roles: Table) -> None:
    """1.2 tells those of a school from those of what is above it."""
    kind = looked_up(staging, table_of(Org), "type", roles.c.org_sourced_id)
    named = case((kind == "school", SITE), else_=DISTRICT)
    await staging.connection.execute(update(roles).where(roles.c.role == ADMINISTRATOR).values(role=named))


async def name_primaries(staging: Staging, stage: Stage, lines: Select[int]) -> None:
    """Of the users in these lines orgs were left out: the least of the others is primary where that one was."""
    for side in stage.sides.values():
        if side.link is None:
            roles, other = side.table, side.table.alias()
            least = select(func.min(other.c.org_sourced_id)).where(other.c.line == roles.c.line).scalar_subquery()
            first = exists(select(other.c.line).where(other.c.line == roles.c.line, other.c.role_type == PRIMARY))
            named = update(roles).where(roles.c.line.in_(lines), roles.c.org_sourced_id == least, ~first)
            await staging.connection.execute(named.values(role_type=PRIMARY))
            primary = select(roles.c.org_sourced_id).where(roles.c.line == stage.table.c.line)
            primary = primary.where(roles.c.role_type == PRIMARY)
            users = update(stage.table).where(stage.table.c.line.in_(lines))
            await staging.connection.execute(users.values(primary_org_sourced_id=primary.scalar_subquery()))


def looked_up(staging: Staging, target: Table, column: str, key: Column[Any]) -> ColumnElement[Any]:
    """The value of a column in the row of `target` with that key, staged or else stored."""
    found = (
        select(table.c[column]).where(table.c.sourced_id == key).scalar_subquery()
        for table in staging.tables(target, column)
    )
    return func.coalesce(*found, null())
