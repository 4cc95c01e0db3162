"""Mixed load on a real server for a long time: does it stay as small as it was, and is every request answered?

Readers walk pages, look up single rows and filter; impatient clients leave in mid-query; every ten seconds all
connections to the database are ended.

Example: ./dev soak --seconds 600
"""

import asyncio
import contextlib
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import httpx
from sqlalchemy import text

from models.database import Database
from models.settings import DatabaseSettings
from service.access import SCOPES
from tests.doors import END_ALL, SECRET_KEY, bearer, migrate, run_on
from tests.load import Load, loading, visit
from tests.metrics import read_metrics
from tests.postgres import Postgres, running_postgres
from tests.serving import free_port, load_district, reachable

ROSTERING = "/ims/oneroster/rostering/v1p2"
PATHS = [
    f"{ROSTERING}/users?limit=100",
    f"{ROSTERING}/users?limit=20&offset=200&sort=familyName",
    f"{ROSTERING}/students?filter=familyName~'a'&limit=50",
    f"{ROSTERING}/classes",
    f"{ROSTERING}/enrollments?limit=200&fields=sourcedId,role",
    "/ims/oneroster/gradebook/v1p2/results?limit=100",
    "/readyz",
]
READERS, IMPATIENT = 8, 4
KILL_SECONDS = 10.0
COUNT_ALL = text(
    "SELECT count(*), count(*) FILTER (WHERE state LIKE 'idle in transaction%') FROM pg_stat_activity"
    " WHERE application_name LIKE 'homeroom%' AND datname = current_database() AND pid <> pg_backend_pid()"
)
GROWTH, SLACK_BYTES = 1.05, 4_000_000  # what memory may gain between the middle third and the last


@dataclass(frozen=True)
class Sample:
    """What the server held at one moment."""

    memory: float  # bytes
    files: float
    connections: int
    in_transaction: int  # idle in one
    refused: dict[str, float]  # requests, by what failed


@contextlib.asynccontextmanager
async def serving(database_url: str) -> AsyncIterator[str]:
    """The address of `homeroom serve`; it must end well."""
    port = free_port()
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scripts.serve", "--bind", f"127.0.0.1:{port}"),
        env={
            **os.environ,
            "HOMEROOM_DATABASE_URL": database_url,
            "HOMEROOM_SECRET_KEY": SECRET_KEY,
            "HOMEROOM_LOG_LEVEL": "ERROR",
        },
    )
    try:
        await reachable(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        if code := await server.wait():
            raise SystemExit(f"the server ended with exit code {code}")


async def leave_early(load: Load, address: str) -> None:
    """Ask for a large page, and go before it comes."""
    while not load.over.is_set():
        await visit(address, f"{ROSTERING}/users?limit=1000", 0.01, bearer(*SCOPES))
        await asyncio.sleep(0.2)


async def end_connections(load: Load, database_url: str) -> None:
    while not load.over.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(load.over.wait(), KILL_SECONDS)
        await run_on(database_url, END_ALL)


async def sample(http: httpx.AsyncClient, database: Database) -> Sample:
    held = read_metrics((await http.get("/metrics")).text)
    refused = {name: number for name, number in held.items() if "failures_total" in name and number}
    async with database.prober.connect() as connection:
        connections, in_transaction = (await connection.execute(COUNT_ALL)).one()
    return Sample(
        held["process_resident_memory_bytes{}"], held["process_open_fds{}"], connections, in_transaction, refused
    )


async def watch(load: Load, http: httpx.AsyncClient, database: Database, seconds: float) -> list[Sample]:
    """A sample a second, ten of which are shown."""
    samples: list[Sample] = []
    began = time.monotonic()
    click.echo("  after  requests  failed  slowest  memory  files  connections")
    while (after := time.monotonic() - began) < seconds:
        samples.append(await sample(http, database))
        if len(samples) % max(1, round(seconds / 10)) == 0:
            click.echo(
                f"{after:5.0f} s {load.requests:9,} {load.failures:7} {load.slowest * 1000:5.0f} ms"
                f" {samples[-1].memory / 1e6:4.0f} MB {samples[-1].files:6.0f} {samples[-1].connections:12}"
            )
        await asyncio.sleep(1)
    return samples


def complaints(samples: list[Sample], load: Load) -> list[str]:
    """What is not as it should be."""
    third = len(samples) // 3
    middle, last = samples[third : 2 * third], samples[2 * third :]
    before, after = (statistics.median(each.memory for each in part) for part in (middle, last))
    most = 2 * (DatabaseSettings().pool_size + DatabaseSettings().pool_overflow) + 1
    found = {
        f"{load.failures} requests failed: {dict(load.statuses)}, {samples[-1].refused}": load.failures,
        f"memory grew from {before / 1e6:.0f} to {after / 1e6:.0f} MB": after > before * GROWTH + SLACK_BYTES,
        f"more than {most} connections": max(each.connections for each in samples) > most,
        "connections idle in a transaction": any(each.in_transaction for each in samples),
    }
    return [text for text, true in found.items() if true]


async def soak(postgres: Postgres, seconds: float, students: int) -> list[str]:
    name = f"homeroom_soak_{os.getpid()}"
    url = postgres.url(name)
    await run_on(postgres.admin_url, f"CREATE DATABASE {name}")
    try:
        await migrate(url)
        async with Database(DatabaseSettings(database_url=url)) as database:
            with TemporaryDirectory() as folder:
                await load_district(database, Path(folder), students=students)
            async with serving(url) as address, httpx.AsyncClient(base_url=address) as http:
                async with loading(address, PATHS, bearer(*SCOPES), clients=READERS) as load:
                    others = [asyncio.create_task(leave_early(load, address)) for _ in range(IMPATIENT)]
                    others.append(asyncio.create_task(end_connections(load, url)))
                    samples = await watch(load, http, database, seconds)
                await asyncio.gather(*others)
        return complaints(samples, load)
    finally:
        await run_on(postgres.admin_url, f"DROP DATABASE {name} WITH (FORCE)")


@click.command()
@click.option("--seconds", default=600.0, show_default=True, help="How long.")
@click.option("--students", default=600, show_default=True, help="Of the district that is served.")
def main(seconds: float, students: int) -> None:
    """Mixed load on a real server for a long time; exit code 1 if it grew, leaked or failed."""
    with running_postgres() as postgres:
        found = asyncio.run(soak(postgres, seconds, students))
    for complaint in found:
        click.echo(f"NOT GOOD: {complaint}", err=True)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
