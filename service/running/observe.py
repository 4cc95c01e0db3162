"""What is seen of each request: its id, a line in the log, a `Server-Timing` header, numbers for Prometheus.

Around the application, so that nothing escapes it: no answer of the framework, no streamed body, no client that left.
"""

import asyncio
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, cast

from quart import Quart, has_request_context, request, websocket

from models.tally import current_tally, tally
from service.errors import payload
from service.running.logs import CLIENT_LEFT, Visit, log_visit
from service.running.metrics import Metrics
from service.settings import Settings

GOOD_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,100}")  # nothing that could forge a line of the log
ANSWERS = ("http.response.start", "websocket.accept")
SWITCHED = 101  # the status of a websocket that was accepted

Application = Callable[[Any, Any, Any], Awaitable[None]]


def observe(app: Quart, settings: Settings) -> None:
    """Wraps the application; call it last."""
    metrics = app.extensions["metrics"]
    app.before_request(note_endpoint)
    app.before_websocket(note_endpoint)
    observed = Observed(app.asgi_app, metrics, believe_ids=settings.trusted_proxies > 0)
    app.asgi_app = cast(object, observed)  # type: ignore[method-assign,assignment]


async def note_endpoint() -> None:
    current_tally().asker = (request if has_request_context() else websocket).endpoint or ""


class Observed:
    """An ASGI application around another one."""

    def __init__(self, application: Application, metrics: Metrics, *, believe_ids: bool) -> None:
        self.application = application
        self.metrics = metrics
        self.believe_ids = believe_ids

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return await self.application(scope, receive, send)
        method = scope["method"] if scope["type"] == "http" else "WEBSOCKET"
        visit = Visit(id=self.id_of(scope), method=method)

        async def send_marked(message: Any) -> None:
            if message["type"] in ANSWERS:
                visit.status = message.get("status", SWITCHED)
                message = {**message, "headers": [*message["headers"], *marks(visit)]}
            await send(message)

        counted = tally.set(visit)
        self.metrics.running.inc()
        try:
            await self.application(scope, receive, send_marked)
        except asyncio.CancelledError:
            if scope["type"] == "http" and visit.status == CLIENT_LEFT:
                await say_that_we_stop(send_marked, scope["path"])
            raise
        finally:
            tally.reset(counted)
            self.metrics.running.dec()
            if scope["type"] == "http":  # a websocket lasts as long as its client likes
                self.metrics.note(visit)
            log_visit(visit)

    def id_of(self, scope: Any) -> str:
        """The proxy's own, if there is one that we trust, so that both logs can be read together."""
        given: bytes = dict(scope["headers"]).get(b"x-request-id", b"") if self.believe_ids else b""
        return given.decode() if GOOD_ID.fullmatch(given) else secrets.token_hex(8)


async def say_that_we_stop(send: Any, path: str) -> None:
    """A request that is cancelled as a whole was cut by the server that carries it: its client is still there."""
    body = json.dumps(payload("server_busy", "the server is stopping", path)).encode()
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"1"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def marks(visit: Visit) -> list[tuple[bytes, bytes]]:
    timing = (
        f'db;desc="statements: {visit.statements}";dur={visit.database_seconds * 1000:.1f},'
        f" wait;dur={visit.wait_seconds * 1000:.1f}, app;dur={visit.seconds * 1000:.1f}"
    )
    return [(b"x-request-id", visit.id.encode()), (b"server-timing", timing.encode())]
