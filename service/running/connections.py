"""What becomes of a request when its client leaves, or when the server that carries it stops.

Quart cancels a handler as soon as its client is gone. A query that is cancelled costs its connection, and a connection
that is cancelled while it is made was made for nothing: clients that give up soon can keep the pool cold for ever. So a
handler gets a short grace to finish. And Quart 0.22 forgets the tasks of a request whose server stops, whose session
would then close after its engine: here no request ends before its tasks have.
"""

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from quart import Quart
from quart.asgi import ASGIHTTPConnection, ASGIWebsocketConnection

from service.settings import Settings

END_SECONDS = 5.0  # for requests that were cancelled to close their sessions


class Whole:
    """Mixed into one of Quart's connections: its tasks are over when it is, in whatever way it ends."""

    app: Quart
    tasks: set[asyncio.Task[Any]]
    handling: asyncio.Task[Any] | None = None
    answering: asyncio.Future[None]

    async def __call__(self, receive: Any, send: Any) -> None:
        self.tasks = set()
        self.answering = asyncio.get_running_loop().create_future()
        with noted(this_task(), running_requests(self.app)):
            try:
                await super().__call__(self.late(receive), self.noting(send))  # type: ignore[misc]  # Quart's class has it
            finally:
                await self.end_tasks()

    async def end_tasks(self) -> None:
        left = [task for task in self.tasks if not task.done()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    def late(self, receive: Any) -> Any:
        """`receive`, which tells that the client left only once there is an answer, or the handler's grace is over.

        A server says so after every answer, and Quart 0.23 waits for it. A stream has no use for a grace: nobody reads.
        """
        settings: Settings = self.app.config["SETTINGS"]

        async def receive_late() -> Any:
            message = await receive()
            if message["type"] == "http.disconnect" and self.handling:
                ends = (self.handling, self.answering)
                await asyncio.wait(ends, timeout=settings.disconnect_grace_seconds, return_when=FIRST_COMPLETED)
            return message

        return receive_late

    def noting(self, send: Any) -> Any:
        async def send_noting(message: Any) -> None:
            if not self.answering.done():
                self.answering.set_result(None)
            await send(message)

        return send_noting

    def note_task(self) -> None:
        self.tasks.add(this_task())

    async def handle_messages(self, *arguments: Any) -> None:
        self.note_task()
        await super().handle_messages(*arguments)  # type: ignore[misc]

    async def handle_request(self, *arguments: Any) -> None:
        self.note_task()
        self.handling = this_task()
        await super().handle_request(*arguments)  # type: ignore[misc]

    async def handle_websocket(self, *arguments: Any) -> None:
        self.note_task()
        await super().handle_websocket(*arguments)  # type: ignore[misc]


class HTTPConnection(Whole, ASGIHTTPConnection):
    """A request."""


class WebsocketConnection(Whole, ASGIWebsocketConnection):
    """A websocket; that it was closed is told at once."""


def this_task() -> asyncio.Task[Any]:
    return cast("asyncio.Task[Any]", asyncio.current_task())


@contextmanager
def noted(task: asyncio.Task[Any], tasks: set[asyncio.Task[Any]]) -> Iterator[None]:
    tasks.add(task)
    try:
        yield
    finally:
        tasks.discard(task)


def running_requests(app: Quart) -> set[asyncio.Task[Any]]:
    """The tasks in which requests and websockets run."""
    running: set[asyncio.Task[Any]] = app.extensions["running_requests"]
    return running


async def until_requests_ended(app: Quart) -> None:
    """Hypercorn ends the application once the first of the requests that it cancelled is over."""
    if running := running_requests(app):
        await asyncio.wait(running, timeout=END_SECONDS)


def keep_requests_whole(app: Quart) -> None:
    app.extensions["running_requests"] = set()
    app.asgi_http_class = HTTPConnection
    app.asgi_websocket_class = WebsocketConnection
