"""What a load balancer asks. Neither answer waits for a connection of the pool.

`/healthz`: the process runs. `/readyz`: it should get requests, as the database answers, its tables are those that this
code needs, and nobody has told the process to stop.
"""

import asyncio
import logging
import time

from quart import Blueprint, Response, current_app
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from models.database import Database
from models.failures import LOST_READS, DatabaseSilent, DatabaseUnavailable, UnannouncedPooler, failure_of
from service.access import allow
from service.running import revisions

log = logging.getLogger(__name__)
PROBE_SECONDS = 2.0  # that the database gets to answer
FRESH_SECONDS = 1.0  # that an answer holds: who asks more often costs the database nothing

blueprint = Blueprint("health", __name__)


class Readiness:
    """Asks the database on a connection of its own, one question at a time."""

    def __init__(self) -> None:
        self.stopping = False
        self.asking = asyncio.Lock()
        self.asked_at = -FRESH_SECONDS
        self.problem = ""

    async def problem_now(self, database: Database) -> str:
        """Why no requests should come here; empty if they should."""
        if self.stopping:
            return "stopping"
        async with self.asking:
            if time.monotonic() - self.asked_at > FRESH_SECONDS:
                self.problem = await problem_of(database)
                self.asked_at = time.monotonic()
        return self.problem


async def problem_of(database: Database) -> str:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            revision = await revision_of(database)
    except (DatabaseUnavailable, DatabaseSilent, SQLAlchemyError, OSError):
        return "the database cannot be reached"
    except UnannouncedPooler as error:
        log.error("%s", error)
        return "the settings do not fit the database"
    return "the database is not migrated" if revisions.is_behind(revision) else ""


async def revision_of(database: Database) -> str | None:
    """Asked once more if the connection was lost meanwhile, as every read is: that says nothing of the next one."""
    try:
        return await ask_revision(database)
    except DBAPIError as error:
        if failure_of(error) not in LOST_READS:
            raise
    return await ask_revision(database)


async def ask_revision(database: Database) -> str | None:
    async with database.prober.connect() as connection:
        return await connection.run_sync(revisions.current)


@blueprint.get("/healthz")
@allow()
async def alive() -> Response:
    return plain("alive")


@blueprint.get("/readyz")
@allow()
async def ready() -> Response:
    readiness: Readiness = current_app.extensions["readiness"]
    problem = await readiness.problem_now(current_app.extensions["database"])
    return plain(problem or "ready", 503 if problem else 200)


def plain(text: str, status: int = 200) -> Response:
    return Response(f"{text}\n", status, content_type="text/plain", headers={"Cache-Control": "no-store"})
