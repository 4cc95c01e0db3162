from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from models.database import Database
from scripts.homeroom import homeroom
from tests.bundles.making import TakeIn

Command = Callable[..., Result]


@pytest.fixture
def take_in(database: Database, tmp_path: Path) -> TakeIn:
    return TakeIn(database, tmp_path / "bundle")


@pytest.fixture
def command(database_url: str) -> Command:
    def run(*arguments: object) -> Result:
        runner = CliRunner(env={"HOMEROOM_DATABASE_URL": database_url, "COLUMNS": "200"})
        return runner.invoke(homeroom, ["import", *map(str, arguments)])

    return run
