"""What SQL finds wrong with staged rows: noted in a temporary table, then reported and cleared."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, insert, literal, select, tuple_

from service.bundles.report import Issue, Report
from service.bundles.staging import Stage, Staging
from service.records.rules import RULES, Rule

PAGE_ROWS = 1_000
NOTHING = literal("")


async def note(  # noqa: PLR0913 - a breach has so many columns
    staging: Staging,
    rows: Select[Any],
    *,
    field: str,
    value: ColumnElement[Any],
    rule: Rule | ColumnElement[str],
    hint: ColumnElement[str] = NOTHING,
    cause: ColumnElement[str] = NOTHING,
) -> int:
    """Note a breach for each of the rows, of which `rows` selects the line. Returns how many."""
    label = literal(rule.label) if isinstance(rule, Rule) else rule
    breaches = rows.add_columns(literal(field), value, label, hint, cause)
    noted = await staging.connection.execute(insert(staging.breaches).from_select(staging.breaches.c.keys(), breaches))
    return noted.rowcount


async def note_all(staging: Staging, breaches: Sequence[tuple[Any, ...]]) -> None:
    """What was found outside of SQL, in the order of the table's columns."""
    if breaches:
        names = staging.breaches.c.keys()
        await staging.connection.execute(
            insert(staging.breaches), [dict(zip(names, each, strict=True)) for each in breaches]
        )


async def report_breaches(staging: Staging, stage: Stage, report: Report) -> int:
    """Page by page: a cursor of the server would keep the table from being dropped before the transaction ends."""
    columns = staging.breaches.columns
    key = [columns[name] for name in ("line", "field", "value", "rule")]
    page, told = select(*columns).order_by(*key).limit(PAGE_ROWS), 0
    rows = (await staging.connection.execute(page)).all()
    while rows:
        for line, field, value, rule, hint, cause in rows:
            report.add(Issue(stage.file.csv_name, line, field, value, RULES[rule], hint, cause))
        told += len(rows)
        rows = (await staging.connection.execute(page.where(tuple_(*key) > tuple_(*rows[-1][: len(key)])))).all()
    return told


async def clear(staging: Staging, *rules: Rule) -> None:
    """Forget the breaches, or those of these rules."""
    breaches = staging.breaches
    labels = [rule.label for rule in rules]
    await staging.connection.execute(delete(breaches).where(breaches.c.rule.in_(labels)) if rules else delete(breaches))
