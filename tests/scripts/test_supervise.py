"""Workers are watched. These here only say that they serve, and wait to be stopped."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import create_server

import pytest

from service.running import supervise
from service.running.supervise import Supervisor
from tests.scripts.programs import until

SERVES = "import os; os.write(0, b'.'); os.read(0, 1)"
ENDS_AT_ONCE = "import os; os.write(0, b'.')"
NEVER_SERVES = "raise SystemExit(7)"


def supervisor_of(code: str, count: int = 2) -> Supervisor:
    return Supervisor([sys.executable, "-S", "-c", code], create_server(("127.0.0.1", 0)), count, grace_seconds=0)


@asynccontextmanager
async def supervised(code: str) -> AsyncIterator[Supervisor]:
    supervisor = supervisor_of(code)
    ready = asyncio.Event()
    running = asyncio.create_task(supervisor.run(ready.set))
    await ready.wait()
    yield supervisor
    supervisor.stop()
    assert await running == 0


async def test_a_worker_that_dies_is_replaced() -> None:
    async with supervised(SERVES) as supervisor:
        victim = next(iter(supervisor.workers))
        victim.process.send_signal(signal.SIGKILL)
        await until(lambda: victim not in supervisor.workers and len(supervisor.workers) == 2)


async def test_a_reload_replaces_every_worker_once_the_new_one_serves() -> None:
    async with supervised(SERVES) as supervisor:
        old = set(supervisor.workers)
        await supervisor.reload()
        await until(lambda: len(supervisor.workers) == 2)

        assert old.isdisjoint(supervisor.workers)


async def test_a_reload_whose_code_does_not_start_leaves_the_old_workers() -> None:
    async with supervised(SERVES) as supervisor:
        old = set(supervisor.workers)
        supervisor.command[-2] = NEVER_SERVES
        await supervisor.reload()
        await until(lambda: len(supervisor.workers) == 2)

        assert supervisor.workers == old


async def test_workers_that_keep_ending_end_the_service_with_an_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervise, "FAILURES_MAX", 2)

    assert await supervisor_of(ENDS_AT_ONCE, count=1).run(lambda: None) == 1


async def test_a_first_worker_that_does_not_serve_is_not_tried_again() -> None:
    assert await supervisor_of(NEVER_SERVES).run(lambda: None) == 1
