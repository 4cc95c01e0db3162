"""The numbers that Prometheus collects at `/metrics`, of this process or, with `--workers`, of all of them.

What a request asks of the database is counted in its tally (`models/tally.py`) and added up here when it ends.
"""

import hmac
import os
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, Summary
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from quart import Blueprint, Response, current_app, request
from sqlalchemy import event

from models.database import Database
from models.failures import Failure
from service.access import allow, refused
from service.running.logs import Visit
from service.settings import Settings

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
NO_ENDPOINT = "none"  # a page that is not there
SHARED = "PROMETHEUS_MULTIPROC_DIR" in os.environ  # the library's own switch, which it too looks at only once
LIMITS = ("rate", "guesses")  # that a request may be over
METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}  # clients may make up others, without end

blueprint = Blueprint("metrics", __name__)


class Metrics:
    """One of them for an application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        of_all: Any = {"registry": self.registry}
        of_endpoint: Any = {"labelnames": ["endpoint"], **of_all}
        of_pool: Any = {"labelnames": ["pool"], **of_all}
        live: Any = {"multiprocess_mode": "livesum", **of_all}
        self.requests = Counter(
            "homeroom_requests", "Requests answered.", ["endpoint", "method", "status"], registry=self.registry
        )
        self.seconds = Histogram("homeroom_request_seconds", "From request to answer.", buckets=SECONDS, **of_endpoint)
        self.running = Gauge("homeroom_requests_running", "Requests that are being answered.", **live)
        self.statements = Summary("homeroom_request_statements", "Statements that a request ran.", **of_endpoint)
        self.database_seconds = Summary(
            "homeroom_request_database_seconds", "Time a request waited for statements and COMMITs.", **of_endpoint
        )
        self.wait_seconds = Histogram(
            "homeroom_pool_wait_seconds", "Time a request waited for connections.", buckets=SECONDS, **of_all
        )
        self.repeated = Counter(
            "homeroom_repeated", "Reads asked and writes done again.", ["kind"], registry=self.registry
        )
        self.failures = Counter(
            "homeroom_database_failures", "Requests refused by what failed.", ["failure"], registry=self.registry
        )
        self.limited = Counter("homeroom_limited", "Requests answered 429.", ["by"], registry=self.registry)
        self.invalidated = Counter("homeroom_connections_invalidated", "Connections found dead.", **of_pool)
        self.pools = Gauge("homeroom_pool_connections", "Connections of a pool.", ["pool", "state"], **live)
        ProcessCollector(registry=self.registry)

    def watch(self, database: Database) -> None:
        """Show this database's pools."""
        self.database = database
        for name, pool in database.pools.items():
            dead = self.invalidated.labels(name)
            event.listen(pool, "invalidate", lambda *_, dead=dead: dead.inc())
        for failure in Failure:
            self.failures.labels(failure.name.lower())  # so that they are there, as 0, before the first
        for limit in LIMITS:
            self.limited.labels(limit)
        self.show_pools()

    def note(self, visit: Visit) -> None:
        """Add what a request cost."""
        endpoint = visit.asker or NO_ENDPOINT
        method = visit.method if visit.method in METHODS else "other"
        self.requests.labels(endpoint, method, visit.status).inc()
        self.seconds.labels(endpoint).observe(visit.seconds)
        self.statements.labels(endpoint).observe(visit.statements)
        self.database_seconds.labels(endpoint).observe(visit.database_seconds)
        if visit.connections:
            self.wait_seconds.observe(visit.wait_seconds)
        if visit.repeated_reads:
            self.repeated.labels("read").inc(visit.repeated_reads)
        if visit.repeated_writes:
            self.repeated.labels("write").inc(visit.repeated_writes)
        if SHARED:  # another process may be asked for them: a request that ends is a good time to write them down
            self.show_pools()

    def show_pools(self) -> None:
        for name, pool in self.database.pools.items():
            for state, number in pool.state().items():
                self.pools.labels(name, state).set(number)


@blueprint.get("/metrics")
@allow()
async def show_metrics() -> Response:
    metrics: Metrics = current_app.extensions["metrics"]
    settings: Settings = current_app.config["SETTINGS"]
    expect_token(settings.metrics_token)
    metrics.show_pools()
    registry = metrics.registry
    if SHARED:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library leaves it untyped
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(registry), content_type=content_type)


def expect_token(token: str) -> None:
    given = request.headers.get("Authorization", "")
    if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise refused("HOMEROOM_METRICS_TOKEN is needed as a bearer token")
