"""What the service does when PostgreSQL, or the network to it, fails."""

import asyncio

from sqlalchemy import select, text

from models import Category
from service.access import SCOPES, new_client
from tests.doors import END_ALL, run_on
from tests.faults.conftest import ORGS, Serve, ask, statuses, write_in_a_read
from tests.faults.proxy import Proxy


async def test_a_read_is_one_round_trip(serve: Serve, proxy: Proxy) -> None:
    async with serve() as app:
        await ask(app)
        await ask(app)
        before = proxy.flights
        await ask(app)

        assert proxy.flights - before == 1


async def test_a_write_is_three_round_trips(serve: Serve, proxy: Proxy) -> None:
    async with serve() as app:
        used = []
        for number in range(3):
            before = proxy.flights
            async with app.extensions["database"].transaction() as session:
                session.add(Category(sourced_id=f"c{number}", title="Homework"))
            used.append(proxy.flights - before)

        assert used[-1] == 3  # BEGIN, INSERT, COMMIT


async def test_what_asks_nothing_takes_no_connection(serve: Serve, proxy: Proxy) -> None:
    async with serve() as app:
        client, before = app.test_client(), proxy.flights
        assert (await client.get(ORGS)).status_code == 401
        assert (await client.get("/no/such/page")).status_code == 404
        assert (await ask(app, f"{ORGS}?limit=0")).status_code == 400

        assert proxy.flights == before


async def test_connections_that_the_server_ended_cost_no_request(serve: Serve, postgres_url: str) -> None:
    async with serve() as app:
        assert set(await statuses(app, 5)) == {200}
        await run_on(postgres_url, END_ALL)

        assert await statuses(app, 20) == [200] * 20


async def test_connections_that_the_network_cut_cost_no_request(serve: Serve, proxy: Proxy) -> None:
    async with serve() as app:
        assert set(await statuses(app, 5)) == {200}
        proxy.cut()

        assert await statuses(app, 20) == [200] * 20


async def test_a_changed_table_costs_no_read(serve: Serve, postgres_url: str) -> None:
    async with serve() as app:
        client, secret = new_client("a test", list(SCOPES))
        async with app.extensions["database"].transaction() as session:
            session.add(client)
        credentials = {"client_id": client.client_id, "client_secret": secret, "grant_type": "client_credentials"}
        before = await app.test_client().post("/oauth2/token", form=credentials)
        await run_on(postgres_url, "ALTER TABLE api_clients ALTER secret_sha256 TYPE varchar")
        after = await app.test_client().post("/oauth2/token", form=credentials)

        assert (before.status_code, after.status_code) == (200, 200)


async def test_while_the_database_is_away_every_answer_is_503(serve: Serve, proxy: Proxy) -> None:
    async with serve() as app:
        await proxy.refuse()
        proxy.cut()
        answer = await ask(app)

        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        payload = await answer.get_json()
        assert payload["imsx_CodeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"] == "server_busy"
        await proxy.listen()
        assert await statuses(app, 20) == [200] * 20


async def test_a_silent_network_ends_a_request_in_time(serve: Serve, proxy: Proxy) -> None:
    async with serve(statement_seconds=2.0, connect_seconds=2.0) as app:
        assert set(await statuses(app, 3)) == {200}
        proxy.silent = True
        async with asyncio.timeout(60):  # without a limit of ours it would be never
            answers = await statuses(app, 3)
        proxy.silent = False

        assert answers == [503] * 3
        assert await statuses(app, 20) == [200] * 20


async def test_an_idle_connection_that_died_silently_is_found_out(serve: Serve, proxy: Proxy) -> None:
    async with serve(ping_idle_seconds=0.0, statement_seconds=2.0, connect_seconds=2.0) as app:
        assert set(await statuses(app, 2)) == {200}
        for writer in list(proxy.connections):
            proxy.forget(writer)

        assert await statuses(app, 2) == [200] * 2


async def test_a_full_pool_refuses_soon_and_recovers(serve: Serve) -> None:
    async with serve(pool_size=1, pool_overflow=0, pool_wait_seconds=0.2) as app:
        async with app.extensions["database"].read_session() as holder:
            await holder.execute(select(text("1")))
            refused = await ask(app)

        assert refused.status_code == 503
        assert await statuses(app, 5) == [200] * 5


async def test_only_so_many_may_wait_for_a_connection(serve: Serve) -> None:
    async with serve(pool_size=1, pool_overflow=0, pool_wait_seconds=60.0, pool_waiting_max=2) as app:
        async with app.extensions["database"].read_session() as holder:
            await holder.execute(select(text("1")))
            waiting = [asyncio.create_task(ask(app)) for _ in range(2)]
            await asyncio.sleep(0.2)
            refused = await ask(app)  # at once, not after a minute

        assert refused.status_code == 503
        assert [(await task).status_code for task in waiting] == [200, 200]


async def test_a_read_session_cannot_write(serve: Serve) -> None:
    async with serve() as app:
        app.add_url_rule("/write", "write", write_in_a_read)
        assert (await ask(app, "/write")).status_code == 500
