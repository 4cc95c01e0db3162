"""The application as it is, with routes that a fault can hit, served by our server in a process of its own.

`python -m tests.faults.served NUMBER-OF-THE-LISTENER` prints a line when it starts, and another when it closes its
engines: how many connections were still in use.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from socket import socket

from quart import Quart, Response, current_app, g, request, stream_with_context, websocket
from quart.typing import Event
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models import Category
from models.database import Database
from service.access import allow
from service.app import create_app
from service.running.serve import run_server

READY = "ready"
IN_USE = "connections in use: "
PIECE = "x" * 65_536


def make_app() -> Quart:
    app = create_app()
    add_routes(app)
    app.while_serving(say_how_it_goes)
    return app


def add_routes(app: Quart) -> None:
    for view in (in_use, slow, hold, stream, polite, flood, with_context, borrowed, broken, taken_along):
        app.add_url_rule(f"/{view.__name__}", view_func=allow()(view))
    app.add_url_rule("/pairs/<name>", view_func=allow()(add_pair), methods=["POST"])
    app.add_url_rule("/later/<name>", view_func=allow()(add_later), methods=["POST"])
    app.add_websocket("/count", view_func=count_categories)
    app.add_websocket("/hold", "hold_websocket", view_func=hold_websocket)
    app.add_websocket("/flood", "flood_websocket", view_func=flood_websocket)


async def say_how_it_goes() -> AsyncGenerator[None]:
    found = database()
    found.dispose = partial(count_and_dispose, found, found.dispose)  # type: ignore[method-assign]
    print(READY, flush=True)
    yield


async def count_and_dispose(database: Database, dispose: Callable[[], Awaitable[None]]) -> None:
    print(f"{IN_USE}{connections_in_use(database)}", flush=True)
    await dispose()


def database() -> Database:
    found: Database = current_app.extensions["database"]
    return found


def connections_in_use(database: Database) -> int:
    return sum(engine.pool.checkedout() for engine in (database.reader, database.writer))  # type: ignore[attr-defined]


async def in_use() -> str:
    return f"{connections_in_use(database())}\n"


def seconds() -> float:
    return float(request.args.get("seconds", 1000))


async def slow() -> str:
    await g.session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds()})
    return "slept"


async def hold() -> str:
    """A session in the middle of a transaction."""
    session = database().write_session()
    g.session = session
    session.add(Category(sourced_id="held", title="Held"))
    await session.flush()
    await asyncio.sleep(seconds())
    return "held"


async def stream() -> Response:
    """Endless, with a session of its own; a piece each 10 ms."""
    return Response(count_for_ever(database(), 0.01), content_type="text/plain")


async def polite() -> Response:
    """Endless too, but it looks whether the server stops."""
    return Response(count_until_stopped(database(), current_app.shutdown_event), content_type="text/plain")


async def count_until_stopped(database: Database, stopping: Event) -> AsyncGenerator[str]:
    async with database.read_session() as session:
        while not stopping.is_set():
            yield f"{await session.scalar(select(func.count()).select_from(Category))}\n"
            await asyncio.sleep(0.01)


async def flood() -> Response:
    """Endless, as fast as the client reads."""
    return Response(count_for_ever(database(), 0, PIECE), content_type="text/plain")


async def count_for_ever(database: Database, pause: float, more: str = "") -> AsyncGenerator[str]:
    async with database.read_session() as session:
        while True:
            yield f"{await session.scalar(select(func.count()).select_from(Category))}{more}\n"
            await asyncio.sleep(pause)


async def with_context() -> Response:
    return Response(stream_with_context(count_for_ever)(database(), 0.01), content_type="text/plain")


async def borrowed() -> Response:
    """A stream that uses the session of its request, which it must not."""
    return Response(count_with(g.session), content_type="text/plain")


async def count_with(session: AsyncSession) -> AsyncGenerator[str]:
    yield "begun\n"
    yield str(await session.scalar(select(func.count()).select_from(Category)))


async def broken() -> Response:
    return Response(break_in_the_middle(database()), content_type="text/plain")


async def break_in_the_middle(database: Database) -> AsyncGenerator[str]:
    async with database.read_session() as session:
        yield f"{await session.scalar(text('SELECT 1'))}\n"
        raise LookupError("in the middle of a stream")


async def taken_along() -> str:
    """A task that outlives its request, and uses the session of that."""
    current_app.add_background_task(count_after, g.session)
    return "begun"


async def count_after(session: AsyncSession) -> None:
    await asyncio.sleep(0.1)
    await session.scalar(select(func.count()).select_from(Category))


async def add_pair(name: str) -> str:
    """Two rows, of which there must never be one."""
    g.session.add_all(Category(sourced_id=f"{name}-{half}", title=half) for half in ("left", "right"))
    await g.session.commit()
    return name


async def add_later(name: str) -> str:
    current_app.add_background_task(add_category, name, seconds())
    return name


async def add_category(name: str, seconds: float) -> None:
    async with database().write_session() as session:
        session.add(Category(sourced_id=name, title="Later"))
        await session.flush()
        await asyncio.sleep(seconds)
        await session.commit()


async def count_categories() -> None:
    """A session for each message."""
    while True:
        await websocket.receive()
        async with database().read_session() as session:
            found = await session.scalar(select(func.count()).select_from(Category))
        await websocket.send(str(found))


async def hold_websocket() -> None:
    """One session for the whole time: not as it should be, and still closed."""
    async with database().read_session() as session:
        while True:
            await session.execute(text("SELECT 1"))
            await websocket.send("held")
            await websocket.receive()


async def flood_websocket() -> None:
    async with database().read_session() as session:
        while True:
            await websocket.send(f"{await session.scalar(text('SELECT 1'))}{PIECE}")


if __name__ == "__main__":
    run_server(make_app(), socket(fileno=int(sys.argv[1])), on_ready=lambda: None)
