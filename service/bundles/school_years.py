"""The school years of sessions that do not say theirs."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Text, case, cast, extract, func, literal, select, update

from models import AcademicSession
from models.base import ACTIVE
from service.bundles.breaches import clear, note, report_breaches
from service.bundles.report import Report
from service.bundles.staging import Stage, Staging
from service.records.kinds import table_of
from service.records.rules import Rule

SCHOOL_YEAR = "schoolYear"  # the name of the field, and a type of sessions
AUGUST = 8


async def tell_school_years(staging: Staging, stage: Stage, report: Report) -> None:
    """Fill them in, with a warning for each. What is no session has none, and is left alone."""
    if stage.target is not table_of(AcademicSession) or SCHOOL_YEAR not in stage.columns or not stage.usable:
        return
    rows = stage.table
    lacking = (rows.c.school_year.is_(None), rows.c.end_date.is_not(None), rows.c.status == ACTIVE)
    year = school_year(staging, rows)
    hint = literal("read as ") + year
    lines = select(rows.c.line).where(*lacking)
    if await note(staging, lines, field=SCHOOL_YEAR, value=literal(""), rule=Rule.SCHOOL_YEAR, hint=hint):
        await report_breaches(staging, stage, report)
        await clear(staging)
        await staging.connection.execute(update(rows).where(*lacking).values(school_year=year))


def school_year(staging: Staging, rows: FromClause) -> ColumnElement[str]:
    """The year in which the school year ends: that of the session of this type around it, else of the session itself.

    A term that ends from August on belongs to the year after.
    """
    around = (year_around(table, rows) for table in staging.tables(table_of(AcademicSession), "end_date"))
    late = (rows.c.type != SCHOOL_YEAR) & (cast(extract("month", rows.c.end_date), Integer) >= AUGUST)
    own = year_of(rows.c.end_date) + case((late, 1), else_=0)
    return cast(func.coalesce(*around, own), Text)


def year_around(table: FromClause, rows: FromClause) -> ColumnElement[int]:
    year = table.alias()
    spans = (year.c.start_date <= rows.c.start_date) & (year.c.end_date >= rows.c.end_date)
    found = select(func.min(year_of(year.c.end_date))).where(year.c.type == SCHOOL_YEAR, year.c.status == ACTIVE, spans)
    return found.correlate(rows).scalar_subquery()


def year_of(day: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(extract("year", day), Integer)
