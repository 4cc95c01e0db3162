"""What the last requests asked of the database: each statement with its time, its rows and the line that asked.

Of what a statement is given only the types are kept: the values are people's data. So it is with a request's path and
query, of which the route and the names are.
"""

import logging
import sys
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

from greenlet import getcurrent  # type: ignore[import-untyped]  # it has no types of its own
from quart import Quart, request
from sqlalchemy import Engine, event

log = logging.getLogger(__name__)
ROOT = Path(__file__).parents[2]
OURS = tuple(str(ROOT / folder) + "/" for folder in ("service", "scripts", "models"))
# What carries a statement for whoever asked.
CARRIERS = tuple(
    str(ROOT / carrier)
    for carrier in ("models/", "service/sessions.py", "service/access.py", "service/running/", "service/debug/")
)
REQUESTS_KEPT = 100
STATEMENTS_KEPT = 500  # of a request
TEXT_KEPT = 20_000  # characters of a statement
LINES_KEPT = 6  # of ours, for a statement

Application = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass(frozen=True)
class Statement:
    text: str
    types: str  # of its parameters
    milliseconds: float
    rows: int | None
    lines: tuple[str, ...]  # of ours, the one that asked first


@dataclass
class Recording:
    """A request that was answered, or is being answered."""

    number: int
    method: str
    route: str = "no such page"
    status: int | None = None
    began: float = field(default_factory=time.perf_counter)
    milliseconds: float = 0.0
    asked: int = 0
    statements: list[Statement] = field(default_factory=list)
    traceback: str = ""

    def note(self, statement: Statement) -> None:
        self.asked += 1
        if len(self.statements) < STATEMENTS_KEPT:
            self.statements.append(statement)

    @property
    def database_milliseconds(self) -> float:
        return sum(each.milliseconds for each in self.statements)

    @property
    def repeated(self) -> dict[str, int]:
        """How often each statement was asked that was asked more than once: a loop that could be one statement."""
        times = Counter(each.text for each in self.statements)
        return {text: number for text, number in times.items() if number > 1}


recording: ContextVar[Recording] = ContextVar("recording")


class Recorder:
    """An ASGI application around another one, which keeps what the last requests asked."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.kept: deque[Recording] = deque(maxlen=REQUESTS_KEPT)
        self.numbers = count(1)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/debug/"):
            return await self.application(scope, receive, send)
        now = Recording(next(self.numbers), scope["method"])

        async def send_noting(message: Any) -> None:
            now.status = message.get("status", now.status)
            await send(message)

        self.kept.append(now)
        noted = recording.set(now)
        try:
            await self.application(scope, receive, send_noting)
        finally:
            recording.reset(noted)
            now.milliseconds = (time.perf_counter() - now.began) * 1000
            say(now)


def say(done: Recording) -> None:
    asked = f"{done.asked} statement{'' if done.asked == 1 else 's'}, {done.database_milliseconds:.1f} ms"
    log.info("%s %s %s: %.1f ms (%s)", done.method, done.route, done.status, done.milliseconds, asked)
    for text, times in done.repeated.items():
        line = next(each.lines for each in done.statements if each.text == text)[:1]
        log.warning("%s asked the same statement %d times, in %s", done.route, times, *line or ("a place unknown",))


async def note_route() -> None:
    """The route and not the path, the names in the query and not the values."""
    if now := recording.get(None):
        now.route = str(request.url_rule or now.route) + (f"?{'&'.join(request.args)}" if request.args else "")


def record(app: Quart) -> Recorder:
    """Wraps the application, and watches every engine of this process."""
    app.before_request(note_route)
    watch_engines()
    return Recorder(app.asgi_app)


@cache
def watch_engines() -> None:
    event.listen(Engine, "before_cursor_execute", begin_statement)
    event.listen(Engine, "after_cursor_execute", end_statement)


def begin_statement(_connection: Any, _cursor: Any, _text: str, _parameters: Any, context: Any, _many: bool) -> None:
    if context is not None:
        context.debug_began = time.perf_counter()


def end_statement(_connection: Any, cursor: Any, text: str, parameters: Any, context: Any, _many: bool) -> None:
    if now := recording.get(None):
        seconds = time.perf_counter() - getattr(context, "debug_began", time.perf_counter())
        lines = tuple(lines_of_ours())
        now.note(Statement(text[:TEXT_KEPT], types_of(parameters), seconds * 1000, rows_of(cursor), lines))


def types_of(parameters: Any) -> str:
    """Such as `str, int`; of a list of rows, those of the first and how many there are."""
    if isinstance(parameters, list) and parameters and isinstance(parameters[0], tuple | dict):
        return f"{types_of(parameters[0])} ({len(parameters)} rows)"
    values = parameters.values() if isinstance(parameters, dict) else parameters or ()
    return ", ".join(type(value).__name__ for value in values)


def rows_of(cursor: Any) -> int | None:
    """Those that it changed or found; the driver of SQLite does not count what it found, but has it all by then."""
    if cursor.rowcount >= 0:
        return int(cursor.rowcount)
    found = getattr(cursor, "_rows", None)
    return None if found is None else len(found)


def lines_of_ours() -> Iterator[str]:
    """Where in our code a statement comes from, the innermost line first."""
    found = 0
    for frame in frames():
        file = frame.f_code.co_filename
        if file.startswith(OURS) and not file.startswith(CARRIERS) and found < LINES_KEPT:
            found += 1
            yield f"{Path(file).relative_to(ROOT)}:{frame.f_lineno} in {frame.f_code.co_name}"


def frames() -> Iterator[FrameType]:
    """From here outwards. SQLAlchemy runs a driver in a greenlet, whose own frames end where it was begun."""
    frame: FrameType | None = sys._getframe(1)
    place = getcurrent()
    while frame:
        yield frame
        frame = frame.f_back
        if frame is None and place.parent is not None:
            place = place.parent
            frame = place.gr_frame
