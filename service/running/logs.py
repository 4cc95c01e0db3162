"""The log of a server, JSON objects in lines on standard error, and its line for each request."""

import logging
import select
import time
from dataclasses import dataclass, field
from typing import TextIO

from pythonjsonlogger.json import JsonFormatter

from models.tally import Tally, tally

log = logging.getLogger(__name__)
READER_MS = 1000  # that a reader of the log gets once it does not keep up
CLIENT_LEFT = 499  # no answer was sent; the number that others use for it in their logs


@dataclass
class Visit(Tally):
    """A request, and what it cost. `asker` is its endpoint."""

    id: str = ""
    method: str = ""
    status: int = CLIENT_LEFT
    began: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """From its beginning until now."""
        return time.perf_counter() - self.began


def log_visit(visit: Visit) -> None:
    """The endpoint and not the URL, whose filters hold people's names."""
    log.info(
        "%s %s %d",
        visit.method,
        visit.asker,
        visit.status,
        extra={
            "request_id": visit.id,
            "method": visit.method,
            "endpoint": visit.asker,
            "status": visit.status,
            "statements": visit.statements,
            "database_ms": milliseconds(visit.database_seconds),
            "wait_ms": milliseconds(visit.wait_seconds),
            "ms": milliseconds(visit.seconds),
        },
    )


def milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)


class PatientHandler(logging.StreamHandler[TextIO]):
    """Into a pipe that nobody reads it leaves lines out, rather than let the whole server wait for a reader.

    Who asks poll() may write 4 KB to a pipe without waiting; only a traceback is longer.
    """

    lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        if not self.takes_more():
            self.lost += 1
            return
        if self.lost:
            record.lines_lost = self.lost
            self.lost = 0
        super().emit(record)

    def takes_more(self) -> bool:
        """A reader that is only slow gets a second, once."""
        try:
            number = self.stream.fileno()
        except (OSError, ValueError):  # a stream that is none of the system's
            return True
        poll = select.poll()
        poll.register(number, select.POLLOUT)
        return bool(poll.poll(0 if self.lost else READER_MS))


def log_as_json(level: str) -> None:
    """For the whole process. Raises ValueError for a level that there is not."""
    if level not in logging.getLevelNamesMapping():
        raise ValueError("HOMEROOM_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR")
    handler = PatientHandler()
    names = {"levelname": "level", "name": "logger"}
    handler.setFormatter(JsonFormatter(["levelname", "name", "message"], timestamp="time", rename_fields=names))
    handler.addFilter(name_the_request)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("aiosqlite").setLevel(logging.INFO)  # below that it repeats every value
    for talkative in ("hypercorn", "alembic"):  # where it listens; which database it looks at
        logging.getLogger(talkative).setLevel(logging.WARNING)


def name_the_request(record: logging.LogRecord) -> bool:
    """Whatever is said while a request is answered tells which one."""
    visit = tally.get(None)
    if isinstance(visit, Visit):
        record.request_id = visit.id
        record.endpoint = visit.asker
    return True
