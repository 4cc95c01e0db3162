"""Writes at random, against the model of what they mean: answers, lists and the history are as it says."""

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from models.base import Base
from models.database import Database
from tests.writes.drawing import AT_FIRST
from tests.writes.program import Program
from tests.writes.replay import Replay, left_behind
from tests.writes.writer import RULES, Writer

# Not shrunk: that takes minutes, and what went before a failure is printed with it.
SCHOOLS = settings(max_examples=12, deadline=None, phases=(Phase.reuse, Phase.generate))
WRITES = 20  # in each school
STAYING = ("api_clients", "feeds")


async def empty(database: Database) -> None:
    async with database.transaction() as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in STAYING:
                await session.execute(delete(table))


@SCHOOLS
@given(drawn=st.data())
async def test_writes_do_what_the_model_says(drawn: st.DataObject, shared: Program) -> None:
    database: Database = shared.app.extensions["database"]
    await empty(database)
    writer = Writer(shared, database, drawn.draw)
    await writer.begin(AT_FIRST)
    for _ in range(WRITES):
        await drawn.draw(st.sampled_from(RULES))(writer)

    await writer.expect_lists()
    assert await left_behind(database) == []
    from_the_beginning = Replay(database)
    await from_the_beginning.follow()
    assert from_the_beginning.images == writer.replay.images
