"""New code is run as soon as it is saved: for a developer, whose supervisor replaces its worker when a file changes."""

import asyncio
from contextlib import suppress
from pathlib import Path

from service.running.supervise import Supervisor

FOLDERS = ("models", "service", "scripts")
LOOK_SECONDS = 0.5


async def keep_reloading(supervisor: Supervisor, root: Path) -> None:
    """Until the supervisor stops. Code that does not start leaves the old worker, which goes on until it is mended."""
    seen = times_of(root)
    while not supervisor.stopping.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(supervisor.stopping.wait(), LOOK_SECONDS)
        if seen != (seen := times_of(root)) and not supervisor.stopping.is_set():
            await supervisor.reload()


def times_of(root: Path) -> dict[Path, int]:
    """When each file of ours was changed."""
    found = {}
    for path in (path for folder in FOLDERS for path in (root / folder).rglob("*.py")):
        with suppress(OSError):  # an editor replaces it at this moment
            found[path] = path.stat().st_mtime_ns
    return found
