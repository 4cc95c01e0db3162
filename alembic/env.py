"""Alembic over `models.database`: the same engine, the same settings, on both databases.

`homeroom migrate` calls it; `alembic revision --autogenerate -m "…"` writes the next migration.
"""

import asyncio

from alembic import context
from sqlalchemy import Connection

from models import Base
from models.database import Database
from service.settings import Settings


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite changes a table by copying it
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate_database() -> None:
    async with Database(Settings.from_environment()) as database, database.writer.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()


if shared := context.config.attributes.get("connection"):
    migrate(shared)  # a caller that has a connection, such as a test, lends it
else:
    asyncio.run(migrate_database())
