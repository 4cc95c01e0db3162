from pathlib import Path

import pytest

from models.database import Database
from tests.bundles.making import TakeIn


@pytest.fixture
def take_in(database: Database, tmp_path: Path) -> TakeIn:
    return TakeIn(database, tmp_path / "bundle")
