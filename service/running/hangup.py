"""What SIGHUP means: that the terminal is gone, and with it whoever watched; or, without one, to begin anew."""

import asyncio
import os
import signal
from collections.abc import Callable


def on_hangup(loop: asyncio.AbstractEventLoop, begin_anew: Callable[[], object], stop: Callable[[], object]) -> None:
    """Under nohup, nothing that happens to a terminal ends us."""
    watched = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN and has_terminal()

    def hang_up() -> None:
        (stop if watched and not has_terminal() else begin_anew)()

    loop.add_signal_handler(signal.SIGHUP, hang_up)


def has_terminal() -> bool:
    """Whether a terminal controls this process."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
