"""A POST that comes again under its `Idempotency-Key` has one effect, and gets the answer that it had.

The key is taken in the transaction that does the work, so it is taken by who commits: whoever comes with it meanwhile
waits for that, in whatever process. An answer is kept for a day. A refused request keeps nothing.
"""

import asyncio
import hashlib
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any
from weakref import WeakValueDictionary

from quart import request
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from models import IdempotentAnswer
from models.base import Moment
from service.errors import InvalidData, Problem
from service.lists.json_text import Spelled
from service.records.kinds import table_of

HEADER = "Idempotency-Key"
KEY_MAX = 255
ANSWERS = table_of(IdempotentAnswer)
turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()


class a_day_ago(Spelled):
    """The moment 24 hours ago, by the database's clock."""

    type = Moment()
    inherit_cache = True
    name = "a_day_ago"
    postgresql = "clock_timestamp() - interval '24 hours'"
    sqlite = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day')"


def turn(client_id: str) -> AbstractAsyncContextManager[None]:
    """Requests with one key go one after the other, and wait for that without a connection.

    It only spares the pool: they may come to several processes, and then the database lets one go first.
    """
    key = request.headers.get(HEADER)
    return turns.setdefault((client_id, key), asyncio.Lock()) if key else nullcontext()


async def earlier_answer(session: AsyncSession, client_id: str) -> str | None:
    """What the same request was answered before; None where there is no key, or it comes for the first time.

    Raises InvalidData if another request came with the key.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        return None
    if len(key) > KEY_MAX or not key.isprintable():
        raise Problem(f"{HEADER} has at most {KEY_MAX} characters, and no control characters")
    digest = await request_digest()
    mine = (ANSWERS.c.client_id == client_id) & (ANSWERS.c.key == key)
    await session.execute(delete(ANSWERS).where(ANSWERS.c.client_id == client_id, ANSWERS.c.created_at < a_day_ago()))
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    taken = dialect.insert(ANSWERS).values(client_id=client_id, key=key, request_sha256=digest).on_conflict_do_nothing()
    if await session.scalar(taken.returning(ANSWERS.c.key)):
        return None
    row = (await session.execute(select(ANSWERS.c.request_sha256, ANSWERS.c.answer).where(mine))).one()
    if row.request_sha256 != digest:
        raise InvalidData(f"another request came with this {HEADER}")
    return str(row.answer)


async def request_digest() -> str:
    """Of what the request asks for: its path, its query and its body."""
    digest = hashlib.sha256(f"{request.method} {request.path}?".encode() + request.query_string)
    data: bytes = await request.get_data(as_text=False)  # type: ignore[assignment]  # bytes, if not as text
    digest.update(data)
    return digest.hexdigest()


async def keep_answer(session: AsyncSession, client_id: str, answer: str) -> None:
    """For who comes again. Does nothing where the request has no key."""
    if key := request.headers.get(HEADER):
        mine = (ANSWERS.c.client_id == client_id) & (ANSWERS.c.key == key)
        await session.execute(update(ANSWERS).where(mine).values(answer=answer))
