"""Which tokens are void although their time is not over: looked up in the background, so that no request has to.

Each process asks on a connection of its own, not of the pool, so that a client that fills the pool can be revoked too.
"""

import asyncio
import logging

from sqlalchemy import select

from models.access import ApiClient
from models.database import Database
from models.tally import Tally, tally

log = logging.getLogger(__name__)
ASKER = "revoked clients"
ANSWER_SECONDS = 2.0  # that the database gets
PAUSE_MIN = 0.1  # seconds between two looks, whatever the setting says
IS_REVOKED = ApiClient.revoked_at.is_not(None)
VOID = select(ApiClient.client_id, ApiClient.token_version, IS_REVOKED).where(
    IS_REVOKED | (ApiClient.token_version > 0)
)


class Revoked:
    """`lowest` is what `service.access` looks at: the lowest version of a client's tokens that is still good."""

    def __init__(self, lowest: dict[str, int]) -> None:
        self.lowest = lowest
        self.failing = False

    async def keep_fresh(self, database: Database, every: float) -> None:
        """For as long as the server runs. While the database is away, what was known last stays."""
        while True:
            await asyncio.sleep(max(every, PAUSE_MIN))
            await self.refresh(database)

    async def refresh(self, database: Database) -> None:
        """Never raises: a server starts, and goes on, without its database."""
        counted = tally.set(Tally(asker=ASKER))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                found = await void_tokens(database)
        except Exception as error:  # whatever it is, the next look may go well
            if not self.failing:
                log.warning("revoked clients cannot be looked up, the last list stays: %s", type(error).__name__)
            self.failing = True
        else:
            self.lowest.clear()
            self.lowest.update(found)
            self.failing = False
        finally:
            tally.reset(counted)


async def void_tokens(database: Database) -> dict[str, int]:
    """By client_id, the lowest version of a token that is good. Of a client that is revoked, that is the next one,
    which it gets if it is ever let in again: a token of that time is good even where this list is of the time before.
    """
    async with database.prober.connect() as connection:
        rows = await connection.execute(VOID)
        return {client_id: version + 1 if revoked else version for client_id, version, revoked in rows}
