"""What can go wrong with a database, in one table: what each driver's error means, whatever class it comes in.

With asyncpg hardly anything arrives as `OperationalError`: a lost connection is an `InterfaceError`, a deadlock a bare
`DBAPIError`, a refused one a `ConnectionRefusedError` that SQLAlchemy does not wrap. So the SQLSTATE decides, and what
has none is translated where it happens (`models/engines.py`).
"""

import re
from enum import Enum

from sqlalchemy import exc

from models.stamps import WritersBusy


class DatabaseUnavailable(Exception):
    """The database cannot be reached, or does not let us in now."""


class DatabaseSilent(Exception):
    """The database did not answer a statement in time; whether a write was done is not known."""


class WriteMet(Exception):
    """Another transaction made the row that this one was about to make. Nothing of this one is done."""


class UnannouncedPooler(Exception):
    """The settings do not say that a pooler stands before PostgreSQL. Nothing that will pass by waiting."""

    def __init__(self) -> None:
        super().__init__("PgBouncer seems to stand before the database: set HOMEROOM_TRANSACTION_POOLING=true")


class Failure(Enum):
    """What a failure means to the one who asked."""

    UNAVAILABLE = "the database cannot be reached"
    LOST = "the connection to the database was lost"
    STALE = "the database's tables changed under a prepared statement"
    EXHAUSTED = "every connection to the database is in use"
    SILENT = "the database did not answer in time"
    TOO_SLOW = "the statement took too long"
    LOCKED = "somebody else holds what the statement needs"
    CONFLICT = "the transaction met another one and has to be repeated"
    REFUSED = "the database refused the row"
    INVALID = "the database refused a value"


SQLITE_CONSTRAINT = re.compile(r"(?:CHECK|UNIQUE|NOT NULL) constraint failed: ([\w., ]+)")
LOST_READS = {Failure.LOST, Failure.STALE}  # what a read that stands alone may simply be asked again after

# The longest prefix of the SQLSTATE that is listed decides (PostgreSQL, appendix A).
SQLSTATES = {
    "08": Failure.LOST,
    "22": Failure.INVALID,
    "23": Failure.REFUSED,
    "23502": Failure.INVALID,
    "23514": Failure.INVALID,
    "40001": Failure.CONFLICT,
    "40002": Failure.REFUSED,
    "40003": Failure.SILENT,
    "40P01": Failure.CONFLICT,
    "53": Failure.UNAVAILABLE,
    "53300": Failure.EXHAUSTED,
    "55P03": Failure.LOCKED,
    "57014": Failure.TOO_SLOW,
    "57P": Failure.LOST,
    "57P03": Failure.UNAVAILABLE,
    "25P03": Failure.LOST,  # idle in a transaction for too long
}
SQLITE_ERRORS = {  # the first prefix that fits
    "SQLITE_BUSY": Failure.LOCKED,
    "SQLITE_LOCKED": Failure.LOCKED,
    "SQLITE_CANTOPEN": Failure.UNAVAILABLE,
    "SQLITE_FULL": Failure.UNAVAILABLE,
    "SQLITE_IOERR": Failure.UNAVAILABLE,
    "SQLITE_CONSTRAINT_CHECK": Failure.INVALID,
    "SQLITE_CONSTRAINT_NOTNULL": Failure.INVALID,
    "SQLITE_CONSTRAINT": Failure.REFUSED,
}


def failure_of(error: BaseException) -> Failure | None:
    """What happened; None for what is not the database's doing, or is a fault of ours."""
    if isinstance(error, DatabaseUnavailable):
        return Failure.UNAVAILABLE
    if isinstance(error, DatabaseSilent):
        return Failure.SILENT
    if isinstance(error, WritersBusy):
        return Failure.LOCKED
    if isinstance(error, WriteMet):
        return Failure.CONFLICT
    if isinstance(error, exc.TimeoutError):
        return Failure.EXHAUSTED
    return failure_of_driver(error) if isinstance(error, exc.DBAPIError) else None


def failure_of_driver(error: exc.DBAPIError) -> Failure | None:
    cause = error.orig
    state = str(getattr(cause, "sqlstate", None) or "")
    for length in (5, 3, 2):
        if known := SQLSTATES.get(state[:length]):
            return known
    name = str(getattr(cause, "sqlite_errorname", ""))
    for prefix, known in SQLITE_ERRORS.items():
        if name.startswith(prefix):
            return known
    if error.connection_invalidated:
        return Failure.LOST
    return Failure.STALE if isinstance(error, exc.NotSupportedError) else None


def constraint_of(error: exc.DBAPIError) -> str | None:
    """The name of the constraint that refused a row. Never its values.

    SQLite tells the names of CHECKs, of unique ones only their columns (`orgs.sourced_id`), of foreign keys none.
    """
    if found := SQLITE_CONSTRAINT.fullmatch(str(error.orig)):
        return found[1]
    cause = getattr(error.orig, "__cause__", None)
    return getattr(cause, "constraint_name", None)
