"""The request's database session: bound to `g.session` before the handler, closed after it.

It costs nothing until it is first used: a 404, a refused token or a static file takes no connection.
"""

import logging

from quart import Quart, current_app, g, request

from models.database import Database

log = logging.getLogger(__name__)
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def bind_sessions(app: Quart) -> None:
    """One AsyncSession per request: a read session for the safe methods and for views marked `reads_only`."""

    @app.before_request
    async def open_session() -> None:
        database: Database = current_app.extensions["database"]
        g.session = database.read_session() if only_reads() else database.write_session()

    app.teardown_request(close_session)
    app.teardown_appcontext(close_session)  # websockets, background tasks, a sibling teardown that failed


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
