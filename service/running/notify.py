"""What systemd is told of a server that it started: that it serves, reloads, stops, and that its event loop turns.

The protocol is sd_notify(3): a datagram of NAME=VALUE lines to the socket that systemd names. Elsewhere nobody listens.
"""

import asyncio
import logging
import time
from collections.abc import MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from socket import AF_UNIX, SOCK_DGRAM, socket
from typing import Self

log = logging.getLogger(__name__)
SEND_SECONDS = 1.0  # while its queue is full, our event loop stands still


@dataclass(frozen=True)
class Notifier:
    """`address` is that of systemd's socket, empty if there is none; `watchdog_seconds` is how long it waits for us."""

    address: str = ""
    watchdog_seconds: float = 0.0

    @classmethod
    def taken_from(cls, environ: MutableMapping[str, str]) -> Self:
        """Takes the variables away, too: a worker must not speak for its master."""
        address = environ.pop("NOTIFY_SOCKET", "")
        return cls(address, int(environ.pop("WATCHDOG_USEC", "0")) / 1_000_000)

    def tell(self, **states: str) -> None:
        """Never raises: a service goes on without its manager."""
        if self.address:
            message = "\n".join(f"{name}={value}" for name, value in states.items())
            address = self.address.replace("@", "\0", 1) if self.address.startswith("@") else self.address
            try:
                with socket(AF_UNIX, SOCK_DGRAM) as way:
                    way.settimeout(SEND_SECONDS)
                    way.connect(address)
                    way.send(message.encode())
            except OSError as error:
                log.warning("systemd was not reached: %s", error)

    def tell_ready(self, status: str) -> None:
        self.tell(READY="1", STATUS=status)

    def tell_reloading(self) -> None:
        """systemd wants to know since when, to tell this reload from the one before."""
        self.tell(RELOADING="1", MONOTONIC_USEC=str(time.monotonic_ns() // 1000))

    async def keep_telling(self, stopping: asyncio.Event) -> None:
        """That the event loop turns, twice as often as systemd expects, until `stopping` is set; then that."""
        pause = self.watchdog_seconds / 2 or None
        while not stopping.is_set():
            self.tell(WATCHDOG="1")
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), pause)
        self.tell(STOPPING="1")


NOBODY = Notifier()
