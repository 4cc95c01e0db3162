"""The whole act: rows become a bulk bundle that imports back to the same rows."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from models import AssessmentLineItem, AssessmentResult
from models.base import ACTIVE
from models.database import Database
from models.engines import lift_time_limits
from service.bundles.files import FILES, File
from service.bundles.manifest import HEADER, NAME, Mode
from service.bundles.selecting import Selection
from service.bundles.writing import Sheet, lines, new_bundle
from service.records.kinds import table_of

ROWS_AT_ONCE = 2_000
WITHOUT_FILE = (table_of(AssessmentLineItem), table_of(AssessmentResult))  # the standard has no CSV for them
MANIFEST = {
    "manifest.version": "1.0",
    "oneroster.version": "1.2",
    # An empty file is bulk as well: it says that there are no such rows, where absent says nothing of them.
    **{f"file.{name}": Mode.BULK.value for name in sorted(file.name for file in FILES)},
    "source.systemName": "Homeroom",
    "source.systemCode": "homeroom",
}


@dataclass
class Outcome:
    """What became of one table: rows written; rows left out, and references left out of rows, by the field that is
    the reason."""

    rows: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Summary:
    """`files` are by their name, `without_file` counts of active rows that no file can hold by that of their table."""

    files: dict[str, Outcome] = field(default_factory=dict)
    without_file: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(outcome.rows for outcome in self.files.values())

    @property
    def left_out(self) -> int:
        return sum(sum(outcome.left_out.values()) for outcome in self.files.values())


@asynccontextmanager
async def snapshot(database: Database) -> AsyncIterator[AsyncConnection]:
    """A connection that reads everything as of one moment and keeps nobody from writing.

    How long it may wait for an answer is up to the database's settings: give it `statement_seconds=0`.
    """
    async with database.reader.connect() as connection:
        if connection.dialect.name == postgresql.dialect.name:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            await lift_time_limits(connection)
            yield connection
        else:
            # The writer would begin by locking. A reader that begins stays at one state of the write-ahead log.
            await connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                if not connection.invalidated:  # as a cancelled statement leaves it
                    await connection.exec_driver_sql("ROLLBACK")


async def export_bundle(
    connection: AsyncConnection, path: Path, watch: Callable[[str, int, int], None] = lambda *_: None
) -> Summary:
    """Write the active rows to a bundle at `path`: `new_bundle` says how. `connection` is that of a `snapshot`.

    `watch(act, done, total)` is told how many rows are done. Raises OSError where nothing can be written, Unwritable
    for what no bundle can hold.
    """
    export = Export(connection, Selection(), Summary())
    stored = {file: await export.count(file.table) for file in FILES}
    total = sum(stored.values())
    with new_bundle(path) as create:
        with create(NAME) as stream:
            stream.write(lines([HEADER, *MANIFEST.items()]))
        for file in FILES:
            with create(file.csv_name) as stream:
                await export.write(file, stream, lambda act, done: watch(act, done, total))
            await export.account(file, stored[file])
        for table in WITHOUT_FILE:
            export.summary.without_file[table.name] = await export.count(table, table.c.status == ACTIVE)
    return export.summary


@dataclass(frozen=True)
class Export:
    """One export at work."""

    connection: AsyncConnection
    selection: Selection
    summary: Summary

    async def write(self, file: File, stream: TextIO, watch: Callable[[str, int], None]) -> None:
        outcome = self.summary.files[file.name] = Outcome()
        keys = sorted(await self.connection.scalars(self.selection.metadata_keys(file)))
        sheet = Sheet(stream, file, keys)
        query = self.selection.rows(file).execution_options(yield_per=ROWS_AT_ONCE)
        async with self.connection.stream(query) as result:
            async for rows in result.partitions():
                sheet.write(rows)
                outcome.rows += len(rows)
                watch(f"writing {file.csv_name}", self.summary.rows + self.summary.left_out)

    async def account(self, file: File, stored: int) -> None:
        """Say what is not in the file, and why."""
        outcome = self.summary.files[file.name]
        if outcome.rows == stored:
            self.selection.whole.add(file.table.name)
        else:
            outcome.left_out = await self.left_out(file, stored - outcome.rows)
        counts = {name: await self.connection.scalar(query) or 0 for name, query in self.selection.dropped(file)}
        outcome.dropped = {name: count for name, count in counts.items() if count}

    async def left_out(self, file: File, missing: int) -> dict[str, int]:
        found: dict[str, int] = {}
        for name, condition in self.selection.losses(file):
            if missing and (count := await self.count(file.table, condition)):
                found[name] = count
                missing -= count
        return found

    async def count(self, table: Table, *conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(table).where(*conditions)
        return await self.connection.scalar(query) or 0
