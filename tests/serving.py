"""A real server in a process of its own, for tests that come as a client does; and a district to serve."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.doors import SECRET_KEY


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def serving(database_url: str) -> AsyncIterator[str]:
    """The address of a hypercorn that serves this database; it is told to stop at the end, and must do so well."""
    port = free_port()
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hypercorn", "service.app:create_app()", "--bind", f"127.0.0.1:{port}", "-w", "0"),
        env={**os.environ, "HOMEROOM_DATABASE_URL": database_url, "HOMEROOM_SECRET_KEY": SECRET_KEY},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await reachable(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        assert await server.wait() == 0


async def reachable(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise AssertionError("the server did not start")
