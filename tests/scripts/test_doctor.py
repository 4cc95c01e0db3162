"""`homeroom doctor`: each thing that can be wrong is said in a sentence, with what to do; nothing else is."""

import json
import os
import sqlite3
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import make_url

from tests.doors import migrate, run_on
from tests.scripts.programs import homeroom_says

GOOD_KEY = "Zx81-qLk4_vT9wBn2RfJ7yHc5mGd3sPa6"
LEVELS = ("wrong", "warning", "not checked")


async def examined(url: str, *arguments: str, **settings: str) -> tuple[Result, dict[str, dict[str, str]]]:
    """What it finds, by the check that found it."""
    said = await homeroom_says(url, "doctor", "--json", *arguments, **{"HOMEROOM_SECRET_KEY": GOOD_KEY, **settings})
    found = json.loads(said.stdout)["findings"]
    assert {each["level"] for each in found} <= set(LEVELS)
    assert said.exit_code == int(any(each["level"] == "wrong" for each in found))
    return said, {each["check"]: each for each in found}


def private(url: str) -> None:
    """As `homeroom migrate` makes it; a test's copy has the mode of the template."""
    if file := sqlite_file(url):
        file.chmod(0o600)


def sqlite_file(url: str) -> Path | None:
    parsed = make_url(url)
    return Path(str(parsed.database)) if parsed.drivername.startswith("sqlite") else None


async def test_it_finds_nothing_wrong_where_nothing_is(database_url: str) -> None:
    private(database_url)

    said = await homeroom_says(database_url, "doctor", HOMEROOM_SECRET_KEY=GOOD_KEY)

    assert said.exit_code == 0, said.output
    assert said.stdout.splitlines()[-1].startswith("0 wrong")
    assert "not checked " not in said.stdout


@pytest.mark.parametrize(
    ("expected", "settings", "arguments"),
    [
        (("secret key", "wrong", "is not set"), {"HOMEROOM_SECRET_KEY": ""}, ()),
        (("secret key", "wrong", "has 5 characters"), {"HOMEROOM_SECRET_KEY": "short"}, ()),
        (("secret key", "wrong", "looks like that of a sample"), {"HOMEROOM_SECRET_KEY": "change-me" * 5}, ()),
        (("secret key", "wrong", "looks like that of a sample"), {"HOMEROOM_SECRET_KEY": "x" * 40}, ()),
        (("variables", "wrong", "HOMEROOM_POOL_SIZ is set"), {"HOMEROOM_POOL_SIZ": "3"}, ()),
        (("variables", "wrong", "HOMEROOM_LOG_LEVEL has"), {"HOMEROOM_LOG_LEVEL": "LOUD"}, ()),
        (("settings", "wrong", "HOMEROOM_POOL_SIZE must be"), {"HOMEROOM_POOL_SIZE": "x"}, ()),
        (("encryption", "warning", "0.0.0.0 is open"), {}, ("--bind", "0.0.0.0:8000")),
        (("encryption", "warning", "HOMEROOM_PUBLIC_URL"), {"HOMEROOM_PUBLIC_URL": "http://sis.example.org"}, ()),
        (("metrics", "warning", "/metrics answers"), {"HOMEROOM_TRUSTED_PROXIES": "1"}, ()),
    ],
)
async def test_what_settings_tell(
    expected: tuple[str, str, str], settings: dict[str, str], arguments: tuple[str, ...], sqlite_template: Path
) -> None:
    check, level, says = expected
    said, found = await examined(f"sqlite+aiosqlite:///{sqlite_template}", *arguments, **settings)

    assert found[check]["level"] == level
    assert says in found[check]["says"]
    assert found[check]["do"]
    assert not any(value in said.output for name, value in settings.items() if value and name.endswith("KEY"))


async def test_a_typing_error_is_told_the_nearest_name(sqlite_template: Path) -> None:
    _, found = await examined(f"sqlite+aiosqlite:///{sqlite_template}", HOMEROOM_PULIC_URL="https://x.example.org")

    assert "HOMEROOM_PUBLIC_URL" in found["variables"]["do"]


async def test_a_setting_in_a_file_is_known(sqlite_template: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of the collector")
    url = f"sqlite+aiosqlite:///{sqlite_template}"
    _, fine = await examined(url, HOMEROOM_METRICS_TOKEN_FILE=str(tmp_path / "token"))
    _, found = await examined(url, HOMEROOM_METRIC_TOKEN_FILE=str(tmp_path / "token"))

    assert "variables" not in fine
    assert "HOMEROOM_METRICS_TOKEN_FILE" in found["variables"]["do"]


async def test_a_token_lets_metrics_be(sqlite_template: Path) -> None:
    given = {"HOMEROOM_TRUSTED_PROXIES": "1", "HOMEROOM_METRICS_TOKEN": "of the collector"}
    said, found = await examined(f"sqlite+aiosqlite:///{sqlite_template}", "--bind", "0.0.0.0:80", **given)

    assert "metrics" not in found
    assert "encryption" not in found
    assert "of the collector" not in said.output


async def test_a_database_without_tables(database_url: str) -> None:
    await migrate(database_url, "base", down=True)

    _, found = await examined(database_url)

    assert found["migrations"]["level"] == "wrong"
    assert "homeroom migrate" in found["migrations"]["do"]


async def test_a_database_that_is_behind_or_ahead(database_url: str) -> None:
    await migrate(database_url, "0001", down=True)
    _, behind = await examined(database_url)
    await run_on(database_url, "UPDATE alembic_version SET version_num = '9999'")
    _, ahead = await examined(database_url)

    assert (behind["migrations"]["level"], ahead["migrations"]["level"]) == ("wrong", "warning")


async def test_a_database_that_cannot_be_reached_shows_no_password() -> None:
    said, found = await examined("postgresql+asyncpg://homeroom:hunter2-xyz@127.0.0.1:1/homeroom")

    assert found["database"]["level"] == "wrong"
    assert "hunter2-xyz" not in said.output


async def test_there_is_no_database(tmp_path: Path) -> None:
    _, found = await examined(f"sqlite+aiosqlite:///{tmp_path}/none.db")

    assert "homeroom migrate" in found["database"]["do"]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_may_read_and_write_the_file(database_url: str, tmp_path: Path) -> None:
    file = sqlite_file(database_url)
    assert file
    levels = []
    for mode in (0o600, 0o640, 0o644, 0o666):
        file.chmod(mode)
        _, found = await examined(database_url)
        levels.append(found.get("permissions", {}).get("level"))

    assert levels == [None, None, "warning", "wrong"]


async def test_a_database_that_homeroom_makes_is_its_owners(tmp_path: Path) -> None:
    await homeroom_says(f"sqlite+aiosqlite:///{tmp_path}/homeroom.db", "migrate")

    assert {os.stat(tmp_path / name).st_mode & 0o777 for name in os.listdir(tmp_path)} == {0o600}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_folder_that_everybody_may_change(database_url: str, tmp_path: Path) -> None:
    private(database_url)
    os.chmod(tmp_path, 0o777)  # noqa: S103 - that is the point

    _, found = await examined(database_url)

    assert found["permissions"]["level"] == "wrong"
    assert found["permissions"]["do"] == f"chmod o-w {tmp_path}"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_a_killed_backup_left(database_url: str, tmp_path: Path) -> None:
    (tmp_path / ".backup.zip.a1b2c3d4").touch()

    _, found = await examined(database_url)

    assert ".backup.zip.a1b2c3d4" in found["leftovers"]["says"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_reference_to_nothing(database_url: str) -> None:
    file = sqlite_file(database_url)
    assert file
    with sqlite3.connect(file) as connection:  # which does not check them
        connection.execute("INSERT INTO user_agents VALUES ('nobody', 'nobody')")
    connection.close()

    _, found = await examined(database_url)

    assert found["integrity"]["says"] == "a row of user_agents refers to one of users that is not there"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_damaged_file(database_url: str) -> None:
    file = sqlite_file(database_url)
    assert file
    with sqlite3.connect(file) as connection:
        [(page,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_orgs_parent_sourced_id'")
        [(size,)] = connection.execute("PRAGMA page_size")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with file.open("r+b") as stream:
        stream.seek((page - 1) * size)
        stream.write(b"\xff" * size)

    _, found = await examined(database_url)

    assert found["integrity"]["says"].startswith("the file is damaged")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_more_workers_than_connections(database_url: str) -> None:
    _, found = await examined(database_url, "--workers", "1000")
    assert found["connections"]["says"].startswith("1000 workers may take 21,000 connections")

    _, few = await examined(database_url, "--workers", "1")
    assert "connections" not in few


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_an_index_that_was_not_finished(database_url: str) -> None:
    await run_on(
        database_url,
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_orgs_parent_sourced_id'::regclass",
    )

    _, found = await examined(database_url)

    assert "ix_orgs_parent_sourced_id" in found["indexes"]["says"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_behind_a_pooler_it_does_not_judge_what_it_cannot_see(database_url: str) -> None:
    _, found = await examined(database_url, HOMEROOM_TRANSACTION_POOLING="true")

    assert found["connections"]["level"] == "not checked"
