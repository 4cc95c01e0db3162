"""Behind a pooler in transaction mode, such as PgBouncer: each transaction may get another connection to the server.

What one client sets on a server connection, the next client finds set. So nothing of ours outlives a transaction: no
statement is prepared under a name, and our limits travel with each BEGIN instead of with the connection.
"""

from typing import TYPE_CHECKING, Any

import asyncpg

from models.failures import UnannouncedPooler
from models.stamps import JOIN_WRITERS

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

TRACKED = ("application_name", "timezone")  # PgBouncer itself gives these back to each client
READ_ONLY = "default_transaction_read_only"


class OneMessageConnection(Connection):
    """Sends what belongs at the beginning of a transaction in one message with BEGIN, so that it costs no round trip.

    `limits` come with each of them, behind a pooler; `joins_writers` is set for each anew (`models.engines.join`).
    """

    limits = ""
    joins_writers = False

    async def execute(self, query: str, *args: object, **options: Any) -> str:
        if not query.startswith("BEGIN"):
            return await super().execute(query, *args, **options)
        try:
            return await super().execute(query + self.limits + (JOIN_WRITERS if self.joins_writers else ""))
        except asyncpg.PostgresError:
            await super().execute("ROLLBACK")  # of what the driver does not know that it began
            raise


def pooler_arguments(server_settings: dict[str, str]) -> dict[str, Any]:
    """The arguments for connecting that make these settings hold behind a pooler, and leave nothing behind there."""
    tracked = {name: value for name, value in server_settings.items() if name in TRACKED}
    limits = {name: value for name, value in server_settings.items() if name not in TRACKED}
    limits["transaction_read_only"] = limits.pop(READ_ONLY)  # BEGIN has already looked at the default
    local = "".join(f"SET LOCAL {name} = '{value}';" for name, value in limits.items())
    return {
        "statement_cache_size": 0,  # asyncpg's
        "prepared_statement_cache_size": 0,  # SQLAlchemy's
        "server_settings": tracked,
        "connection_class": type("PoolerConnection", (OneMessageConnection,), {"limits": local}),
    }


def expect_no_pooler(error: BaseException) -> None:
    """Raises UnannouncedPooler if the connection was refused as PgBouncer refuses what it does not track."""
    if "unsupported startup parameter" in str(error):
        raise UnannouncedPooler from error


def expect_settings(connection: Any, server_settings: dict[str, str]) -> None:
    """Closes the connection and raises UnannouncedPooler if they were ignored, as PgBouncer may be told to.

    PostgreSQL reports one of them without being asked, and only the reader's differs from the usual. That will do:
    a service whose reads all fail is not left like that.
    """
    wanted = server_settings.get(READ_ONLY)
    reported = connection.driver_connection.get_settings()
    if wanted and getattr(reported, READ_ONLY, wanted) != wanted:
        connection.driver_connection.terminate()  # at once: this is no moment to wait for a network
        raise UnannouncedPooler
