"""`homeroom export`, as an administrator calls it."""

import os
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import Result

from models.database import Database
from tests.samples import a_district
from tests.scripts.programs import homeroom_says

Export = Callable[..., Awaitable[Result]]


@pytest.fixture
def export(database_url: str) -> Export:
    async def run(*arguments: object) -> Result:
        return await homeroom_says(database_url, "export", *map(str, arguments))

    return run


@pytest.mark.parametrize("name", ["roster.zip", "roster.ZIP", "roster"])
async def test_a_bundle_is_written_and_can_be_imported(
    export: Export, database: Database, database_url: str, tmp_path: Path, name: str
) -> None:
    async with database.transaction() as session:
        await a_district(session)

    result = await export(tmp_path / name)

    assert result.exit_code == 0
    assert result.output.splitlines()[-1].startswith(f"wrote {tmp_path / name}: ")
    again = await homeroom_says(database_url, "import", str(tmp_path / name))
    assert again.exit_code == 0


async def test_it_says_what_is_not_in_the_bundle(export: Export, database: Database, tmp_path: Path) -> None:
    async with database.transaction() as session:
        await a_district(session)

    said = (await export(tmp_path / "roster.zip")).output.splitlines()

    assert "  left out: 1 tobedeleted" in next(line for line in said if line.startswith("orgs "))
    assert "assessment_line_items: 2 rows are not exported, the standard has no CSV file for them" in said


async def test_nothing_to_say_of_an_empty_database(export: Export, tmp_path: Path) -> None:
    said = (await export(tmp_path / "roster.zip")).output.splitlines()

    assert len(said) == 22
    assert said[-1] == f"wrote {tmp_path / 'roster.zip'}: 0 rows, 0 left out"


@pytest.mark.parametrize("name", ["roster.zip", "roster"])
async def test_only_the_owner_may_read_a_bundle(export: Export, tmp_path: Path, name: str) -> None:
    await export(tmp_path / name)

    assert stat.S_IMODE((tmp_path / name).stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize("name", ["there.zip", "there"])
async def test_what_is_there_is_replaced_only_by_force(export: Export, tmp_path: Path, name: str) -> None:
    await export(tmp_path / name)

    refused, forced = await export(tmp_path / name), await export(tmp_path / name, "--force")

    assert (refused.exit_code, forced.exit_code) == (2, 0)
    assert "is there already: name another PATH, or replace it with --force" in refused.output


async def test_an_empty_folder_is_filled(export: Export, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert (await export(tmp_path / "empty")).exit_code == 0
    assert len(list((tmp_path / "empty").iterdir())) == 22


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("no/where/roster.zip", "there is no folder"),
        ("folder.zip", "is a folder"),
        ("file", "is a file"),
        ("file/roster.zip", "there is no folder"),
    ],
)
async def test_a_wrong_path_is_a_wrong_usage(export: Export, tmp_path: Path, path: str, words: str) -> None:
    (tmp_path / "folder.zip").mkdir()
    (tmp_path / "file").write_text("mine")

    result = await export(tmp_path / path, "--force")

    assert result.exit_code == 2
    assert words in result.output
    assert (tmp_path / "file").read_text() == "mine"


async def test_what_cannot_be_written_is_told_in_a_line(export: Export, tmp_path: Path) -> None:
    name = "x" * 251 + ".zip"  # room for itself, but not for the name that it has before

    result = await export(tmp_path / name)

    assert result.exit_code == 1
    assert result.output.startswith("Error: cannot write ")
    assert not [left for left in os.listdir(tmp_path) if ".zip" in left]


@pytest.mark.parametrize(
    "url", ["sqlite+aiosqlite:////no/such/file.db", "postgresql+asyncpg://nobody:x@127.0.0.1:1/none"]
)
async def test_a_database_out_of_reach_is_told_in_a_line(tmp_path: Path, url: str) -> None:
    result = await homeroom_says(url, "export", str(tmp_path / "roster.zip"))

    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1
    assert not (tmp_path / "roster.zip").exists()
