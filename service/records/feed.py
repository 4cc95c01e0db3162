"""The feed of changes: each of them once, in an order whose replay gives the same rows.

A sequence alone would miss changes: of two transactions, the one that took its numbers first may commit last. So on
PostgreSQL a cursor carries a snapshot, the transactions whose changes were seen. What comes next are the changes of all
others that are visible now; and the snapshot of that moment goes into the next cursor. Among the changes between two
snapshots `seq` is the right order, because an entry is written after its row is locked. SQLite has one writer, so there
`seq` says all. A page that is full ends in the middle of such a set, and its cursor says where.
"""

import base64
import json
from dataclasses import asdict, dataclass, replace
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models import Change, Feed
from service.errors import Gone, Problem
from service.lists.fields import Value
from service.lists.json_text import Member, Spelled, json_object, json_scalar, text
from service.records.history import image, known_collections

UNREADABLE = "`after` is not a cursor of ours"


class snapshot(Spelled):
    """Which transactions the statement sees, as `xmin:xmax:xip,…`; nothing on SQLite."""

    type = Text()
    inherit_cache = True
    name = "snapshot"
    postgresql = "CAST(pg_current_snapshot() AS text)"
    sqlite = "''"


@dataclass(frozen=True)
class Snapshot:
    """Those below `lowest` were over; those from `next_one` on, and those `at_work`, were not visible."""

    lowest: int
    next_one: int
    at_work: tuple[int, ...]

    @classmethod
    def of(cls, shown: str) -> "Snapshot":
        lowest, next_one, at_work = shown.split(":")
        return cls(int(lowest), int(next_one), tuple(int(each) for each in at_work.split(",") if each))

    def sees(self, number: Any) -> ColumnElement[bool]:
        return and_(number < literal(self.next_one, BigInteger), number.not_in(self.at_work))

    def misses(self, number: Any) -> ColumnElement[bool]:
        return or_(number >= literal(self.next_one, BigInteger), number.in_(self.at_work))


@dataclass(frozen=True)
class Cursor:
    """How far a reader is. `seen`: the snapshot whose changes it has; `until`: that whose changes it is reading, up to
    `seq`. On SQLite only `seq` counts."""

    feed: str
    seen: str = ""
    until: str = ""
    seq: int = 0

    def token(self) -> str:
        return base64.urlsafe_b64encode(json.dumps(list(asdict(self).values())).encode()).decode().rstrip("=")

    @classmethod
    def of_token(cls, token: str) -> "Cursor":
        """Raises Problem for what is none of ours."""
        try:
            feed, seen, until, seq = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            for shown in filter(None, (seen, until)):
                Snapshot.of(shown)
            cursor = cls(str(feed), str(seen), str(until), int(seq))
        except (ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            raise Problem(UNREADABLE) from error
        if not 0 <= cursor.seq < 2**63:
            raise Problem(UNREADABLE)
        return cursor


@dataclass(frozen=True)
class Page:
    """`changes` are JSON objects. `more`: the next page is there already."""

    changes: list[str]
    next: Cursor
    more: bool


async def read_page(session: AsyncSession, cursor: Cursor | None, limit: int, hidden: tuple[str, ...] = ()) -> Page:
    """The changes after the cursor, or from the first that is kept; those of the `hidden` collections left out.

    Raises Gone for a cursor of another feed, or one whose changes are kept no longer.
    """
    feed = await expect_feed(session, cursor)
    cursor = cursor or Cursor(feed)
    rows = (await session.execute(page_statement(cursor, limit, hidden))).all()
    changes = [row.shown for row in rows[:limit] if row.shown is not None]
    now, more = rows[0].now, len(rows) > limit
    if more:
        return Page(changes, replace(cursor, until=cursor.until or now, seq=rows[limit - 1].seq), more)
    last = max([cursor.seq, *(row.seq for row in rows if row.seq is not None)])
    return Page(changes, Cursor(feed, cursor.until or now, "", 0 if now else last), more)


async def newest(session: AsyncSession) -> Cursor:
    """The cursor of who has everything, and wants what comes now."""
    statement = select(Feed.id, snapshot(), select(func.coalesce(func.max(Change.seq), 0)).scalar_subquery())
    feed, now, seq = (await session.execute(statement)).one()
    return Cursor(feed, now, "", 0 if now else seq)


async def expect_feed(session: AsyncSession, cursor: Cursor | None) -> str:
    """The feed's id. Raises Gone if the cursor cannot be followed in it."""
    last = select(func.coalesce(func.max(Change.seq), 0)).scalar_subquery()
    statement = select(Feed.id, Feed.purged_seq, Feed.purged_transaction, last, snapshot())
    feed, purged_seq, purged_transaction, last_seq, now = (await session.execute(statement)).one()
    if cursor is None:
        return str(feed)
    if cursor.feed != feed or is_ahead(cursor, max(last_seq, purged_seq), now):
        raise Gone("the cursor is of another feed: read the lists again, then the changes from now on (?after=now)")
    if has_lost(cursor, purged_seq, purged_transaction):
        raise Gone("changes since the cursor are kept no longer: read the lists again, then ?after=now")
    return str(feed)


def is_ahead(cursor: Cursor, last_seq: int, now: str) -> bool:
    """It has seen what is not there: the database was restored from a backup."""
    if not now:
        return cursor.seq > last_seq
    return any(Snapshot.of(each).next_one > Snapshot.of(now).next_one for each in (cursor.seen, cursor.until) if each)


def has_lost(cursor: Cursor, purged_seq: int, purged_transaction: int) -> bool:
    if cursor.seen:
        return purged_transaction >= Snapshot.of(cursor.seen).lowest
    return cursor.seq < purged_seq


def page_statement(cursor: Cursor, limit: int, hidden: tuple[str, ...]) -> Select[Any]:
    """Rows of the snapshot, and a change's `seq` and JSON; at least one, without a change where there are none."""
    page = page_of_seqs(cursor, limit, hidden).subquery("page")
    now = select(snapshot().label("now")).subquery("this_moment")
    found = page.join(Change, Change.seq == page.c.seq)
    shown = select(page.c.seq, change_json().label("shown")).select_from(found).subquery("shown")
    rows = select(now.c.now, shown.c.seq, shown.c.shown).select_from(now.outerjoin(shown, literal(True)))
    return rows.order_by(shown.c.seq)


def page_of_seqs(cursor: Cursor, limit: int, hidden: tuple[str, ...]) -> Select[Any]:
    """One more than the page, in order."""
    rows, order = select(Change.seq), Change.seq + 0 if cursor.seen and not cursor.until else Change.seq
    if cursor.seen:  # in this case by the index of transactions: what is new is little, and at the end of the table
        rows = rows.where(Snapshot.of(cursor.seen).misses(Change.transaction_id))
    if cursor.until:
        rows = rows.where(Snapshot.of(cursor.until).sees(Change.transaction_id))
    if cursor.seq:
        rows = rows.where(Change.seq > cursor.seq)
    if hidden:
        rows = rows.where(Change.collection.not_in(hidden))
    return rows.order_by(order).limit(limit + 1)


# --- one change ------------------------------------------------------------------------------------------------------


@cache
def change_json() -> ColumnElement[str]:
    """`{"sequence": …, "at": …, "what": …, "collection": …, "sourcedId": …, "by": …, "before": {…}, "after": {…}}`."""
    by: list[Member] = [("kind", json_scalar(Change.author_kind), True), ("id", json_scalar(Change.author), True)]
    members: list[Member] = [
        ("sequence", json_scalar(Change.seq), True),
        ("at", Value(Change.at).json, True),
        ("what", json_scalar(Change.what), True),
        ("collection", json_scalar(Change.collection), True),
        ("sourcedId", json_scalar(Change.sourced_id), False),
        ("count", json_scalar(Change.count), False),
        ("by", json_object(by), True),
        ("requestId", json_scalar(Change.request_id), False),
        ("before", cast(Change.before, Text), False),
        ("after", after(), False),
    ]
    return json_object(members)


def after() -> ColumnElement[str]:
    """The row as the change left it: what the next change found, or the row as it is."""
    later = aliased(Change)
    following = (
        select(later.before)
        .where(later.collection == Change.collection, later.sourced_id == Change.sourced_id, later.seq > Change.seq)
        .order_by(later.seq)
        .limit(1)
        .correlate(Change)
    )
    return func.coalesce(following.scalar_subquery(), current())


def current() -> ColumnElement[Any]:
    rows = [
        (
            Change.collection == text(name),
            select(image(table)).where(table.c.sourced_id == Change.sourced_id).correlate(Change).scalar_subquery(),
        )
        for name, table in known_collections().items()
    ]
    return case(*rows, else_=null())


@lru_cache(maxsize=4)
def history_statement(older: bool) -> Select[Any]:
    """The JSON of a record's changes, the newest first; with `older`, of those before the parameter `before`."""
    shown: tuple[Any, ...] = (Change.seq, change_json())
    mine = select(*shown).where(
        Change.collection == bindparam("collection", type_=Text),
        Change.sourced_id == bindparam("sourced_id", type_=Text),
    )
    if older:
        mine = mine.where(Change.seq < bindparam("before", type_=BigInteger))
    return mine.order_by(Change.seq.desc()).limit(bindparam("limit"))
