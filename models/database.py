"""Sessions for everybody: the service, the scripts, Alembic.

A read session runs each statement by itself, in one round trip, and asks again if the connection was dead. (Behind a
pooler it takes more: `models/pooling.py`.) A write session is one transaction, which its owner commits. Neither takes a
connection before it is used, and neither can be used after it was closed, or by another task than the one that opened
it.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from sqlalchemy import event, exc
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session

from models.engines import BoundedPool, make_engine
from models.failures import LOST_READS, Failure, WriteMet, failure_of
from models.settings import DatabaseSettings
from models.tally import current_tally

T = TypeVar("T")
BULK_LOCK_SECONDS = 60  # how long a bulk of rows waits for the writers before it: nobody waits for its answer
PAUSE = 0.005  # seconds, at random up to so many before a write is repeated; twice as many each time


class OwnedSession(Session):
    """The synchronous half of our sessions, where everything passes that one does with them.

    Two tasks that share a session get each other's transaction, and it fails only now and then: so it always fails.
    An interactive prompt, where each line is a task, sets `owner` to None.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.owner = current_task()


def current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no event loop
        return None


def expect_owner(session: Session) -> None:
    owner = getattr(session, "owner", None)
    if owner is not None and current_task() is not owner:
        raise InvalidRequestError(
            "a session belongs to the task that opened it: open one of its own in each task, `async with"
            " database.read_session() as session:`"
        )


event.listen(OwnedSession, "do_orm_execute", lambda state: expect_owner(state.session))
event.listen(OwnedSession, "before_flush", lambda session, _context, _instances: expect_owner(session))
event.listen(OwnedSession, "before_commit", expect_owner)


class ReadSession(AsyncSession):
    """Its statements stand alone, so one that met a dead connection, or tables that changed, is asked once more.

    Behind a pooler they share a transaction, but even there each sees the database as it is at its own moment.
    """

    sync_session_class = OwnedSession

    async def execute(self, *args: Any, **options: Any) -> Any:
        return await self.ask(super().execute, *args, **options)

    async def scalar(self, *args: Any, **options: Any) -> Any:
        return await self.ask(super().scalar, *args, **options)

    async def scalars(self, *args: Any, **options: Any) -> Any:
        return await self.ask(super().scalars, *args, **options)

    async def get(self, *args: Any, **options: Any) -> Any:
        return await self.ask(super().get, *args, **options)

    async def get_one(self, *args: Any, **options: Any) -> Any:
        return await self.ask(super().get_one, *args, **options)

    async def ask(self, question: Callable[..., Awaitable[T]], *args: Any, **options: Any) -> T:
        try:
            return await question(*args, **options)
        except DBAPIError as error:
            if failure_of(error) not in LOST_READS:
                raise
            current_tally().repeated_reads += 1
            await self.rollback()  # without it the session refuses every further statement
            return await question(*args, **options)


class WriteSession(AsyncSession):
    """One transaction. The handler commits, as its last act before it answers."""

    sync_session_class = OwnedSession
    sync_session: OwnedSession

    async def commit(self) -> None:
        """To its end, even if the client leaves meanwhile: of a COMMIT that is broken off nobody knows if it was done.

        What cancelled it is raised afterwards.
        """
        expect_owner(self.sync_session)
        await self.flush()
        began, owner = time.perf_counter(), self.sync_session.owner
        self.sync_session.owner = committing = asyncio.create_task(super().commit())
        try:
            await ended(committing)
        finally:
            self.sync_session.owner = owner
            current_tally().database_seconds += time.perf_counter() - began


async def ended(task: asyncio.Task[None]) -> None:
    """Wait for the task, whatever comes. Raises the cancellation that came, or else what the task raised."""
    cancelled = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        raise cancelled from task.exception()
    task.result()


class Database:
    """The sessions of one database. `async with Database(settings) as database:` closes its engines at the end.

    Made inside a running event loop; takes no connection until a session is used. Raises ValueError for a URL that is
    neither `sqlite+aiosqlite:///FILE` nor `postgresql+asyncpg://…`. `joins_writers` is for tables that are read by
    their stamps (`models/stamps.py`), as ours are.
    """

    def __init__(self, settings: DatabaseSettings, *, joins_writers: bool = True) -> None:
        self.settings = settings
        self.reader = make_engine(settings, read_only=True)
        self.writer = make_engine(settings, read_only=False)
        self.prober = make_engine(settings, read_only=True, pooled=False)  # for who must not wait for the pool
        # Each bulk has a connection of its own, with which its temporary tables end, and more patience than a request.
        patient = replace(settings, lock_seconds=BULK_LOCK_SECONDS)
        self.bulk = make_engine(patient, read_only=False, pooled=False)
        # After close a session must not quietly open again; after commit what it loaded stays readable.
        options: dict[str, Any] = {"expire_on_commit": False, "close_resets_only": False}
        self.read_session = async_sessionmaker(self.reader, class_=ReadSession, autoflush=False, **options)
        joining = self.writer.execution_options(joins_writers=joins_writers)
        self.write_session = async_sessionmaker(joining, class_=WriteSession, **options)
        # For a bulk of rows, which joins no writers, but may stop them (`models.stamps.stop_writers`).
        self.bulk_session = async_sessionmaker(self.bulk, class_=WriteSession, **options)
        # For an import, which fills temporary tables first: on SQLite each statement stands alone until it stops them.
        staging = self.bulk.execution_options(stages=True)
        self.staging_session = async_sessionmaker(staging, class_=WriteSession, **options)
        self.one_repeats = asyncio.Lock()
        self.repeating = 0

    @property
    def pools(self) -> dict[str, BoundedPool]:
        """The reader's and the writer's."""
        return {"reader": cast(BoundedPool, self.reader.pool), "writer": cast(BoundedPool, self.writer.pool)}

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A write session that commits at the end of the block, and leaves no trace if the block raises."""
        async with self.write_session() as session:
            yield session
            await session.commit()

    async def repeat(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """What the first attempt returns that no other transaction gets in the way of. Each opens its own session.

        Only after a deadlock or a failure to serialize is it known that nothing was done: every other error is raised
        at once, and the last attempt's in any case.
        """
        async with AsyncExitStack() as stack:
            for number in range(1, self.settings.write_attempts):
                try:
                    return await attempt()
                except (DBAPIError, WriteMet) as error:
                    if failure_of(error) is not Failure.CONFLICT:
                        raise
                if number == 1:
                    await stack.enter_async_context(self.turn())
                current_tally().repeated_writes += 1
                await asyncio.sleep(random.uniform(0, PAUSE * 2**number))  # noqa: S311 - a pause is no secret
            return await attempt()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Who repeats waits for those before: all at once, they would only meet each other again."""
        if self.repeating >= self.settings.pool_waiting_max:
            raise exc.TimeoutError("too many transactions wait to be repeated")
        self.repeating += 1
        try:
            async with self.one_repeats:
                yield
        finally:
            self.repeating -= 1

    async def dispose(self) -> None:
        """Close every connection. The last session must be closed before."""
        await self.reader.dispose()
        await self.writer.dispose()
        await self.prober.dispose()
        await self.bulk.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.dispose()
