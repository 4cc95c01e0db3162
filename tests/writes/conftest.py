"""A program that writes to a database of its test's own, on each of the two."""

import pytest
from quart import Quart

from models.database import Database
from tests.writes.program import Program, a_program
from tests.writes.replay import Replay


@pytest.fixture
async def program(app: Quart, database: Database) -> Program:
    async with database.transaction() as session:
        session.add(a_program())
    return Program(app)


@pytest.fixture
def replay(database: Database) -> Replay:
    return Replay(database)
