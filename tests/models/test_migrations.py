"""Alembic's way to the schema and the models' are one, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from models import Base
from models.database import Database
from tests.doors import migrate


def drift(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
    return list(compare_metadata(context, Base.metadata))


def constraint_names(connection: Connection) -> set[str]:
    """Those that autogenerate does not compare."""
    looker = inspect(connection)
    tables = looker.get_table_names()
    return {str(check["name"]) for table in tables for check in looker.get_check_constraints(table)}


async def test_the_migrations_give_the_models(database: Database) -> None:
    async with database.writer.connect() as connection:
        assert await connection.run_sync(drift) == []
        checks = await connection.run_sync(constraint_names)

    assert checks == {
        str(constraint.name)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if constraint.__visit_name__ in ("check_constraint", "table_or_column_check_constraint")
    }


async def test_a_downgrade_leaves_nothing_and_an_upgrade_brings_it_back(database_url: str, database: Database) -> None:
    await migrate(database_url, "base", down=True)
    async with database.reader.connect() as connection:
        assert await connection.run_sync(lambda c: inspect(c).get_table_names()) == ["alembic_version"]

    await migrate(database_url)
    async with database.writer.connect() as connection:
        assert await connection.run_sync(drift) == []
