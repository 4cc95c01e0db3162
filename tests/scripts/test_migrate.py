"""`homeroom migrate`: from nothing to the newest tables, twice."""

import asyncio
from pathlib import Path

from sqlalchemy import inspect, text

from models.database import Database
from scripts.migrate import migrate_database
from service.running import revisions
from service.settings import Settings
from tests.doors import migrate
from tests.scripts.programs import homeroom_says


async def test_it_makes_the_tables_and_says_so(database_url: str, database: Database) -> None:
    await migrate(database_url, "base", down=True)
    result = await homeroom_says(database_url, "migrate")

    assert result.exit_code == 0
    assert result.stdout.endswith(f": migrated from nothing to revision {revisions.head()}\n")
    async with database.reader.connect() as connection:
        assert "orgs" in await connection.run_sync(lambda c: inspect(c).get_table_names())


async def test_a_second_run_has_nothing_to_do(database_url: str) -> None:
    result = await homeroom_says(database_url, "migrate")

    assert result.exit_code == 0
    assert result.stdout.endswith(f" is at revision {revisions.head()}: nothing to do\n")


async def test_two_at_once_take_turns(database_url: str, settings: Settings) -> None:
    await migrate(database_url, "base", down=True)
    done = await asyncio.gather(migrate_database(settings), migrate_database(settings))

    assert sorted(done, key=str) == [(revisions.head(), revisions.head()), (None, revisions.head())]


async def test_it_makes_the_file_of_an_sqlite_database(tmp_path: Path) -> None:
    result = await homeroom_says(f"sqlite+aiosqlite:///{tmp_path}/new.db", "migrate")

    assert result.exit_code == 0
    assert (tmp_path / "new.db").exists()


async def test_an_unknown_revision_is_wrong_usage(database_url: str) -> None:
    result = await homeroom_says(database_url, "migrate", "nonsense")

    assert result.exit_code == 2
    assert "nonsense" in result.stderr


async def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    result = await homeroom_says(f"sqlite+aiosqlite:///{tmp_path}/no/such.db", "migrate")

    assert result.exit_code == 1
    assert result.stderr.endswith("unable to open database file\n")


async def test_a_database_of_a_newer_version_still_serves_this_one(database_url: str, database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'newer'"))

    assert (await homeroom_says(database_url, "client", "list")).exit_code == 0
