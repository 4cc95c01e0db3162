"""Stored rows that a bulk file no longer has."""

from sqlalchemy import ColumnElement, Select, case, exists, func, select

from models.base import ACTIVE
from service.bundles.manifest import Mode
from service.bundles.report import Issue, Report
from service.bundles.staging import Stage, Staging
from service.bundles.v1p1 import DERIVED_ROLE
from service.lists.json_text import text
from service.records.history import DELETED
from service.records.rules import Rule

RETIRED = "retired"  # what becomes of a row, beside what the history knows


def missing(staging: Staging, stage: Stage) -> ColumnElement[bool]:
    """True for a stored row of which the file says nothing. A refused row is there: it is broken, not gone."""
    sourced_id, refused = stage.target.c.sourced_id, staging.refused
    staged = select(stage.table.c.line).where(stage.table.c.sourced_id == sourced_id)
    return ~exists(staged) & ~exists(refused_of(staging, stage).where(refused.c.sourced_id == sourced_id))


def refused_of(staging: Staging, stage: Stage) -> Select[str]:
    return select(staging.refused.c.file).where(staging.refused.c.file == stage.target.name)


async def may_retire(staging: Staging, stage: Stage, percent_max: float, report: Report) -> bool:
    """Whether to retire the rows that the file no longer has. Reports why not."""
    if stage.mode is not Mode.BULK:
        return False
    name = stage.file.csv_name
    nameless = select(refused_of(staging, stage).where(staging.refused.c.sourced_id.is_(None)).exists())
    if await staging.connection.scalar(nameless):
        report.add(Issue(name, 0, "", "", Rule.RETIRE_SKIPPED))
        return False
    active = select(func.count()).select_from(stage.target).where(stage.target.c.status == ACTIVE)
    before = await staging.connection.scalar(active) or 0
    gone = await staging.connection.scalar(active.where(missing(staging, stage))) or 0
    if gone * 100 > before * percent_max:
        hint = f"{gone:,} of {before:,} rows are missing, and at most {percent_max:g} % may be retired"
        report.add(Issue(name, 0, "", "", Rule.RETIRE_LIMIT, hint))
        return False
    return gone > 0


def gone(staging: Staging, stage: Stage, *, retires: bool) -> Select[str, str]:
    """The active rows that the file no longer has, and what becomes of them.

    1.1 lists the orgs of a user in the user's row: a role in one that it lists no more has ended, retired or not.
    """
    stored = stage.target.c
    rows = select(stored.sourced_id, text(RETIRED)).where(stored.status == ACTIVE, missing(staging, stage))
    if not stage.derived:
        return rows
    users = select(staging.stages["users"].table.c.sourced_id)
    ended = stored.sourced_id.startswith(DERIVED_ROLE) & stored.user_sourced_id.in_(users)
    if not retires:
        rows = rows.where(ended)
    return rows.with_only_columns(stored.sourced_id, case((ended, text(DELETED)), else_=text(RETIRED)))
