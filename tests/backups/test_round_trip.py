"""Whatever the tables can hold comes out of a backup as it went in, on either database."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, Boolean, Column, Date, Float, Integer, LargeBinary, MetaData, Table, delete, insert

from models import Base
from models.base import VOCABULARY, Moment
from models.database import Database
from scripts.migrate import migrate_database
from service.backups.archive import open_archive
from service.backups.restoring import restore
from service.backups.saving import save
from service.backups.values import KINDS, kind_of
from service.bundles.exporting import snapshot
from service.settings import Settings

TABLES = Base.metadata.sorted_tables
ROWS_MAX = 3  # of each table
NEW_THERE = {("changes", "transaction_id"), ("feeds", "id"), ("feeds", "purged_transaction")}
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
INTEGERS = st.integers(-(2**31), 2**31 - 1)
BIG_INTEGERS = st.integers(-(2**63), 2**63 - 1)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
MOMENTS = st.datetimes(timezones=st.just(UTC))
# Of JSON, only what both keep: in PostgreSQL -0.0 becomes 0.0.
SCALARS = st.none() | st.booleans() | BIG_INTEGERS | TEXTS | NUMBERS.filter(lambda number: number != 0)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=5
).filter(lambda document: document is not None)


def values(column: Column[Any]) -> st.SearchStrategy[Any]:
    if vocabulary := column.info.get("check", True) and column.info.get(VOCABULARY):
        return st.sampled_from(vocabulary.words)
    kinds: list[tuple[type[Any], st.SearchStrategy[Any]]] = [
        (Moment, MOMENTS),
        (Date, st.dates(date(1, 1, 1))),
        (Boolean, st.booleans()),
        (JSON, DOCUMENTS),
        (Float, NUMBERS),
        (Integer, BIG_INTEGERS if "Big" in type(column.type).__name__ else INTEGERS),
    ]
    return next((strategy for kind, strategy in kinds if isinstance(column.type, kind)), TEXTS)


@st.composite
def contents(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Rows of every table, by its name, whose references lead to rows that are there."""
    made: dict[str, list[dict[str, Any]]] = {}
    for table in TABLES:
        made[table.name] = []
        keys = set()
        for _ in range(1 if table.name == "feeds" else draw(st.integers(0, ROWS_MAX))):
            row = {column.name: draw(value(column, made)) for column in table.columns}
            key = tuple(row[column.name] for column in table.primary_key)
            if key not in keys and all(row[column.name] is not None for column in table.columns if not column.nullable):
                keys.add(key)
                made[table.name].append(row)
    return made


def value(column: Column[Any], made: dict[str, list[dict[str, Any]]]) -> st.SearchStrategy[Any]:
    """None for a reference for which there is nothing."""
    for key in column.foreign_keys:
        there = [row["sourced_id"] for row in made[key.column.table.name]]
        return st.sampled_from([*there, None] if column.nullable or not there else there)
    if column.table.autoincrement_column is column:
        return st.integers(1, 2**40)
    return st.none() | values(column) if column.nullable else values(column)


@pytest.fixture
async def other(other_url: str) -> AsyncIterator[Database]:
    await migrate_database(Settings(database_url=other_url))
    async with Database(Settings(database_url=other_url)) as other:
        yield other


async def fill(database: Database, rows: dict[str, list[dict[str, Any]]]) -> None:
    async with database.transaction() as session:
        for table in reversed(TABLES):
            await session.execute(delete(table))
        for table in TABLES:
            for row in rows[table.name]:
                await session.execute(insert(table).values({table.c[name]: each for name, each in row.items()}))


async def saved(database: Database, path: Path) -> dict[str, list[Any]]:
    """What the backup holds that lasts, in an order of its own."""
    async with snapshot(database) as connection:
        await save(connection, path)
    with ZipFile(path) as file:
        return {table.name: sorted(lasting(table, file), key=str) for table in TABLES}


def lasting(table: Table, file: ZipFile) -> list[Any]:
    lines = file.read(f"tables/{table.name}.jsonl").decode().split("\n")[:-1]
    kept = [(table.name, column.name) not in NEW_THERE for column in table.columns]
    return [[cell for cell, keep in zip(json.loads(line), kept, strict=True) if keep] for line in lines]


async def move(path: Path, database: Database) -> None:
    async with database.bulk_session() as session:
        with open_archive(path) as archive:
            await restore(session, archive, replace=True)
        await session.commit()


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=contents())
async def test_there_and_back_it_is_the_same(
    rows: dict[str, list[dict[str, Any]]], database: Database, other: Database, tmp_path: Path
) -> None:
    await fill(database, rows)

    first = await saved(database, tmp_path / "first.zip")
    await move(tmp_path / "first.zip", other)
    there = await saved(other, tmp_path / "there.zip")
    await move(tmp_path / "there.zip", database)
    back = await saved(database, tmp_path / "back.zip")

    assert {name: len(each) for name, each in first.items()} == {name: len(each) for name, each in rows.items()}
    assert there == first
    assert back == first


def test_every_column_has_a_kind() -> None:
    assert {kind_of(column) for table in TABLES for column in table.columns} == set(KINDS)


def test_a_column_of_a_new_type_has_to_be_decided_about() -> None:
    with pytest.raises(TypeError, match=r"theirs\.picture: backups know no LargeBinary"):
        kind_of(Table("theirs", MetaData(), Column("picture", LargeBinary)).c.picture)
