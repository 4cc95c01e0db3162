"""Behind a real PgBouncer, which gives each transaction another connection to the server."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from quart import g
from sqlalchemy import func, make_url, select, text

from models import Category
from models.database import Database
from service.app import create_app
from service.settings import Settings
from tests.bundles.making import contents, springfield, write_zip
from tests.doors import SECRET_KEY, migrate, run_on
from tests.faults.conftest import UNSEEN, Make, Serve, ask, statuses, write_in_a_read
from tests.faults.proxy import Proxy, proxied
from tests.pgbouncer import SERVER_CONNECTIONS, NoPgBouncer, find_pgbouncer, running_pgbouncer
from tests.scripts.programs import homeroom_says

TASKS, TRANSACTIONS = 30, 15
UNANNOUNCED = "PgBouncer seems to stand before the database: set HOMEROOM_TRANSACTION_POOLING=true"
LIMITS = {
    "statement_timeout": "30s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "client_connection_check_interval": "1s",
    "jit": "off",
    "timezone": "UTC",
}
IGNORING = f"ignore_startup_parameters = default_transaction_read_only,{','.join(LIMITS)}"
SET_BY_PGBOUNCER = {"application_name", "client_encoding", "TimeZone"}  # which gives each client its own
NOTHING: list[tuple[set[str], int]] = [(set(), 0)] * SERVER_CONNECTIONS
END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def pgbouncer() -> str:
    try:
        return find_pgbouncer()
    except NoPgBouncer as reason:
        if os.environ.get("HOMEROOM_REQUIRE_PGBOUNCER"):
            raise
        pytest.skip(f"NOT TESTED BEHIND PGBOUNCER: {reason}")


@pytest.fixture
def pooled_url(pgbouncer: str, postgres_url: str) -> Iterator[str]:
    with running_pgbouncer(pgbouncer, postgres_url) as url:
        yield url


@pytest.fixture
async def proxy_and_url(pooled_url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """The network between us and PgBouncer, so that `make` and `serve` go through both."""
    async with proxied(pooled_url) as found:
        yield found


@pytest.fixture
def make(proxy_and_url: tuple[Proxy, str]) -> Make:
    settings = Settings(
        database_url=proxy_and_url[1], secret_key=SECRET_KEY, transaction_pooling=True, revocation_seconds=UNSEEN
    )
    return lambda **changes: create_app(replace(settings, **changes))


async def test_a_read_is_four_round_trips(serve: Serve, proxy: Proxy) -> None:
    async with serve() as app:
        await ask(app)
        before = proxy.flights
        await ask(app)

        assert proxy.flights - before == 4  # BEGIN with the limits, the statement, its values, ROLLBACK


async def test_a_write_is_four_round_trips(serve: Serve, proxy: Proxy) -> None:
    async with serve() as app:
        await add_category(app.extensions["database"], "first")
        before = proxy.flights
        await add_category(app.extensions["database"], "second")

        assert proxy.flights - before == 4  # BEGIN with the limits, the statement, its values, COMMIT


async def add_category(database: Database, sourced_id: str) -> None:
    async with database.transaction() as session:
        session.add(Category(sourced_id=sourced_id, title="Homework"))


async def test_a_crowd_with_ever_new_statements_loses_nothing(pooled_url: str) -> None:
    patient = Settings(
        database_url=pooled_url, transaction_pooling=True, pool_size=TASKS, pool_wait_seconds=60.0, statement_seconds=0
    )
    async with Database(patient) as database:
        await asyncio.gather(*(read_and_write(database, number) for number in range(TASKS)))

        async with database.read_session() as session:
            assert await session.scalar(select(func.count()).select_from(Category)) == TASKS * TRANSACTIONS


async def read_and_write(database: Database, task: int) -> None:
    for number in range(TRANSACTIONS):
        await add_category(database, f"c{task}-{number}")
        async with database.read_session() as session:
            mine = select(func.count().label(f"seen_{task}_{number}")).where(
                Category.sourced_id.startswith(f"c{task}-")
            )
            assert await session.scalar(mine) == number + 1


async def test_the_limits_hold_in_each_transaction(serve: Serve) -> None:
    async with serve() as app:
        for session in (app.extensions["database"].read_session(), app.extensions["database"].write_session()):
            async with session:
                for _ in range(2):
                    assert {name: await session.scalar(text(f"SHOW {name}")) for name in LIMITS} == LIMITS
                    await session.rollback()


async def test_a_slow_statement_is_ended(serve: Serve) -> None:
    async with serve(statement_seconds=0.2) as app:
        app.add_url_rule("/slow", "slow", sleep_long)
        answer = await ask(app, "/slow")

        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert await statuses(app, 5) == [200] * 5


async def sleep_long() -> str:
    await g.session.execute(text("SELECT pg_sleep(60)"))
    return "slept"


async def test_a_read_session_cannot_write(serve: Serve) -> None:
    async with serve() as app:
        app.add_url_rule("/write", "write", write_in_a_read)
        assert (await ask(app, "/write")).status_code == 500

        async with app.extensions["database"].read_session() as session:
            assert await session.scalar(select(func.count()).select_from(Category)) == 0


async def test_the_next_client_of_a_server_connection_finds_nothing_of_ours(serve: Serve, pooled_url: str) -> None:
    async with serve() as app:
        assert await statuses(app, 20) == [200] * 20
        await asyncio.gather(*(add_category(app.extensions["database"], f"c{number}") for number in range(10)))

        assert await found_by_strangers(pooled_url) == NOTHING


async def found_by_strangers(url: str) -> list[tuple[set[str], int]]:
    """Of every connection to the server: which settings somebody made there, and how many prepared statements."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    found = []
    async with AsyncExitStack() as stack:
        for _ in range(SERVER_CONNECTIONS):
            stranger = await asyncpg.connect(address, statement_cache_size=0)
            stack.push_async_callback(stranger.close)
            await stack.enter_async_context(stranger.transaction())  # so the next one gets another
            rows: Any = await stranger.fetch("SELECT name FROM pg_settings WHERE source = 'session'")
            prepared = await stranger.fetchval("SELECT count(*) FROM pg_prepared_statements")
            found.append(({row["name"] for row in rows} - SET_BY_PGBOUNCER, prepared))
    return found


async def test_connections_that_the_server_ended_cost_no_request(serve: Serve, postgres_url: str) -> None:
    async with serve() as app:
        assert set(await statuses(app, 5)) == {200}
        await run_on(postgres_url, END_OTHERS)

        assert await statuses(app, 20) == [200] * 20


async def test_connections_that_the_network_cut_cost_no_request(serve: Serve, proxy: Proxy) -> None:
    async with serve() as app:
        assert set(await statuses(app, 5)) == {200}
        proxy.cut()

        assert await statuses(app, 20) == [200] * 20


async def test_a_read_that_lost_its_transaction_is_asked_again_in_a_new_one(
    serve: Serve, proxy: Proxy, postgres_url: str
) -> None:
    """What it asked before stays true as far as it ever was: without a snapshot, each statement sees its own state."""
    async with serve() as app, app.extensions["database"].read_session() as session:
        assert await session.scalar(text("SELECT 1")) == 1
        proxy.cut()
        assert await session.scalar(text("SELECT 2")) == 2
        await run_on(postgres_url, END_OTHERS)
        assert await session.scalar(text("SELECT 3")) == 3

        assert await session.scalar(text("SHOW transaction_read_only")) == "on"
        assert await session.scalar(text("SHOW statement_timeout")) == "30s"


async def test_an_idle_connection_is_asked_whether_it_lives(serve: Serve, proxy: Proxy) -> None:
    async with serve(ping_idle_seconds=0.0, statement_seconds=2.0, connect_seconds=2.0) as app:
        assert set(await statuses(app, 2)) == {200}
        for writer in list(proxy.connections):
            proxy.forget(writer)

        assert await statuses(app, 2) == [200] * 2


async def test_a_roster_comes_in_and_goes_out(pooled_url: str, postgres_url: str, tmp_path: Path) -> None:
    await migrate(postgres_url, "base", down=True)
    bundle, copy = write_zip(tmp_path / "roster.zip", contents(springfield())), tmp_path / "copy.zip"
    for arguments in (["migrate"], ["import", bundle], ["import", bundle], ["export", copy], ["import", copy]):
        said = await homeroom_says(pooled_url, *map(str, arguments), HOMEROOM_TRANSACTION_POOLING="true")

        assert said.exit_code == 0, said.output
    assert await found_by_strangers(pooled_url) == NOTHING


@pytest.fixture(params=["", IGNORING], ids=["refuses", "ignores"])
def unannounced_url(request: pytest.FixtureRequest, pgbouncer: str, postgres_url: str) -> Iterator[str]:
    """Through a PgBouncer that refuses our settings, as it does by default, or drops them."""
    with running_pgbouncer(pgbouncer, postgres_url, request.param) as url:
        yield url


@pytest.mark.parametrize("command", ["serve", "migrate", "client list"])
async def test_a_command_says_which_setting_is_missing(unannounced_url: str, command: str) -> None:
    result = await homeroom_says(unannounced_url, *command.split())

    assert (result.exit_code, result.stderr) == (2, f"Error: {UNANNOUNCED}\n")


async def test_the_service_says_which_setting_is_missing(
    unannounced_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(Settings(database_url=unannounced_url, secret_key=SECRET_KEY))
    async with app.test_app():
        ready = await ask(app, "/readyz")
        assert (ready.status_code, await ready.get_data()) == (503, b"the settings do not fit the database\n")
        assert UNANNOUNCED in caplog.text

        caplog.clear()
        assert (await ask(app)).status_code == 500
        assert UNANNOUNCED in caplog.text
