"""How often somebody may ask: rates of clients, and guesses at the token endpoint.

Each process counts for itself, in memory that does not grow: of more keys than `KEYS_MAX`, the one that was used least
recently is forgotten. Everything here takes the same time however much is remembered.
"""

import ipaddress
import time
from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")

KEYS_MAX = 10_000
FREE_OF_CLIENT = 5  # wrong secrets for one client from one address, before the next has to wait
FREE_OF_ADDRESS = 50  # wrong secrets from one address, whatever the client
PAUSE_MAX = 60.0  # seconds; the first pause is of one, each wrong secret after it doubles it
ROUNDING = 1e-6  # seconds
FORGIVEN_AFTER = 900.0  # seconds without a wrong secret


class Recent(Generic[V]):
    """A dictionary of those that were written last. Its keys are hashed, as clients may send long ones."""

    def __init__(self) -> None:
        self.values: dict[int, V] = {}

    def get(self, key: object, default: V) -> V:
        return self.values.get(hash(key), default)

    def put(self, key: object, value: V) -> None:
        hashed = hash(key)
        self.values.pop(hashed, None)  # so that it becomes the newest
        self.values[hashed] = value
        if len(self.values) > KEYS_MAX:
            del self.values[next(iter(self.values))]

    def drop(self, key: object) -> None:
        self.values.pop(hash(key), None)


class Rates:
    """So many requests a second for each key, and `burst` at once after a rest: a token bucket.

    What is kept of a key is the moment at which its bucket would be full again (known as GCRA).
    """

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.interval = 1 / per_second if per_second else 0.0
        self.room = self.interval * max(burst, 1)
        self.clock = clock
        self.full_at: Recent[float] = Recent()

    def wait(self, key: str) -> float:
        """How many seconds to wait before the next request; 0 for one that may pass, which is then counted."""
        if not self.interval:
            return 0.0
        now = self.clock()
        full_at = max(self.full_at.get(key, now), now) + self.interval
        if full_at - now > self.room + ROUNDING:
            return full_at - now - self.room
        self.full_at.put(key, full_at)
        return 0.0


class Guesses:
    """Wrong secrets, for a client from an address and for an address as a whole: after a few, each next one waits.

    Guesses from elsewhere never keep a client out. Nor does another client behind the same address (of an office, or
    of a proxy that the settings do not name), once a client has had its secret right from there.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.wrong: Recent[tuple[int, float]] = Recent()  # how many, and when the last was
        self.right: Recent[bool] = Recent()

    def wait(self, client_id: str, address: str) -> float:
        """How many seconds to wait before the next guess; 0 for one that may be made."""
        pair = (client_id, address)
        of_address = 0.0 if self.right.get(pair, False) else self.pause(address, FREE_OF_ADDRESS)
        return max(self.pause(pair, FREE_OF_CLIENT), of_address)

    def pause(self, key: object, free: int) -> float:
        count, last = self.wrong.get(key, (0, 0.0))
        seconds = min(PAUSE_MAX, 2.0 ** min(count - free, 10)) if count >= free else 0.0
        return max(0.0, last + seconds - self.clock())

    def note(self, client_id: str, address: str, *, right: bool) -> None:
        pair = (client_id, address)
        if right:
            self.wrong.drop(pair)
            return self.right.put(pair, True)
        now = self.clock()
        for key in (pair, address):
            count, last = self.wrong.get(key, (0, now))
            self.wrong.put(key, (1 if now - last > FORGIVEN_AFTER else count + 1, now))


def neighbourhood(address: str | None) -> str:
    """What one guesser has: an IPv4 address, or 64 bits of an IPv6 one, which is what a single line is given."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:  # of a socket without one, or what a proxy made up
        return address or ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((int(found), 64), strict=False))
