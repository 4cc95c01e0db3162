"""What changed: the feed that a program follows, and the history of one record. Homeroom's own, under /homeroom/v1."""

import asyncio
import time
from typing import Any

from quart import Blueprint, Response, current_app, g, request
from sqlalchemy import select

from models.database import Database
from service.access import OUR_SCOPE_ROOT, SCOPE_ROOT, allow
from service.errors import NotFound
from service.lists.paging import whole_number
from service.lists.tags import CACHING
from service.records.feed import Cursor, Page, history_statement, newest, read_page
from service.records.history import known_collections
from service.settings import Settings

HISTORY_READ = f"{OUR_SCOPE_ROOT}history.readonly"
DEMOGRAPHICS_READ = f"{SCOPE_ROOT}roster-demographics.readonly"
NOW = "now"
WAIT_MAX = 60  # seconds
POLL_SECONDS = 0.25
SEQ_MAX = 2**63 - 1

blueprint = Blueprint("changes", __name__, url_prefix="/homeroom/v1")


@blueprint.get("/changes")
@allow(HISTORY_READ)
async def list_changes() -> Response:
    """`{"changes": […], "next": CURSOR, "more": …}`. `after` is the cursor of the page before; `now`, that of today.

    With `wait`, an empty page is not answered before something comes, or so many seconds are over. No connection is
    held meanwhile.
    """
    limit, wait = page_limit(), whole_number("wait", 0, 0, WAIT_MAX)
    after, until = request.args.get("after", ""), time.monotonic() + wait
    cursor = Cursor.of_token(after) if after not in ("", "0", NOW) else None
    database: Database = current_app.extensions["database"]
    if after == NOW:
        async with database.read_session() as session:
            return json_page(Page([], await newest(session), more=False))
    while True:
        async with database.read_session() as session:
            page = await read_page(session, cursor, limit, hidden())
        if page.changes or page.more or time.monotonic() >= until or current_app.shutdown_event.is_set():
            return json_page(page)
        cursor = page.next
        await asyncio.sleep(POLL_SECONDS)


@blueprint.get("/history/<collection>/<path:sourced_id>")
@allow(HISTORY_READ)
async def show_history(collection: str, sourced_id: str) -> Response:
    """`{"changes": […], "next": …}`, the newest first; `before` continues with what is older than that sequence."""
    table = known_collections().get(collection)
    if table is None or collection in hidden() or "\0" in sourced_id:
        raise NotFound("no such record")
    limit, before = page_limit(), whole_number("before", 0, 0, SEQ_MAX)
    wanted = {"collection": collection, "sourced_id": sourced_id, "limit": limit, "before": before}
    rows: Any = (await g.session.execute(history_statement(older=before > 0), wanted)).all()
    if not rows and not await g.session.scalar(select(select(table).where(table.c.sourced_id == sourced_id).exists())):
        raise NotFound("no such record")
    older = f',"next":{rows[-1].seq}' if len(rows) == limit else ""
    return json_text(f'{{"changes":[{",".join(shown for _, shown in rows)}]{older}}}')


def page_limit() -> int:
    settings: Settings = current_app.config["SETTINGS"]
    return whole_number("limit", settings.page_limit, 1, settings.page_limit_max)


def hidden() -> tuple[str, ...]:
    """Demographics stand behind a scope of their own, here too."""
    return () if DEMOGRAPHICS_READ in g.caller.scopes else ("demographics",)


def json_page(page: Page) -> Response:
    more = "true" if page.more else "false"
    return json_text(f'{{"changes":[{",".join(page.changes)}],"next":"{page.next.token()}","more":{more}}}')


def json_text(text: str) -> Response:
    return Response(text, content_type="application/json", headers={"Cache-Control": CACHING})
