"""The wiring, top to bottom. Only what serves it imports this module."""

import asyncio
from collections.abc import AsyncGenerator
from typing import cast

from hypercorn.middleware import ProxyFixMiddleware
from quart import Quart

from models.database import Database
from service.access import Gate
from service.api import api
from service.errors import answer_errors
from service.limits import Guesses, Rates
from service.lists.reading import Counts
from service.privacy.retention import keep_purging
from service.running import health, metrics
from service.running.connections import keep_requests_whole, until_requests_ended
from service.running.health import Readiness
from service.running.metrics import Metrics
from service.running.observe import observe
from service.running.revoked import Revoked
from service.sessions import bind_sessions
from service.settings import Settings


def create_app(settings: Settings | None = None) -> Quart:
    """The application. Raises ValueError for settings that it cannot be served with."""
    settings = settings or Settings.from_environment()
    if len(settings.secret_key) < 32:
        raise ValueError("HOMEROOM_SECRET_KEY must be set, to at least 32 characters that nobody can guess")
    app = Quart("service", static_folder=None)
    app.config["SETTINGS"] = settings
    app.config["MAX_CONTENT_LENGTH"] = settings.body_bytes_max
    app.url_map.strict_slashes = False  # clients in the field end their paths with a slash
    app.url_map.merge_slashes = False
    answer_errors(app)
    keep_requests_whole(app)
    app.extensions["counts"] = Counts(settings.count_seconds)
    app.extensions["metrics"] = Metrics()
    app.extensions["gate"] = Gate(settings.secret_key, Rates(settings.client_rate, settings.client_burst))
    app.extensions["guesses"] = Guesses()
    connect(app, settings)
    app.extensions["readiness"] = Readiness()
    app.register_blueprint(health.blueprint)
    app.register_blueprint(metrics.blueprint)
    app.register_blueprint(api())
    trust_proxies(app, settings.trusted_proxies)
    observe(app, settings)
    return app


def connect(app: Quart, settings: Settings) -> None:
    """The engines live as long as the server does, and are made in its event loop."""
    bind_sessions(app)

    @app.while_serving
    async def database() -> AsyncGenerator[None]:
        async with Database(settings) as database:
            app.extensions["database"] = database
            app.extensions["metrics"].watch(database)
            revoked = Revoked(app.extensions["gate"].void_tokens)
            await revoked.refresh(database)
            jobs = [
                asyncio.create_task(keep_purging(database, settings.history_days)),
                asyncio.create_task(revoked.keep_fresh(database, settings.revocation_seconds)),
            ]
            yield
            for job in jobs:
                job.cancel()
            await asyncio.wait(jobs)
            await until_requests_ended(app)


def trust_proxies(app: Quart, hops: int) -> None:
    """Believe what the last `hops` proxies say about the host and scheme that the client asked for."""
    if hops:
        app.asgi_app = cast(object, ProxyFixMiddleware(app.asgi_app, mode="legacy", trusted_hops=hops))  # type: ignore[method-assign,assignment]
