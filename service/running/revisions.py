"""Which migrations there are, and at which one a database is."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, String, Table, func, inspect, select

CHECKOUT = Path(__file__).parents[2]
INSTALLED = Path(__file__).parents[1] / "migrations"  # where pyproject.toml puts them in a wheel
MIGRATION_LOCK = 0x686F6D65  # any number, as long as no other use of advisory locks has it
VERSION = Table("alembic_version", MetaData(), Column("version_num", String))


def is_checkout() -> bool:
    return not INSTALLED.is_dir()


def alembic_config() -> Config:
    """alembic.ini is for the developer's `alembic revision`, and stays behind."""
    scripts = CHECKOUT / "alembic" if is_checkout() else INSTALLED
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))  # a % would begin a variable
    config.set_main_option("path_separator", "os")
    return config


@cache
def migrations() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())


def head() -> str | None:
    """What this version of the code needs."""
    return migrations().get_current_head()


def current(connection: Connection) -> str | None:
    """Without Alembic, which makes a table of its own each time, and each of them stays in the engine's cache."""
    there = inspect(connection).has_table(VERSION.name)
    return connection.scalar(select(VERSION.c.version_num)) if there else None


def is_known(revision: str) -> bool:
    return revision in {each.revision for each in migrations().walk_revisions()}


def is_behind(revision: str | None) -> bool:
    """A revision that we do not know is a newer one: while new code is rolled out, old code goes on serving."""
    return revision is None or (is_known(revision) and revision != head())


def take_turn(connection: Connection) -> None:
    """Two that start at once would both make the same tables. On SQLite, beginning a transaction is enough."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))


def upgrade(connection: Connection, revision: str) -> None:
    """In the connection's transaction. Raises alembic's CommandError for an unknown revision."""
    command.upgrade(lent(connection), revision)


def move_to(connection: Connection, revision: str) -> None:
    """Up or down, as the case may be."""
    now = current(connection)
    behind = {each.revision for each in migrations().iterate_revisions(now, "base")} if now else set()
    (command.downgrade if revision in behind else command.upgrade)(lent(connection), revision)


def lent(connection: Connection) -> Config:
    config = alembic_config()
    config.attributes["connection"] = connection
    return config
