"""Temporary tables: all rows of a bundle are there, checked, before the first one reaches a real table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import DDL, Boolean, Column, Index, Integer, MetaData, Table, insert
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

from models.base import PLAIN_TEXT, SOURCED_ID
from service.bundles.fields import Field, Kind, Link
from service.bundles.files import COMMON, FILE, File
from service.bundles.headers import Layout
from service.bundles.manifest import Mode

Row = tuple[Any, ...]
ROLE_COLUMNS = (
    "userSourcedId",
    "roleType",
    "role",
    "orgSourcedId",
)  # of the roles that 1.1 keeps in users.csv
METADATA_COLUMN = "metadata"


@dataclass(frozen=True)
class Side:
    """The rows that lists of sourcedIds in a file become; `own` is the row's, `other` the listed one."""

    table: Table
    own: Column[Any]
    other: Column[Any]
    link: Link | None  # None: the rows are those of a stage of their own


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The rows of one file, or, `derived`, those of users.csv in 1.1 that 1.2 has in roles.csv.

    `columns` are the columns that it fills, by the name of their field. `sides` are by the name of theirs.
    """

    file: File
    mode: Mode
    table: Table
    columns: dict[str, Column[Any]]
    sides: dict[str, Side] = field(default_factory=dict)
    derived: bool = False

    @property
    def target(self) -> Table:
        return self.file.table


class Staging:
    """The temporary tables of one import. `stages` are by the name of their target, in order of merging."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.on_postgresql = connection.dialect.name == postgresql.dialect.name
        # With a schema, so that no table of ours can be meant, whatever search path or translation is set.
        self.metadata = MetaData(schema="pg_temp" if self.on_postgresql else "temp")
        self.stages: dict[str, Stage] = {}
        texts = (Column(name, PLAIN_TEXT) for name in ("field", "value", "rule"))
        self.breaches = self.table("breaches", Column("line", Integer), *texts)
        self.refused = self.table("refused", Column("file", PLAIN_TEXT), Column("sourced_id", SOURCED_ID))
        self.indexes = [
            Index("ix_import_breaches", *self.breaches.columns),
            Index("ix_import_refused", self.refused.c.sourced_id, self.refused.c.file),
        ]

    def table(self, name: str, *columns: Column[Any]) -> Table:
        return Table(f"import_{name}", self.metadata, *columns, prefixes=["TEMPORARY"])

    async def open(self) -> None:
        await self.create(self.breaches, self.refused)
        for index in self.indexes:
            await self.connection.execute(CreateIndex(index))

    async def create(self, *tables: Table) -> None:
        for table in tables:
            await self.connection.execute(CreateTable(table))

    async def drop(self) -> None:
        """The end of the transaction would do, but a caller may import twice in one."""
        for table in self.metadata.tables.values():
            await self.connection.execute(DropTable(table))

    async def open_stage(self, file: File, mode: Mode, layout: Layout) -> Stage:
        """An empty stage for what the layout has, and one for the roles that 1.1 keeps in users.csv."""
        columns = {field.name: field.column for _, field in layout.fields if field.name not in COMMON}
        for name, source in file.derived.items():
            if layout.position(source) is not None:
                columns[name] = FILE[file.name].field(name).column
        if layout.metadata:
            columns[METADATA_COLUMN] = file.table.c.metadata
        stage = self.stage(file, mode, columns)
        for _, listing in layout.fields:
            if listing.kind is Kind.LINKS:
                stage.sides[listing.name] = self.side(listing, mode)
        await self.create(stage.table, *(side.table for side in stage.sides.values()))
        return stage

    def stage(
        self, file: File, mode: Mode, fields: Mapping[str, Column[Any] | None], *, derived: bool = False
    ) -> Stage:
        name = file.table.name
        columns = {key: column for key, column in fields.items() if column is not None}
        copied = (Column(column.name, column.type) for column in columns.values())
        table = self.table(
            name,
            Column("line", Integer),
            Column("refused", Boolean),
            Column("sourced_id", SOURCED_ID),
            Column("status", PLAIN_TEXT),
            *copied,
        )
        self.stages[name] = Stage(file=file, mode=mode, table=table, columns=columns, derived=derived)
        return self.stages[name]

    def side(self, listing: Field, mode: Mode) -> Side:
        if listing.link is None:
            columns = {name: FILE["roles"].field(name).column for name in ROLE_COLUMNS}
            roles = self.stage(FILE["roles"], mode, columns, derived=True)
            return Side(roles.table, roles.table.c.user_sourced_id, roles.table.c.org_sourced_id, None)
        own, other = Column("own", SOURCED_ID), Column("other", SOURCED_ID)
        table = self.table(listing.link.table.name, Column("line", Integer), own, other)
        return Side(table, own, other, listing.link)

    def tables(self, target: Table, column: str) -> list[Table]:
        """Where to look the column up: in the stage, which is newer, then in what is stored."""
        stage = self.stages.get(target.name)
        return [*([stage.table] if stage and column in stage.table.c else []), target]

    async def load(self, table: Table, rows: Sequence[Row]) -> None:
        """Values are those that the driver takes."""
        if not rows:
            return
        if self.on_postgresql:
            raw = await self.connection.get_raw_connection()
            names = [column.name for column in table.columns]
            await raw.driver_connection.copy_records_to_table(  # type: ignore[union-attr]
                table.name, schema_name=table.schema, columns=names, records=rows
            )
        else:
            statement = str(insert(table).compile(dialect=self.connection.dialect))
            await self.connection.exec_driver_sql(statement, list(rows))

    async def ready(self, stage: Stage) -> None:
        """All rows are in: make them quick to find, and let the database know how many there are."""
        keys = {stage.table: stage.table.c.sourced_id}
        keys |= {side.table: side.own for side in stage.sides.values()}
        for table, key in keys.items():
            await self.connection.execute(CreateIndex(Index(f"ix_{table.name}", key, table.c.line)))
            if self.on_postgresql:  # which else believes that a temporary table is small
                await self.analyze(table)

    async def analyze(self, table: Table) -> None:
        """Let the planner know how many rows there are, and which."""
        if not self.on_postgresql:
            await self.connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
        await self.connection.execute(DDL("ANALYZE %(fullname)s").against(table))
