"""A real server in a process of its own, for tests that come as a client does; and a district to serve."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from models.database import Database
from scripts.make_district import write_district
from service.bundles.importing import ImportOptions, import_bundle
from service.bundles.reading import open_bundle
from service.bundles.report import Report
from tests.doors import SECRET_KEY

BYTES_MAX = 100_000_000


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
    for _ in range(1200):  # a minute, should the machine be busy
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise AssertionError("the server did not start")


async def load_district(database: Database, folder: Path, *, students: int) -> None:
    """A generated district, through the import."""
    path = folder / "district.zip"
    write_district(path, students=students, schools=2, seed=7, results_per_student=4)
    with open_bundle(path, BYTES_MAX) as bundle:
        async with database.transaction() as session:
            assert await import_bundle(session, bundle, ImportOptions(), Report())
