"""What becomes of a request when its client leaves, or when the server that carries it stops.

Quart cancels a handler as soon as its client is gone. A query that is cancelled costs its connection, and a connection
that is cancelled while it is made was made for nothing: clients that give up soon can keep the pool cold for ever. So a
handler gets a short grace to finish. And Quart 0.22 forgets the tasks of a request whose server stops, whose session
would then close after its engine: here no request ends before its tasks have.
"""

import asyncio
from typing import Any

from quart import Quart
from quart.asgi import ASGIHTTPConnection, ASGIWebsocketConnection

from service.settings import Settings


class Whole:
    """Mixed into one of Quart's connections: its tasks are over when it is, in whatever way it ends."""

    app: Quart
    tasks: set[asyncio.Task[Any]]
    handling: asyncio.Task[Any] | None = None

    async def __call__(self, receive: Any, send: Any) -> None:
        self.tasks = set()
        try:
            await super().__call__(self.late(receive), send)  # type: ignore[misc]  # the class mixed into has it
        finally:
            left = [task for task in self.tasks if not task.done()]
            for task in left:
                task.cancel()
            if left:
                await asyncio.wait(left)

    def late(self, receive: Any) -> Any:
        """`receive`, which tells that the client left only once the handler is done, or its grace is over.

        A server says so after every answer, and Quart 0.23 waits for it: there is nothing to wait for then.
        """
        settings: Settings = self.app.config["SETTINGS"]

        async def receive_late() -> Any:
            message = await receive()
            if message["type"] == "http.disconnect" and self.handling:
                await asyncio.wait([self.handling], timeout=settings.disconnect_grace_seconds)
            return message

        return receive_late

    def note_task(self) -> None:
        if task := asyncio.current_task():
            self.tasks.add(task)

    async def handle_messages(self, *arguments: Any) -> None:
        self.note_task()
        await super().handle_messages(*arguments)  # type: ignore[misc]

    async def handle_request(self, *arguments: Any) -> None:
        self.note_task()
        self.handling = asyncio.current_task()
        await super().handle_request(*arguments)  # type: ignore[misc]

    async def handle_websocket(self, *arguments: Any) -> None:
        self.note_task()
        await super().handle_websocket(*arguments)  # type: ignore[misc]


class HTTPConnection(Whole, ASGIHTTPConnection):
    """A request."""


class WebsocketConnection(Whole, ASGIWebsocketConnection):
    """A websocket; that it was closed is told at once."""


def keep_requests_whole(app: Quart) -> None:
    app.asgi_http_class = HTTPConnection
    app.asgi_websocket_class = WebsocketConnection
