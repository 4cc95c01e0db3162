"""What one request, or one job, asks of the database: counted where it happens, read by whoever reports it."""

import logging
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine

log = logging.getLogger(__name__)
STATEMENT_SHOWN = 1_000  # characters


@dataclass
class Tally:
    """Put one into `tally`, and whatever this task and its children ask is counted in it."""

    asker: str = ""  # who asks, for the log of slow statements
    statements: int = 0
    database_seconds: float = 0.0  # until the answers to statements and COMMITs were here
    connections: int = 0  # taken from a pool
    wait_seconds: float = 0.0  # for those connections
    repeated_reads: int = 0  # asked again, as the connection was lost or tables had changed
    repeated_writes: int = 0  # done again, as the transaction met another one


tally: ContextVar[Tally] = ContextVar("tally")


def current_tally() -> Tally:
    """A new one, for nobody, if nobody counts."""
    return tally.get(None) or Tally()


def count_statements(engine: AsyncEngine, slow_seconds: float) -> None:
    """Count what the engine runs. A statement that takes longer than `slow_seconds` is logged, without its values."""

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def begin(_connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        context.began = time.perf_counter()

    @event.listens_for(engine.sync_engine, "after_cursor_execute")
    def end(_connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        count(statement, time.perf_counter() - context.began, slow_seconds)

    @event.listens_for(engine.sync_engine, "handle_error")
    def end_badly(failed: ExceptionContext) -> None:
        if began := getattr(failed.execution_context, "began", None):
            count(failed.statement or "", time.perf_counter() - began, slow_seconds)


def count(statement: str, seconds: float, slow_seconds: float) -> None:
    now = current_tally()
    now.statements += 1
    now.database_seconds += seconds
    if seconds > slow_seconds:
        log.warning(
            "%s: a statement took %d ms: %s", now.asker or "somebody", seconds * 1000, statement[:STATEMENT_SHOWN]
        )
