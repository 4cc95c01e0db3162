"""Several server processes on one socket: watched, replaced when they die, stopped and reloaded together.

Hypercorn's own `-w N` cuts running requests on SIGTERM as soon as one process is done, ends with exit code 0 when a
process dies, and leaves orphans on the port when it is killed.

A worker and its master hold the two ends of a socket: the worker writes a byte once it serves, and stops when the
master's end closes, however the master went.
"""

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from socket import socket, socketpair

from service.running.hangup import on_hangup
from service.running.notify import NOBODY, Notifier

log = logging.getLogger(__name__)

START_SECONDS = 60.0  # from its start until a worker serves
SETTLED_SECONDS = 10.0  # a worker that dies sooner counts as a failure
FAILURES_MAX = 5  # in a row, for each worker; then we give up, so that whoever started us hears of it
PAUSE_MAX = 5.0  # seconds before the next attempt
KILL_SECONDS = 8.0  # beyond the grace: a worker that is still there is stuck


@dataclass(eq=False)
class Worker:
    process: asyncio.subprocess.Process
    link: socket
    started: float
    needed: bool  # whether another takes its place when it ends

    async def serves(self) -> bool:
        """True once it does, False if it ended before or takes too long."""
        receive = asyncio.get_running_loop().sock_recv(self.link, 1)
        with suppress(TimeoutError, OSError):
            return await asyncio.wait_for(receive, START_SECONDS) != b""
        return False

    def leave(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.needed = False
        with suppress(ProcessLookupError):
            self.process.send_signal(number)


async def supervise(supervisor: "Supervisor", on_ready: Callable[[], None], notifier: Notifier = NOBODY) -> int:
    """Until SIGTERM or Ctrl-C, or until its terminal is gone; SIGHUP reloads. The exit code."""
    loop = asyncio.get_running_loop()

    def ready() -> None:
        on_ready()
        supervisor.begin(notifier.keep_telling(supervisor.stopping))

    async def reload() -> None:
        notifier.tell_reloading()
        await supervisor.reload()
        notifier.tell(READY="1")

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    on_hangup(loop, lambda: supervisor.begin(reload()), supervisor.stop)
    return await supervisor.run(ready)


class Supervisor:
    """`command` starts a worker: the listener's number is added to it, and its standard input is the link.

    `on_end` is told the number of every process that has ended.
    """

    def __init__(
        self,
        command: Sequence[str],
        listener: socket,
        count: int,
        grace_seconds: float,
        on_end: Callable[[int], object] = lambda _: None,
    ) -> None:
        self.command = [*command, str(listener.fileno())]
        self.listener = listener
        self.count = count
        self.grace_seconds = grace_seconds
        self.on_end = on_end
        self.workers: set[Worker] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.reloading = asyncio.Lock()
        self.stopping = asyncio.Event()
        self.failures = 0
        self.exit_code = 0

    async def run(self, on_ready: Callable[[], None]) -> int:
        """Until `stop` is called. The exit code: 1 if the workers would not run, else 0.

        One goes first: what keeps it from starting keeps all, and is said once.
        """
        first = await self.spawn(needed=False)
        if await first.serves():
            first.needed = True
            for _ in range(self.count - 1):
                await self.spawn()
            on_ready()
        elif not self.stopping.is_set():
            self.give_up()
        await self.stopping.wait()
        await self.end()
        return self.exit_code

    def begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def spawn(self, *, needed: bool = True) -> Worker:
        """In a process group of its own, or a terminal's Ctrl-C would reach it twice: from there and from us."""
        ours, theirs = socketpair()
        ours.setblocking(False)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *self.command, stdin=theirs.fileno(), pass_fds=[self.listener.fileno()], process_group=0
            )
        worker = Worker(process, ours, time.monotonic(), needed)
        self.workers.add(worker)
        self.begin(self.mind(worker))
        if self.stopping.is_set():
            worker.leave()
        return worker

    async def mind(self, worker: Worker) -> None:
        """Wait for its end, and replace it if that was not to be."""
        code = await worker.process.wait()
        self.workers.discard(worker)
        worker.link.close()
        self.on_end(worker.process.pid)
        if worker.needed and not self.stopping.is_set():
            log.warning("worker %d ended with exit code %d; starting another", worker.process.pid, code)
            await self.replace(worker)

    async def replace(self, worker: Worker) -> None:
        settled = time.monotonic() - worker.started > SETTLED_SECONDS
        self.failures = 0 if settled else self.failures + 1
        if self.failures > FAILURES_MAX * self.count:
            log.error("workers keep ending; giving up")
            return self.give_up()
        pause = 0 if self.failures < 2 else min(PAUSE_MAX, 0.1 * 2**self.failures)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), pause)
        if not self.stopping.is_set():
            await self.spawn()

    async def reload(self) -> None:
        """New workers run the code as it is now; each old one goes once its new one serves."""
        async with self.reloading:
            for old in list(self.workers):
                new = await self.spawn(needed=False)
                if not await new.serves():
                    if not self.stopping.is_set():
                        log.error("the new code does not start; the old workers go on")
                    return new.leave()
                new.needed = True
                (old if old in self.workers else new).leave(signal.SIGINT)  # /readyz must not say that we stop

    def give_up(self) -> None:
        self.exit_code = 1
        self.stop()

    def stop(self) -> None:
        """Every call is passed on: a worker lets requests finish at the first, and cuts them at the second."""
        self.stopping.set()
        for worker in self.workers:
            worker.leave()

    async def end(self) -> None:
        """Wait for all; kill who is stuck."""
        self.listener.close()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=self.grace_seconds + KILL_SECONDS)
        for worker in self.workers:
            log.error("worker %d does not end; killing it", worker.process.pid)
            worker.process.kill()
        await asyncio.gather(*self.tasks)
