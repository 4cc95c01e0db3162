"""`homeroom shell`, with its lines from a pipe."""

import asyncio

import pytest
from click.testing import CliRunner, Result

from models import Org
from models.database import Database
from scripts.shell import shell
from tests.scripts.programs import surroundings

ADD_AN_ORG = "session.add(Org(sourced_id='north', name='North', type='school'))"


async def typed(url: str, *lines: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, shell, input="\n".join(lines), env=surroundings(url))


async def test_await_works_and_values_are_shown(database_url: str) -> None:
    result = await typed(database_url, ADD_AN_ORG, "await session.scalar(select(func.count(Org.sourced_id)))")

    assert result.exit_code == 0
    assert result.stdout.strip() == "1"


async def test_a_block_may_end_with_the_lines(database_url: str) -> None:
    result = await typed(database_url, "async with database.read_session() as s:", "    print(s is not session)")

    assert result.stdout.strip() == "True"


@pytest.mark.parametrize("committed", [True, False])
async def test_only_a_commit_stores(database_url: str, database: Database, committed: bool) -> None:
    await typed(database_url, ADD_AN_ORG, "await session.commit()" if committed else "await session.flush()")

    async with database.read_session() as session:
        assert (await session.get(Org, "north") is not None) == committed


@pytest.mark.parametrize("line", ["1 / 0", "await asyncio.sleep(0)", "x = = 1", "print(("])
async def test_a_line_that_fails_is_shown_and_makes_the_exit_code_1(database_url: str, line: str) -> None:
    result = await typed(database_url, line)

    assert result.exit_code == 1
    assert "Error" in result.stderr or line == "print(("


async def test_lines_after_a_failure_run(database_url: str) -> None:
    result = await typed(database_url, "1 / 0", "print('still here')")

    assert result.stdout.strip() == "still here"


async def test_exit_ends_it(database_url: str) -> None:
    result = await typed(database_url, "exit(3)", "print('never')")

    assert result.exit_code == 3
    assert "never" not in result.stdout
