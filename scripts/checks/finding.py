"""What a check finds, and what it may look at."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from models.engines import SQLITE
from service.settings import Settings

MEGABYTE = 1_000_000


class Level(Enum):
    """How bad it is; only what is wrong counts for the exit code."""

    WRONG = "wrong"
    WARNING = "warning"
    UNKNOWN = "not checked"


@dataclass(frozen=True)
class Finding:
    """Two sentences: `says` what is, `do` what to do about it. Neither ever holds a password or a key."""

    level: Level
    says: str
    do: str


def wrong(says: str, do: str) -> Finding:
    return Finding(Level.WRONG, says, do)


def warning(says: str, do: str) -> Finding:
    return Finding(Level.WARNING, says, do)


def unknown(says: str, do: str) -> Finding:
    return Finding(Level.UNKNOWN, says, do)


@dataclass(frozen=True, kw_only=True)
class Place:
    """The installation. `host` and `workers` are those that `homeroom serve` is, or will be, called with."""

    settings: Settings
    environ: Mapping[str, str]
    host: str = "127.0.0.1"
    workers: int = 1

    @property
    def file(self) -> Path | None:
        """That of the database, if it is SQLite's."""
        url = make_url(self.settings.database_url)
        return Path(url.database).absolute() if url.drivername == SQLITE and url.database else None


Check = Callable[[Place], Iterator[Finding]]
DatabaseCheck = Callable[[Place, AsyncConnection], AsyncIterator[Finding]]
