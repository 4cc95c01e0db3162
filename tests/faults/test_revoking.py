"""A client that is revoked is refused by every worker soon, whatever else happens; the bound is a setting."""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from quart import Quart
from sqlalchemy import update

from models import ApiClient
from models.database import Database
from service.access import SCOPES, secret_hash
from service.app import create_app
from service.settings import Settings
from tests.doors import CLIENT_ID
from tests.faults.conftest import ORGS, Serve, ask
from tests.faults.proxy import Proxy
from tests.load import Client
from tests.scripts.programs import RunningServer, homeroom_says, serving, until_async

SOON = "0.2"  # seconds
WARNING = "revoked clients cannot be looked up, the last list stays: DatabaseUnavailable"
CONNECTIONS = 20  # at once, so that each of the two workers gets some


class Vendor:
    """A program, and whoever runs the service for it."""

    def __init__(self, url: str, server: RunningServer) -> None:
        self.url = url
        self.server = server
        self.client_id = self.secret = ""

    async def homeroom(self, *arguments: str) -> dict[str, str]:
        result = await homeroom_says(self.url, "client", *arguments, "--json")
        assert result.exit_code == 0, result.output
        found: dict[str, str] = json.loads(result.stdout)
        return found

    async def operator_says(self, verb: str, *more: str) -> str:
        result = await homeroom_says(self.url, "client", verb, self.client_id, *more)
        assert result.exit_code == 0, result.output
        return result.stdout + result.stderr

    async def ask_for_token(self, secret: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self.server.address, timeout=30) as http:
            form = {"grant_type": "client_credentials"}
            return await http.post("/oauth2/token", auth=(self.client_id, secret), data=form)

    async def token(self) -> str:
        answer = await self.ask_for_token(self.secret)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def ask(self, token: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self.server.address, timeout=30) as http:
            return await http.get(ORGS, headers={"Authorization": f"Bearer {token}"})

    async def statuses(self, token: str) -> set[int]:
        """Those of all workers, on connections that are open at the same time."""
        headers = {"Authorization": f"Bearer {token}"}
        clients = [Client(self.server.address, headers) for _ in range(CONNECTIONS)]
        found = await asyncio.gather(*(client.get(ORGS) for client in clients))
        for client in clients:
            client.close()
        return set(found)


@pytest.fixture
async def vendor(database_url: str) -> AsyncIterator[Vendor]:
    with serving(database_url, "--workers", "2", HOMEROOM_REVOCATION_SECONDS=SOON) as server:
        found = Vendor(database_url, server)
        given = await found.homeroom("add", "A vendor", "--scope", "roster.readonly", "--scope", "gradebook.readonly")
        found.client_id, found.secret = given["client_id"], given["client_secret"]
        yield found


async def test_a_revoked_client_is_refused_by_every_worker(vendor: Vendor) -> None:
    token = await vendor.token()
    assert await vendor.statuses(token) == {200}
    said = await vendor.operator_says("revoke")

    await until_async(lambda: vendor.statuses(token), {401})
    refused = await vendor.ask(token)
    assert refused.json()["imsx_codeMajor"] == "failure"
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="homeroom", error="invalid_token"'
    assert (await vendor.ask_for_token(vendor.secret)).status_code == 401
    assert "those that it holds end within" in said


async def test_a_client_that_is_let_in_again_gets_tokens_that_are_good_at_once(vendor: Vendor) -> None:
    old = await vendor.token()
    await vendor.operator_says("revoke")
    await until_async(lambda: vendor.statuses(old), {401})
    await vendor.operator_says("enable")

    assert await vendor.statuses(await vendor.token()) == {200}
    assert await vendor.statuses(old) == {401}


async def test_a_secret_that_is_rotated_now_ends_its_tokens(vendor: Vendor) -> None:
    old, old_secret = await vendor.token(), vendor.secret
    vendor.secret = (await vendor.homeroom("rotate", vendor.client_id, "--now"))["client_secret"]

    await until_async(lambda: vendor.statuses(old), {401})
    assert await vendor.statuses(await vendor.token()) == {200}
    assert (await vendor.ask_for_token(old_secret)).status_code == 401


async def test_a_scope_that_is_taken_away_ends_tokens_with_it(vendor: Vendor) -> None:
    old = await vendor.token()
    said = await vendor.operator_says("grant", "--scope", "gradebook.readonly")

    assert "it lost roster.readonly" in said
    await until_async(lambda: vendor.statuses(old), {401})
    assert await vendor.statuses(await vendor.token()) == {403}


async def test_rotation_and_more_scopes_end_no_token(vendor: Vendor, database: Database) -> None:
    token = await vendor.token()
    vendor.secret = (await vendor.homeroom("rotate", vendor.client_id))["client_secret"]
    await vendor.operator_says("grant", "--scope", "all")
    another = Vendor(vendor.url, vendor.server)
    another.client_id, another.secret = (await another.homeroom("add", "Another", "--scope", "all")).values()
    theirs = await another.token()
    await another.operator_says("revoke")

    await until_async(lambda: another.statuses(theirs), {401})  # so every worker has looked since
    assert await vendor.statuses(token) == {200}


async def client_row(database: Database, **values: Any) -> None:
    """What an operator's command stores, without a command that takes its time."""
    async with database.transaction() as session:
        await session.execute(update(ApiClient).values(**values))


async def add_client(database: Database, **values: Any) -> None:
    async with database.transaction() as session:
        session.add(ApiClient(**{"client_id": CLIENT_ID, "name": "", "secret_sha256": "", "scopes": SCOPES} | values))


@pytest.fixture
async def stored(database: Database) -> Database:
    await add_client(database, secret_sha256=secret_hash("new"), old_secret_sha256=secret_hash("old"))
    return database


@pytest.mark.parametrize(("hours", "status"), [(1, 200), (-1, 401)])
async def test_the_old_secret_opens_until_its_time_is_over(
    hours: int, status: int, stored: Database, app: Quart
) -> None:
    await client_row(stored, old_secret_until=datetime.now(UTC) + timedelta(hours=hours))

    async def ask_with(secret: str) -> int:
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": secret}
        return (await app.test_client().post("/oauth2/token", form=form)).status_code

    assert [await ask_with(secret) for secret in ("new", "old", "older", "")] == [200, status, 401, 401]


@pytest.fixture
async def proxied_client(postgres_url: str) -> AsyncIterator[Database]:
    """The database without the proxy, with the client whose token `ask` sends."""
    async with Database(Settings(database_url=postgres_url)) as database:
        await add_client(database)
        yield database


async def test_while_the_database_is_away_the_last_list_stays(
    serve: Serve, proxy: Proxy, proxied_client: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve(revocation_seconds=0.1) as app:
        assert (await ask(app)).status_code == 200
        await client_row(proxied_client, revoked_at=datetime.now(UTC))
        await until_async(lambda: status_of(app), 401)
        await proxy.refuse()
        proxy.cut()
        await until_logged(caplog)

        assert await status_of(app) == 401
        await until_async(lambda: status_of(app, "/readyz"), 503)
        await client_row(proxied_client, revoked_at=None)
        await proxy.listen()
        await until_async(lambda: status_of(app), 200)
        await until_async(lambda: status_of(app, "/readyz"), 200)
    assert Counter(caplog.messages)[WARNING] == 1


async def status_of(app: Quart, path: str = ORGS) -> int:
    return (await ask(app, path)).status_code


async def until_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def logged() -> bool:
        return WARNING in caplog.messages

    await until_async(logged, True)


async def test_a_server_starts_without_its_database_and_looks_once_it_is_there(
    serve: Serve, proxy: Proxy, proxied_client: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await client_row(proxied_client, revoked_at=datetime.now(UTC))
    await proxy.refuse()
    with caplog.at_level(logging.WARNING):
        async with serve(revocation_seconds=0.1) as app:
            assert await status_of(app) == 503
            await proxy.listen()
            await until_async(lambda: status_of(app), 401)


async def test_a_silent_database_does_not_end_the_looking(
    serve: Serve, proxy: Proxy, proxied_client: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.running.revoked.ANSWER_SECONDS", 0.2)
    async with serve(revocation_seconds=0.1) as app:
        assert await status_of(app) == 200
        proxy.silent = True
        await client_row(proxied_client, revoked_at=datetime.now(UTC))
        await asyncio.sleep(0.5)
        proxy.cut()
        proxy.silent = False
        await until_async(lambda: status_of(app), 401)


async def test_a_client_that_fills_the_pool_is_refused_all_the_same(serve: Serve, proxied_client: Database) -> None:
    small = {"pool_size": 1, "pool_overflow": 0, "pool_wait_seconds": 0.1}
    async with serve(revocation_seconds=0.1, **small) as app, app.extensions["database"].reader.connect():
        assert await status_of(app) == 503
        await client_row(proxied_client, revoked_at=datetime.now(UTC))
        await until_async(lambda: status_of(app), 401)


async def test_a_look_costs_no_connection_of_the_pools(database: Database, settings: Settings) -> None:
    await add_client(database, revoked_at=datetime.now(UTC))
    app = create_app(settings)
    async with app.test_app():
        pools = app.extensions["database"].pools.values()
        assert app.extensions["gate"].void_tokens == {CLIENT_ID: 1}
        assert [(state["in_use"], state["idle"]) for state in (pool.state() for pool in pools)] == [(0, 0)] * 2
