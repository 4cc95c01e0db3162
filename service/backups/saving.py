"""The whole act: everything the database holds, as of one moment, becomes one file."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import starmap
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Base
from models.base import wire_moment
from service import __version__
from service.backups.archive import Manifest, Table, new_archive, new_member, write_manifest
from service.backups.values import kind_of, lines_of
from service.running import revisions

ROWS_AT_ONCE = 2_000
Watch = Callable[[str, int, int], None]


class OtherRevision(Exception):
    """The database's tables are not those that this Homeroom knows."""


async def save(connection: AsyncConnection, path: Path, watch: Watch = lambda *_: None) -> Manifest:
    """Write everything to `path`, where it is once it is whole. `connection` is that of a `snapshot`, so that others go
    on reading and writing.

    `watch(act, done, total)` is told how many rows are done. Raises OSError where nothing can be written, OtherRevision
    where something would be left out.
    """
    revision = await connection.run_sync(revisions.current)
    if revision is None or revision != revisions.head():
        raise OtherRevision(f"the database is at revision {revision}, and this Homeroom knows {revisions.head()}")
    tables = Base.metadata.sorted_tables
    total = sum([await count_rows(connection, table) for table in tables])
    saving = Saving(connection, watch, total)
    with new_archive(path) as archive:
        manifest = Manifest(
            homeroom=__version__,
            created=wire_moment(datetime.now(UTC)),
            database=connection.dialect.name,
            revision=revision,
            tables=tuple([await saving.save(archive, table) for table in tables]),
        )
        write_manifest(archive, manifest)
    return manifest


async def count_rows(connection: AsyncConnection, table: sa.Table) -> int:
    return await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def untyped(name: str, kind: str) -> sa.ColumnElement[Any]:
    """As the driver gives it, but JSON as text: parsed, its numbers would lose digits."""
    column: sa.ColumnClause[Any] = sa.column(name)
    return sa.cast(column, sa.Text) if kind == "json" else column


class Saving:
    """One backup at work."""

    def __init__(self, connection: AsyncConnection, watch: Watch, total: int) -> None:
        self.connection = connection
        self.watch = watch
        self.total = total
        self.done = 0

    async def save(self, archive: ZipFile, table: sa.Table) -> Table:
        columns = {column.name: kind_of(column) for column in table.columns}
        query = sa.select(*starmap(untyped, columns.items())).select_from(sa.table(table.name))
        with new_member(archive, table.name) as member:
            async with self.connection.stream(query.execution_options(yield_per=ROWS_AT_ONCE)) as result:
                async for rows in result.partitions():
                    member.write(lines_of(columns.values(), rows), len(rows))
                    self.watch(f"saving {table.name}", self.done + member.rows, self.total)
        self.done += member.rows
        counter = await self.counter(table)
        return Table(name=table.name, columns=columns, rows=member.rows, sha256=member.hash.hexdigest(), **counter)

    async def counter(self, table: sa.Table) -> dict[str, Any]:
        """What counts by itself goes on where it was, even if the rows with the last numbers are gone."""
        column = table.autoincrement_column
        if column is None:
            return {}
        if self.connection.dialect.name == "sqlite":
            counts = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))
            last = sa.select(counts.c.seq).where(counts.c.name == table.name)
        else:
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            last = sa.select(sa.func.pg_sequence_last_value(sa.cast(sequence, sa.dialects.postgresql.REGCLASS)))
        return {"counter": column.name, "counted": await self.connection.scalar(last) or 0}
