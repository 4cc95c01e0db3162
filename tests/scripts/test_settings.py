"""Settings: what docs/settings.md says, and values that are refused."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from service.settings import Settings
from tests.scripts.programs import homeroom_says

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"
TYPES = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def test_the_document_lists_every_setting_as_it_is() -> None:
    rows = re.findall(r"^\| `(HOMEROOM_\w+)` \| ([\w ]+) \| (?:`(.*?)`)? *\|", DOCUMENT.read_text(), re.MULTILINE)

    assert sorted(rows) == sorted(
        (f"HOMEROOM_{each.name.upper()}", TYPES[type(each.default)], as_set(each.default)) for each in fields(Settings)
    )


def as_set(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("HOMEROOM_POOL_SIZE", "many", "HOMEROOM_POOL_SIZE must be a whole number, 0 or more"),
        ("HOMEROOM_POOL_SIZE", "-1", "HOMEROOM_POOL_SIZE must be a whole number, 0 or more"),
        ("HOMEROOM_POOL_SIZE", "2.5", "HOMEROOM_POOL_SIZE must be a whole number, 0 or more"),
        ("HOMEROOM_LOCK_SECONDS", "nan", "HOMEROOM_LOCK_SECONDS must be a number, 0 or more"),
        ("HOMEROOM_LOCK_SECONDS", "inf", "HOMEROOM_LOCK_SECONDS must be a number, 0 or more"),
        ("HOMEROOM_TRANSACTION_POOLING", "maybe", "HOMEROOM_TRANSACTION_POOLING must be true or false"),
        ("HOMEROOM_DATABASE_URL", "homeroom.db", "HOMEROOM_DATABASE_URL: Could not parse"),
        ("HOMEROOM_DATABASE_URL", "sqlite+aiosqlite://", "an SQLite database needs a file"),
        ("HOMEROOM_DATABASE_URL", "mysql://root:secret@host/db", "postgresql+asyncpg://, not mysql://"),
    ],
)
async def test_a_value_that_will_not_do_is_one_line(name: str, value: str, says: str) -> None:
    result = await homeroom_says("sqlite+aiosqlite:///unused.db", "client", "list", **{name: value})

    assert result.exit_code == 2
    assert says in result.stderr
    assert "secret" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [("true", "false"), ("1", "0"), ("yes", "no"), ("On", "OFF")])
def test_yes_and_no_have_many_words(words: tuple[str, str]) -> None:
    read = [Settings.from_environment({"HOMEROOM_TRANSACTION_POOLING": word}).transaction_pooling for word in words]

    assert read == [True, False]


async def test_sqlite_has_no_pooler() -> None:
    result = await homeroom_says("sqlite+aiosqlite:///unused.db", "client", "list", HOMEROOM_TRANSACTION_POOLING="1")

    assert result.exit_code == 2
    assert (
        result.stderr
        == "Error: HOMEROOM_DATABASE_URL: SQLite has no pooler, so HOMEROOM_TRANSACTION_POOLING must not be set\n"
    )


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(ValueError, match=r"HOMEROOM_POOL_SIZE .*; HOMEROOM_PAGE_LIMIT "):
        Settings.from_environment({"HOMEROOM_POOL_SIZE": "x", "HOMEROOM_PAGE_LIMIT": "y"})


def test_a_setting_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from the file\n")
    named = {"HOMEROOM_SECRET_KEY_FILE": str(tmp_path / "key")}

    assert Settings.from_environment(named).secret_key == "from the file"
    assert Settings.from_environment({**named, "HOMEROOM_SECRET_KEY": "itself"}).secret_key == "itself"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"HOMEROOM_SECRET_KEY must be in a file .*_FILE says {tmp_path}/nothing"):
        Settings.from_environment({"HOMEROOM_SECRET_KEY_FILE": str(tmp_path / "nothing")})
