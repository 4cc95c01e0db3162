"""A bundle with blemishes that have only one reading loads as what it means, once; a strict import refuses it."""

import csv
import io

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from models.base import Base
from models.database import Database
from service.bundles.report import Report
from service.records.rules import Rule
from tests.bundles.making import TakeIn, contents, stored
from tests.bundles.row_blemishes import BLEMISHES, Spoilt, Texts, spoil

# Not shrunk, as that takes minutes; a failure names its blemishes.
SPOILT = settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
STAYING = ("feeds",)


@SPOILT
@given(names=st.lists(st.sampled_from([*BLEMISHES]), min_size=1, unique=True), drawn=st.data())
async def test_a_blemished_bundle_loads_as_what_it_means(
    names: list[str], drawn: st.DataObject, take_in: TakeIn, database: Database
) -> None:
    await empty(database)
    spoilt, meant = spoil(names, drawn.draw)
    texts = texts_of(spoilt)

    refused = await take_in(texts, strict=True)
    first = await take_in(texts, skip_bad=True)
    before = await stored(database)
    second = await take_in(texts, skip_bad=True)

    assert {BLEMISHES[name].strict_rule for name in names} <= told(refused)
    assert not refused.loaded
    assert {BLEMISHES[name].rule for name in names} <= told(first)
    assert changed(second) == {}
    assert await stored(database) == before
    expect_same(await take_in(contents(meant), strict=True), meant)


def told(report: Report) -> set[Rule]:
    """A column that is missing and one that is blank are the same blemish; and so are consequences and causes."""
    found = {*report.found}
    return found | ({Rule.REQUIRED} if Rule.COLUMN_REQUIRED in found else set())


def changed(report: Report) -> dict[str, int]:
    return {name: counts.changed for name, counts in report.counts.items() if counts.changed}


def expect_same(report: Report, meant: dict[str, list[dict[str, str]]]) -> None:
    """The bundle that is right finds all of its rows, as it has them."""
    assert (report.errors, report.loaded, changed(report)) == (0, True, {})
    assert {name: counts.unchanged for name, counts in report.counts.items()} == {
        name: len(rows) for name, rows in meant.items()
    }


def texts_of(spoilt: Spoilt) -> Texts:
    texts = contents(spoilt.files)
    for name in spoilt.cut:
        header, *rows = texts[f"{name}.csv"].splitlines()
        texts[f"{name}.csv"] = "\r\n".join([header, *(row.rstrip(",") for row in rows), ""])
    for name, column in spoilt.dropped.items():
        texts[f"{name}.csv"] = without(texts[f"{name}.csv"], column)
    return texts


def without(text: str, column: str) -> str:
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    file, at = io.StringIO(newline=""), header.index(column)
    csv.writer(file).writerows([*row[:at], *row[at + 1 :]] for row in (header, *rows))
    return file.getvalue()


async def empty(database: Database) -> None:
    async with database.transaction() as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in STAYING:
                await session.execute(delete(table))
