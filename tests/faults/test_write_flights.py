"""How often a write goes to PostgreSQL and back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from quart import Quart

from models import ApiClient
from service.access import SCOPES
from tests.doors import CLIENT_ID, bearer
from tests.faults.conftest import Serve
from tests.faults.proxy import Proxy

CATEGORIES = "/ims/oneroster/gradebook/v1p2/categories"
BODY = {"category": {"title": "Homework", "weight": 40}}


@asynccontextmanager
async def written(serve: Serve) -> AsyncIterator[Quart]:
    """The application, with a client that may write; its writer's connection knows the statements already."""
    async with serve() as app:
        async with app.extensions["database"].transaction() as session:
            session.add(ApiClient(client_id=CLIENT_ID, name="", secret_sha256="", scopes=list(SCOPES)))
        for _ in range(2):
            assert await put(app, "warm") == 201
        yield app


async def put(app: Quart, sourced_id: str, **headers: str) -> int:
    path, sent = f"{CATEGORIES}/{sourced_id}", {**bearer(*SCOPES), **headers}
    return (await app.test_client().put(path, json=BODY, headers=sent)).status_code


@pytest.mark.parametrize(("sourced_id", "flights"), [("warm", 4), ("another", 5)])
async def test_a_flat_put_is_four_round_trips_and_a_new_one_five(
    sourced_id: str, flights: int, serve: Serve, proxy: Proxy
) -> None:
    async with written(serve) as app:
        before = proxy.flights
        assert await put(app, sourced_id) == 201

        # BEGIN with its lock, what there is, the row with its entry, of a new one its JSON, COMMIT
        assert proxy.flights - before == flights


async def test_a_refused_put_is_three_round_trips(serve: Serve, proxy: Proxy) -> None:
    async with written(serve) as app:
        await put(app, "warm", **{"If-None-Match": "*"})
        before = proxy.flights
        assert await put(app, "warm", **{"If-None-Match": "*"}) == 412

        assert proxy.flights - before == 3  # BEGIN with its lock, what there is, ROLLBACK
