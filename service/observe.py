"""What is seen of each request: its id, a line in the log, a `Server-Timing` header, numbers for Prometheus.

Around the application, so that nothing escapes it: no answer of the framework, no streamed body, no client that left.
"""

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, cast

from quart import Quart, request

from models.tally import current_tally, tally
from service.logs import Visit, log_visit
from service.metrics import Metrics
from service.settings import Settings

GOOD_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,100}")  # nothing that could forge a line of the log

Application = Callable[[Any, Any, Any], Awaitable[None]]


def observe(app: Quart, settings: Settings) -> None:
    """Wraps the application; call it last."""
    metrics = app.extensions["metrics"]
    app.before_request(note_endpoint)
    observed = Observed(app.asgi_app, metrics, believe_ids=settings.trusted_proxies > 0)
    app.asgi_app = cast(object, observed)  # type: ignore[method-assign,assignment]


async def note_endpoint() -> None:
    current_tally().asker = request.endpoint or ""


class Observed:
    """An ASGI application around another one."""

    def __init__(self, application: Application, metrics: Metrics, *, believe_ids: bool) -> None:
        self.application = application
        self.metrics = metrics
        self.believe_ids = believe_ids

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self.application(scope, receive, send)
        visit = Visit(id=self.id_of(scope), method=scope["method"])

        async def send_marked(message: Any) -> None:
            if message["type"] == "http.response.start":
                visit.status = message["status"]
                message = {**message, "headers": [*message["headers"], *marks(visit)]}
            await send(message)

        counted = tally.set(visit)
        self.metrics.running.inc()
        try:
            await self.application(scope, receive, send_marked)
        finally:
            tally.reset(counted)
            self.metrics.running.dec()
            self.metrics.note(visit)
            log_visit(visit)

    def id_of(self, scope: Any) -> str:
        """The proxy's own, if there is one that we trust, so that both logs can be read together."""
        given: bytes = dict(scope["headers"]).get(b"x-request-id", b"") if self.believe_ids else b""
        return given.decode() if GOOD_ID.fullmatch(given) else secrets.token_hex(8)


def marks(visit: Visit) -> list[tuple[bytes, bytes]]:
    timing = (
        f'db;desc="statements: {visit.statements}";dur={visit.database_seconds * 1000:.1f},'
        f" wait;dur={visit.wait_seconds * 1000:.1f}, app;dur={visit.seconds * 1000:.1f}"
    )
    return [(b"x-request-id", visit.id.encode()), (b"server-timing", timing.encode())]
