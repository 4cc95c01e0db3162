"""What an engine needs to know. The service adds its own settings to these (`service/settings.py`)."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """The limits travel as settings of each connection, or with each BEGIN, where they cost no round trip."""

    database_url: str = field(default="sqlite+aiosqlite:///homeroom.db", repr=False)  # may hold a password
    transaction_pooling: bool = False  # a pooler in transaction mode, such as PgBouncer, stands before PostgreSQL
    pool_size: int = 5  # connections that each engine keeps
    pool_overflow: int = 5  # connections that each engine may open beyond that
    pool_wait_seconds: float = 2.0  # for a free connection, before the request is refused
    pool_waiting_max: int = 100  # requests that may wait for a connection of an engine; one more is refused at once
    pool_recycle_seconds: int = 1800  # after which a connection is replaced; below a firewall's limit for idle ones
    ping_idle_seconds: float = 60.0  # a connection that was idle for longer is asked whether it lives
    connect_seconds: float = (
        5.0  # to reach the database and be let in; so much later may the end of a statement be heard
    )
    statement_seconds: float = 30.0  # that the database gives a statement; 0: as long as it likes
    lock_seconds: float = 5.0  # that a statement waits for somebody else's lock
    idle_transaction_seconds: float = 30.0  # that a transaction may stay open without a statement
    slow_seconds: float = 1.0  # a statement that takes longer is logged
    write_attempts: int = 8  # at a write that may be repeated, as long as other transactions get in its way
