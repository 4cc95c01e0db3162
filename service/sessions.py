"""The request's database session: bound to `g.session` before the handler, closed after it.

It costs nothing until it is first used: a 404, a refused token or a static file takes no connection.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from quart import Quart, current_app, g, request
from sqlalchemy.exc import DBAPIError

from models.database import Database
from models.failures import WriteMet

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def bind_sessions(app: Quart) -> None:
    """One AsyncSession per request: a read session for the safe methods and for views marked `reads_only`."""

    app.before_request(open_session)
    app.teardown_request(close_session)
    app.teardown_appcontext(close_session)  # websockets, background tasks, a sibling teardown that failed


async def open_session() -> None:
    database: Database = current_app.extensions["database"]
    g.session = database.read_session() if only_reads() else database.write_session()


def only_reads() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return request.method in SAFE_METHODS or getattr(view, "reads_only", False)


async def close_session(_error: BaseException | None) -> None:
    """Give the connection back, and with it whatever was not committed. Never raises: the answer is already made."""
    if session := g.pop("session", None):
        try:
            async with session:  # its exit runs to completion even if the client leaves now
                pass
        except Exception:
            log.exception("a session did not close")


def repeatable(view: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """The view runs again from its start, with a fresh session, if another transaction got in its way.

    For a view whose every effect is undone by a rollback: it sends no mail and calls nobody before it commits.
    """

    @wraps(view)
    async def repeating(*args: P.args, **kwargs: P.kwargs) -> R:
        async def attempt() -> R:
            try:
                return await view(*args, **kwargs)
            except (DBAPIError, WriteMet):
                await close_session(None)  # now: until then its locks keep others waiting
                await open_session()
                raise

        database: Database = current_app.extensions["database"]
        return await database.repeat(attempt)

    return repeating
