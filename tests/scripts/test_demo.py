"""`homeroom demo`: a district to look at, once."""

import json
import os
from pathlib import Path

import pytest
from sqlalchemy import func, select

from models import ApiClient, Org, User
from models.database import Database
from scripts import demo
from tests.scripts.programs import homeroom_says


@pytest.fixture(autouse=True)
def remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / ".dev" / "demo_client.json"
    monkeypatch.setattr(demo, "REMEMBERED", file)
    return file


def remembered_client(file: Path) -> dict[str, str]:
    credentials: dict[str, str] = json.loads(file.read_text())
    return credentials


async def prepared(url: str) -> str:
    """What it prints."""
    result = await homeroom_says(url, "demo", "--students", "60", "--bind", "127.0.0.1:8123")
    assert result.exit_code == 0, result.output
    return result.stdout


async def test_it_loads_a_district_and_prints_a_client(database_url: str, remembered: Path) -> None:
    printed = await prepared(database_url)

    assert "60 students in" in printed
    assert remembered_client(remembered)["client_secret"] in printed
    assert os.stat(remembered).st_mode & 0o777 == 0o600


async def test_a_second_run_changes_nothing_and_prints_the_same(database_url: str, database: Database) -> None:
    first = await prepared(database_url)
    async with database.read_session() as session:
        users = (await session.execute(select(User.sourced_id, User.date_last_modified))).all()

    assert await prepared(database_url) == first
    async with database.read_session() as session:
        assert (await session.execute(select(User.sourced_id, User.date_last_modified))).all() == users
        assert await session.scalar(select(func.count(ApiClient.client_id))) == 1


async def test_a_database_with_an_organisation_is_left_as_it_is(database_url: str, database: Database) -> None:
    async with database.transaction() as session:
        session.add(Org(sourced_id="mine", name="Mine", type="school"))
    printed = await prepared(database_url)

    assert "0 students in 0 classes" in printed


def damage_it(file: Path, damage: str) -> None:
    file.parent.mkdir()
    file.write_text(damage)


@pytest.mark.parametrize("damage", ["", "{}", "[]", '{"client_id": "gone", "client_secret": "x"}'])
async def test_a_client_that_is_not_in_the_database_is_made_anew(
    database_url: str, database: Database, remembered: Path, damage: str
) -> None:
    damage_it(remembered, damage)
    async with database.transaction() as session:
        session.add(Org(sourced_id="mine", name="Mine", type="school"))
    await prepared(database_url)

    async with database.read_session() as session:
        assert await session.get(ApiClient, remembered_client(remembered)["client_id"])


async def test_too_few_students_are_wrong_usage(database_url: str, database: Database) -> None:
    result = await homeroom_says(database_url, "demo", "--students", "0")

    assert result.exit_code == 2
    assert "--students" in result.stderr
