"""The `homeroom` command and what all its commands do alike."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from scripts.homeroom import COMMANDS
from tests.doors import migrate
from tests.scripts.programs import PYTHON, homeroom_says

UNUSED = "sqlite+aiosqlite:///unused.db"


async def test_help_lists_every_command_and_says_what_it_does() -> None:
    result = await homeroom_says(UNUSED, "--help")

    listed = result.stdout.partition("Commands:\n")[2]
    assert [line.split()[0] for line in listed.splitlines() if line[2:3].strip()] == list(COMMANDS)
    assert "\n  shell          A Python prompt" in listed


@pytest.mark.parametrize("command", COMMANDS)
async def test_every_command_explains_itself(command: str) -> None:
    result = await homeroom_says(UNUSED, command, "--help")

    assert result.exit_code == 0, result.output
    assert f"homeroom {command}" in result.stdout


def test_help_imports_no_database_library() -> None:
    code = "import sys; from scripts.homeroom import homeroom; homeroom(['--help'], standalone_mode=False)"
    code += "; sys.exit('sqlalchemy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0


async def test_an_unknown_command_is_wrong_usage() -> None:
    result = await homeroom_says(UNUSED, "imprt")

    assert result.exit_code == 2
    assert "No such command 'imprt'" in result.stderr


async def test_a_database_that_cannot_be_reached_is_one_line() -> None:
    result = await homeroom_says("postgresql+asyncpg://homeroom:secret@127.0.0.1:1/homeroom", "client", "list")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: cannot use postgresql+asyncpg://homeroom:***@127.0.0.1:1/homeroom: ")
    assert len(result.stderr.splitlines()) == 1


async def test_an_option_that_the_driver_lacks_is_one_line() -> None:
    result = await homeroom_says("postgresql+asyncpg://127.0.0.1:1/homeroom?sslmode=require", "client", "list")

    assert result.exit_code == 1
    assert "'sslmode'" in result.stderr
    assert len(result.stderr.splitlines()) == 1


async def test_a_database_that_does_not_exist_is_one_line(database_url: str) -> None:
    url = make_url(database_url)
    missing = f"{url.database}_missing"
    result = await homeroom_says(url.set(database=missing).render_as_string(hide_password=False), "client", "list")

    assert result.exit_code == 1
    assert missing in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not os.path.exists(missing)  # noqa: ASYNC240 - SQLite would make it


async def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, " * 100)
    result = await homeroom_says(f"sqlite+aiosqlite:///{tmp_path}/notes.txt", "client", "list")

    assert result.exit_code == 1
    assert result.stderr.endswith("file is not a database\n")


async def test_a_database_without_tables_says_how_to_get_them(database_url: str) -> None:
    await migrate(database_url, "base", down=True)
    result = await homeroom_says(database_url, "client", "list")

    assert result.exit_code == 1
    assert result.stderr.endswith(": run `homeroom migrate`\n")


def test_it_runs_as_a_program() -> None:
    done = subprocess.run([*PYTHON, "scripts.homeroom", "--nonsense"], capture_output=True, text=True)

    assert done.returncode == 2
    assert done.stderr.startswith("Usage: homeroom ")
