"""The whole act: a backup becomes the rows of an empty database, in one transaction that the caller ends."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from models import Change, Feed
from models.engines import lift_time_limits
from models.stamps import stop_writers
from service.backups.archive import DAMAGED, Archive, Member, Table, Unusable
from service.backups.saving import OtherRevision, Watch, count_rows
from service.backups.values import READ_BY_POSTGRESQL, READ_BY_SQLITE, Form, rows_of
from service.privacy.retention import renew_feed
from service.running import revisions

Row = tuple[Any, ...]
FEED = Feed.__tablename__  # whose one row comes with the tables
XID = (Change.__tablename__, "transaction_id")


class NotEmpty(Exception):
    """The database holds rows; they are in `rows`, by table."""

    def __init__(self, rows: dict[str, int]) -> None:
        self.rows = rows
        super().__init__(f"the database holds {sum(rows.values()):,} rows")


@dataclass(kw_only=True)
class Restored:
    """`emptied`: how many rows of each table went before. Revisions are those of the backup, and the one now."""

    revision: str
    now: str = ""
    emptied: dict[str, int] = field(default_factory=dict)


def verify(archive: Archive, watch: Watch = lambda *_: None) -> None:
    """Read all of it. Raises Unusable if that is not what the manifest says."""
    expect_known(archive)
    done = 0
    for table in archive.manifest.tables:
        with archive.member(table) as member:
            for _ in batches(table, member, {}):
                watch(f"reading {table.name}", done + member.rows, archive.manifest.rows)
        done += member.rows


def expect_known(archive: Archive) -> None:
    """Raises Unusable for the tables of a newer Homeroom, which this one could not bring up to date."""
    if not revisions.is_known(archive.manifest.revision):
        raise Unusable(
            f"is of Homeroom {archive.manifest.homeroom}, whose migration {archive.manifest.revision} this one does not"
            " know: install that version, or a newer one"
        )


async def restore(
    session: AsyncSession, archive: Archive, *, replace: bool = False, watch: Watch = lambda *_: None
) -> Restored:
    """Fill the tables of the backup's own revision, then bring them up to this code's. Never commits.

    `session` is a bulk session in which nothing was done yet. What the database holds is removed with `replace`; else
    NotEmpty is raised. Raises Unusable for a backup that is not whole, OtherRevision for a database of a newer
    Homeroom. Writers wait until it ends; a database that is in use does not let it begin (Failure.LOCKED).
    """
    expect_known(archive)
    restoring = Restoring(await session.connection(), archive, watch)
    await restoring.begin()
    outcome = Restored(revision=archive.manifest.revision)
    outcome.emptied = await restoring.make_room(replace=replace)
    await restoring.load_all()
    watch("upgrading", 0, 0)
    await restoring.migrate("head")
    outcome.now = str(revisions.head())
    await session.execute(update(Feed).values(purged_transaction=0))  # another server's numbers mean nothing here
    await renew_feed(session)
    watch("analyzing", 0, 0)
    await restoring.connection.exec_driver_sql("ANALYZE")
    return outcome


class Restoring:
    """One restoration at work."""

    def __init__(self, connection: AsyncConnection, archive: Archive, watch: Watch) -> None:
        self.connection = connection
        self.archive = archive
        self.watch = watch
        self.on_postgresql = connection.dialect.name == "postgresql"
        self.done = 0

    async def begin(self) -> None:
        """No time limits, and nobody who writes beside it. On SQLite it has the write lock already."""
        if self.on_postgresql:
            await lift_time_limits(self.connection)
            await self.connection.run_sync(revisions.take_turn)
            await stop_writers(self.connection)
        else:  # one table may refer to itself, and foreign keys are checked as a whole at the end
            await self.connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")

    async def make_room(self, *, replace: bool) -> dict[str, int]:
        """Empty tables of the backup's revision. Returns what they held."""
        revision = await self.connection.run_sync(revisions.current)
        if revision and not revisions.is_known(revision):
            raise OtherRevision(f"the database is at revision {revision}, which this Homeroom does not know")
        tables = await self.connection.run_sync(stored_tables)
        counted = {table.name: await count_rows(self.connection, table) for table in tables}
        held = {name: rows for name, rows in counted.items() if rows and name != FEED}
        if held and not replace:
            raise NotEmpty(held)
        await self.migrate(self.archive.manifest.revision)
        await self.empty(await self.connection.run_sync(stored_tables))
        return held

    async def empty(self, tables: Sequence[sa.Table]) -> None:
        if not self.on_postgresql:
            for table in reversed(tables):
                await self.connection.execute(delete(table))
        elif tables:
            names = map(self.connection.dialect.identifier_preparer.format_table, tables)
            await self.connection.exec_driver_sql(f"TRUNCATE {', '.join(names)}")

    async def migrate(self, revision: str) -> None:
        await self.connection.run_sync(revisions.move_to, revision)

    async def load_all(self) -> None:
        tables = {table.name: table for table in await self.connection.run_sync(stored_tables)}
        fixed = {XID: await self.transaction_id()}
        for stated in self.archive.manifest.tables:
            table = tables.pop(stated.name, None)
            if table is None or {*stated.columns} != {*table.columns.keys()}:
                raise Unusable(f"has another table {stated.name} than revision {self.archive.manifest.revision}")
            own = {column: value for (name, column), value in fixed.items() if name == stated.name}
            await self.load(stated, table, own)
        if tables:
            raise Unusable(f"has no table {min(tables)}, as revision {self.archive.manifest.revision} has")
        await self.expect_references()

    async def transaction_id(self) -> int | None:
        """That of this transaction, for who reads the feed from now on: those of another server mean nothing here."""
        query = sa.select(sa.cast(sa.cast(sa.func.pg_current_xact_id(), sa.Text), sa.BigInteger))
        return await self.connection.scalar(query) if self.on_postgresql else None

    async def load(self, stated: Table, table: sa.Table, fixed: dict[str, Any]) -> None:
        with self.archive.member(stated) as member:
            rows = batches(stated, member, READ_BY_POSTGRESQL if self.on_postgresql else READ_BY_SQLITE, fixed)
            await (self.copy if self.on_postgresql else self.insert)(stated, table, self.watched(stated, member, rows))
        self.done += member.rows
        if (stored := await count_rows(self.connection, table)) != stated.rows:
            raise Unusable(f"could not be loaded: {stated.name} has {stored:,} rows instead of {stated.rows:,}")
        if stated.counter:
            await self.count_on(stated)

    async def watched(
        self, stated: Table, member: Member, rows: Iterator[Sequence[Row]]
    ) -> AsyncIterator[Sequence[Row]]:
        while batch := await asyncio.to_thread(next, rows, None):
            yield batch
            self.watch(f"loading {stated.name}", self.done + member.rows, self.archive.manifest.rows)

    async def copy(self, stated: Table, table: sa.Table, rows: AsyncIterator[Sequence[Row]]) -> None:
        """In one statement: at its end a row may refer to any other of the table."""
        raw = await self.connection.get_raw_connection()
        records = (row async for batch in rows for row in batch)
        await raw.driver_connection.copy_records_to_table(  # type: ignore[union-attr]
            table.name, columns=list(stated.columns), records=records
        )

    async def insert(self, stated: Table, table: sa.Table, rows: AsyncIterator[Sequence[Row]]) -> None:
        untyped = sa.table(table.name, *map(sa.column, stated.columns))
        statement = str(insert(untyped).compile(dialect=self.connection.dialect))
        async for batch in rows:
            await self.connection.exec_driver_sql(statement, list(batch))

    async def count_on(self, stated: Table) -> None:
        """The next number is one that was never given."""
        if self.on_postgresql:
            sequence = sa.func.pg_get_serial_sequence(stated.name, stated.counter)
            last, is_given = max(stated.counted, 1), stated.counted > 0
            await self.connection.execute(sa.select(sa.func.setval(sequence, last, is_given)))
        else:
            counts = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))
            await self.connection.execute(delete(counts).where(counts.c.name == stated.name))
            await self.connection.execute(insert(counts).values(name=stated.name, seq=stated.counted))

    async def expect_references(self) -> None:
        """PostgreSQL has refused by itself what refers to nothing."""
        if self.on_postgresql:
            return
        broken = (await self.connection.exec_driver_sql("PRAGMA foreign_key_check")).mappings().first()
        if broken:
            table, parent = broken["table"], broken["parent"]
            raise Unusable(f"cannot be loaded: a row of {table} refers to one of {parent} that is not there")


def stored_tables(connection: sa.Connection) -> list[sa.Table]:
    """As they are now, which need not be as the models have them; those that others refer to come first."""
    found = sa.MetaData()
    found.reflect(connection, only=lambda name, _: name != revisions.VERSION.name)
    return found.sorted_tables


def batches(
    stated: Table, member: Member, forms: dict[str, Form], fixed: dict[str, Any] | None = None
) -> Iterator[Sequence[Row]]:
    """The rows of a table as the driver takes them; columns that are `fixed` hold that value instead."""
    made = [forms.get(kind) for kind in stated.columns.values()]
    places = [(list(stated.columns).index(name), value) for name, value in (fixed or {}).items()]
    while lines := member.read():
        try:
            rows = rows_of(made, lines)
        except (ValueError, TypeError, RecursionError) as error:
            raise Unusable(f"{DAMAGED}: {stated.member}: {error}") from error
        yield [with_fixed(row, places) for row in rows] if places else rows


def with_fixed(row: Row, places: Sequence[tuple[int, Any]]) -> Row:
    changed = list(row)
    for place, value in places:
        changed[place] = value
    return tuple(changed)
