"""What operators see of a request: its id, its cost, a line in the log, numbers for Prometheus."""

import logging
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from quart import Quart, websocket
from quart.testing import QuartClient
from quart.typing import TestClientProtocol as Client

from service.app import create_app
from service.settings import Settings
from tests.metrics import read_metrics

ORGS = "/ims/oneroster/rostering/v1p2/orgs"
USERS = "/ims/oneroster/rostering/v1p2/users"


async def numbers(client: Client, **headers: str) -> dict[str, float]:
    return read_metrics(await (await client.get("/metrics", headers=headers)).get_data(as_text=True))


@pytest.fixture
async def behind_a_proxy(settings: Settings) -> AsyncIterator[Client]:
    app = create_app(replace(settings, trusted_proxies=1))
    async with app.test_app():
        yield app.test_client()


@pytest.mark.parametrize(
    ("path", "statements"), [(ORGS, 1), (f"{ORGS}?limit=0", 0), ("/no/such/page", 0), ("/healthz", 0)]
)
async def test_every_answer_says_what_it_cost(
    path: str, statements: int, client: Client, reader: dict[str, str]
) -> None:
    await client.get(ORGS, headers=reader)  # the first connection asks for more
    answer = await client.get(path, headers=reader)

    timing = answer.headers["Server-Timing"]
    assert re.fullmatch(rf'db;desc="statements: {statements}";dur=[\d.]+, wait;dur=[\d.]+, app;dur=[\d.]+', timing)


async def test_every_request_has_an_id_of_its_own(client: Client) -> None:
    ids = {(await client.get("/healthz")).headers["X-Request-ID"] for _ in range(3)}

    assert len(ids) == 3


@pytest.mark.parametrize(("given", "believed"), [("edge-1:42/x", True), ("two words", False), ("x" * 101, False)])
async def test_a_trusted_proxy_may_give_the_id(
    given: str, believed: bool, behind_a_proxy: Client, client: Client
) -> None:
    answer = await behind_a_proxy.get("/healthz", headers={"X-Request-ID": given})
    elsewhere = await client.get("/healthz", headers={"X-Request-ID": given})

    assert (answer.headers["X-Request-ID"] == given) is believed
    assert elsewhere.headers["X-Request-ID"] != given


async def test_a_slow_statement_is_logged_with_its_endpoint(
    settings: Settings, reader: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(replace(settings, slow_seconds=0.0))  # every one is
    async with app.test_app():
        await app.test_client().get(USERS, headers=reader)

    slow = [record.getMessage() for record in caplog.records if record.name == "models.tally"]
    assert re.match(r"api.getAllUsers: a statement took \d+ ms: SELECT", slow[-1])


async def test_a_websocket_is_a_line_in_the_log_too(
    app: Quart, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    app.add_websocket("/echo", "echo", echo)
    with caplog.at_level(logging.INFO):
        async with client.websocket("/echo") as socket:
            await socket.send("hello")
            assert await socket.receive() == "hello"

    assert caplog.messages[-1] == "WEBSOCKET echo 101"


async def echo() -> None:
    await websocket.send(await websocket.receive())


async def test_made_up_methods_do_not_fill_the_memory(app: Quart, client: Client) -> None:
    for number in range(3):
        await QuartClient(app).open("/no/such/page", method=f"METHOD{number}")

    assert (await numbers(client))["homeroom_requests_total{endpoint=none,method=other,status=404}"] == 3


async def test_prometheus_learns_of_requests_and_what_they_cost(client: Client, reader: dict[str, str]) -> None:
    for path in (ORGS, ORGS, f"{ORGS}?limit=0", "/no/such/page"):
        await client.get(path, headers=reader)
    seen = await numbers(client)

    assert seen["homeroom_requests_total{endpoint=api.getAllOrgs,method=GET,status=200}"] == 2
    assert seen["homeroom_requests_total{endpoint=api.getAllOrgs,method=GET,status=400}"] == 1
    assert seen["homeroom_requests_total{endpoint=none,method=GET,status=404}"] == 1
    assert seen["homeroom_request_seconds_count{endpoint=api.getAllOrgs}"] == 3
    assert seen["homeroom_request_statements_sum{endpoint=api.getAllOrgs}"] >= 2
    assert seen["homeroom_request_database_seconds_sum{endpoint=api.getAllOrgs}"] > 0
    assert seen["homeroom_pool_wait_seconds_count{}"] == 2
    assert seen["homeroom_requests_running{}"] == 1  # this one


async def test_prometheus_learns_of_the_pools(client: Client, reader: dict[str, str]) -> None:
    await client.get(ORGS, headers=reader)
    seen = await numbers(client)

    states = {state: seen[f"homeroom_pool_connections{{pool=reader,state={state}}}"] for state in ("in_use", "idle")}
    assert states == {"in_use": 0, "idle": 1}
    assert seen["homeroom_pool_connections{pool=writer,state=most}"] == 10


async def test_prometheus_learns_of_requests_that_were_shed(settings: Settings, reader: dict[str, str]) -> None:
    app = create_app(replace(settings, pool_size=1, pool_overflow=0, pool_wait_seconds=0.01))
    async with app.test_app(), app.extensions["database"].reader.connect():
        refused = await app.test_client().get(ORGS, headers=reader)
        seen = await numbers(app.test_client())

    assert refused.status_code == 503
    assert seen["homeroom_database_failures_total{failure=exhausted}"] == 1


async def test_metrics_may_ask_for_a_token(settings: Settings) -> None:
    app: Quart = create_app(replace(settings, metrics_token="a token for Prometheus"))
    async with app.test_app():
        client = app.test_client()

        assert (await client.get("/metrics")).status_code == 401
        assert (await client.get("/metrics", headers={"Authorization": "Bearer no"})).status_code == 401
        assert "homeroom_requests_running{}" in await numbers(client, Authorization="Bearer a token for Prometheus")
