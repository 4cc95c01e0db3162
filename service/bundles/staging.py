"""Temporary tables: all rows of a bundle are there, checked, before the first one reaches a real table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, Table, insert
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable
from sqlalchemy.types import TypeEngine

from models.base import PLAIN_TEXT, SOURCED_ID
from service.bundles.files import COMMON, FILE, File
from service.bundles.headers import Layout
from service.bundles.manifest import Mode
from service.records.kinds import Field, Kind, Link

Row = tuple[Any, ...]
Definition = tuple[str, TypeEngine[Any]]  # of a column
Fields = Mapping[str, Column[Any] | None]
ROLE_COLUMNS = ("userSourcedId", "roleType", "role", "orgSourcedId")  # of the roles that 1.1 keeps in users.csv
METADATA_COLUMN = "metadata"
LINE: Definition = ("line", Integer())
REFUSED: Definition = ("refused", Boolean())
SOURCED: Definition = ("sourced_id", SOURCED_ID)
STATUS: Definition = ("status", PLAIN_TEXT)


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

    `columns` are the columns that it fills, by the name of their field. `sides` are by the name of theirs. `usable`:
    its header spoils no row.
    """

    file: File
    mode: Mode
    table: Table
    columns: dict[str, Column[Any]]
    sides: dict[str, Side] = field(default_factory=dict)
    derived: bool = False
    usable: bool = True

    @property
    def target(self) -> Table:
        return self.file.table

    @property
    def tables(self) -> list[Table]:
        """All that the file fills."""
        return [self.table, *(side.table for side in self.sides.values())]


@lru_cache(maxsize=500)
def temporary_table(schema: str, name: str, columns: tuple[Definition, ...], indexed: tuple[str, ...]) -> Table:
    """The same object at every import, so that SQLAlchemy compiles its statements once."""
    made = (Column(column, kind) for column, kind in columns)
    table = Table(f"import_{name}", MetaData(schema=schema), *made, prefixes=["TEMPORARY"])
    if indexed:
        Index(f"ix_import_{name}", *(table.c[column] for column in indexed))
    return table


class Staging:
    """The temporary tables of one import. `stages` are by the name of their target, in order of merging."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.on_postgresql = connection.dialect.name == postgresql.dialect.name
        self.stages: dict[str, Stage] = {}
        self.created: list[Table] = []
        self.seen_seq = 0  # of the last entry in the history when the import began
        texts = [(name, PLAIN_TEXT) for name in ("field", "value", "rule", "hint", "cause")]
        self.breaches = self.table("breaches", [LINE, *texts], "line", "field", "value", "rule")
        columns = [("file", PLAIN_TEXT), SOURCED, ("cause", PLAIN_TEXT)]
        self.refused = self.table("refused", columns, "sourced_id", "file")

    def table(self, name: str, columns: Iterable[Definition], *indexed: str) -> Table:
        # With a schema, so that no table of ours can be meant, whatever search path or translation is set.
        return temporary_table("pg_temp" if self.on_postgresql else "temp", name, tuple(columns), indexed)

    async def open(self) -> None:
        for table in (self.breaches, self.refused):
            await self.create(table)
            await self.index(table)

    async def create(self, table: Table) -> None:
        await self.connection.execute(CreateTable(table))
        self.created.append(table)

    async def drop(self) -> None:
        """The end of the transaction would do, but a caller may import twice in one."""
        for table in self.created:
            await self.connection.execute(DropTable(table))

    async def open_stage(self, file: File, mode: Mode, layout: Layout) -> Stage:
        """An empty stage for what the layout has, and one for the roles that 1.1 keeps in users.csv."""
        columns = {field.name: field.column for _, field in layout.fields if field.name not in COMMON}
        for name, source in file.derived.items():
            if layout.position(source) is not None:
                columns[name] = FILE[file.name].field(name).column
        columns |= {field.name: field.column for field in layout.derivable}
        if layout.metadata:
            columns[METADATA_COLUMN] = file.table.c.metadata
        stage = self.stage(file, mode, columns, usable=layout.usable)
        for _, listing in layout.fields:
            if listing.kind is Kind.LINKS:
                stage.sides[listing.name] = self.side(listing, mode)
        for table in stage.tables:
            await self.create(table)
        return stage

    def stage(self, file: File, mode: Mode, fields: Fields, *, derived: bool = False, usable: bool = True) -> Stage:
        name = file.table.name
        columns = {key: column for key, column in fields.items() if column is not None}
        definitions = [LINE, REFUSED, SOURCED, STATUS, *((column.name, column.type) for column in columns.values())]
        table = self.table(name, definitions, "sourced_id", "line")
        self.stages[name] = Stage(file=file, mode=mode, table=table, columns=columns, derived=derived, usable=usable)
        return self.stages[name]

    def side(self, listing: Field, mode: Mode) -> Side:
        if listing.link is None:
            columns = {name: FILE["roles"].field(name).column for name in ROLE_COLUMNS}
            roles = self.stage(FILE["roles"], mode, columns, derived=True)
            return Side(roles.table, roles.table.c.user_sourced_id, roles.table.c.org_sourced_id, None)
        definitions = [LINE, ("own", SOURCED_ID), ("other", SOURCED_ID)]
        table = self.table(listing.link.table.name, definitions, "own", "line")
        return Side(table, table.c.own, table.c.other, listing.link)

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
            async with self.connection.begin_nested():  # or each row would be a transaction
                await self.connection.exec_driver_sql(statement, list(rows))

    async def ready(self, stage: Stage) -> None:
        """All rows are in: make them quick to find, and let the database know how many there are."""
        for table in stage.tables:
            await self.index(table)
            if self.on_postgresql:  # which else believes that a temporary table is small
                await self.analyze(table)

    async def hide(self, name: str) -> None:
        """Remember that rows of the table were refused of which nobody knows the sourcedId."""
        await self.connection.execute(insert(self.refused).values(file=name))

    async def index(self, table: Table) -> None:
        for index in table.indexes:
            await self.connection.execute(CreateIndex(index))

    async def analyze(self, table: Table) -> None:
        """Let the planner know how many rows there are, and which; of temporary ones it need not know much."""
        if self.on_postgresql:
            detail = "10" if table in self.created else "DEFAULT"
            await self.connection.exec_driver_sql(f"SET LOCAL default_statistics_target TO {detail}")
        else:
            await self.connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
        name = self.connection.dialect.identifier_preparer.format_table(table)
        await self.connection.exec_driver_sql(f"ANALYZE {name}")
