"""timeback-oneroster, a client by others, against a server of ours. Below Python 3.12 its tests are skipped."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from models.database import Database
from service.access import SCOPES, new_client
from tests.serving import serving

Connect = Callable[[], AbstractAsyncContextManager[Any]]


@pytest.fixture
def connect(database: Database, database_url: str) -> Connect:
    """`async with connect() as client:`, who was granted every scope on the test's database."""
    timeback = pytest.importorskip("timeback_oneroster", reason="timeback-oneroster needs Python 3.12")

    @asynccontextmanager
    async def connected() -> AsyncIterator[Any]:
        async with database.transaction() as session:
            record, secret = new_client("timeback", list(SCOPES))
            session.add(record)
        async with serving(database_url) as address:
            client = timeback.OneRosterClient(
                base_url=address,
                auth_url=f"{address}/oauth2/token",
                client_id=record.client_id,
                client_secret=secret,
            )
            yield client
            await client.close()

    return connected
