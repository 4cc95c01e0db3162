"""What a load balancer is told."""

from quart import Quart
from sqlalchemy import select

from models.database import Database
from tests.api.calls import Caller
from tests.doors import migrate


async def said(app: Quart, path: str) -> tuple[int, str]:
    answer = await app.test_client().get(path)
    return answer.status_code, (await answer.get_data(as_text=True)).strip()


async def test_a_process_is_alive_without_a_database(offline: Caller, statements: list[str]) -> None:
    assert await said(offline.app, "/healthz") == (200, "alive")
    assert statements == []


async def test_with_its_database_it_is_ready(app: Quart) -> None:
    assert await said(app, "/readyz") == (200, "ready")


async def test_without_its_database_it_is_not_ready(offline: Caller) -> None:
    assert await said(offline.app, "/readyz") == (503, "the database cannot be reached")


async def test_with_an_empty_database_it_is_not_ready(app: Quart, database_url: str) -> None:
    await migrate(database_url, "base", down=True)

    assert await said(app, "/readyz") == (503, "the database is not migrated")


async def test_readiness_does_not_wait_for_the_pool(app: Quart) -> None:
    database: Database = app.extensions["database"]
    settings = app.config["SETTINGS"]
    held = [database.read_session() for _ in range(settings.pool_size + settings.pool_overflow)]
    for session in held:
        await session.scalar(select(1))

    assert await said(app, "/readyz") == (200, "ready")
    for session in held:
        await session.close()


async def test_a_server_that_stops_is_not_ready(app: Quart) -> None:
    app.extensions["readiness"].stopping = True

    assert await said(app, "/readyz") == (503, "stopping")
