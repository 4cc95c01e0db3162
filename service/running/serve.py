"""Hypercorn's protocols behind a listener of ours, and a shutdown that lets running requests finish.

Run as a program it is a worker of supervise.py: `python -m service.running.serve NUMBER-OF-THE-LISTENER`.
"""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from socket import socket
from typing import Any

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Event
from quart import Quart

from service.app import create_app
from service.running.connections import running_requests, this_task
from service.running.hangup import on_hangup
from service.running.logs import log_as_json
from service.running.notify import NOBODY, Notifier
from service.settings import Settings

log = logging.getLogger(__name__)
BACKLOG = 1024  # connections that wait to be accepted
CUT_SECONDS = 1.0  # for what was cut to give back what it holds, and to tell its client
ABORT_SECONDS = 0.5  # for connections that were aborted to be gone


def run_server(
    app: Quart,
    listener: socket,
    on_ready: Callable[[], None],
    master: socket | None = None,
    notifier: Notifier = NOBODY,
) -> None:
    """Serve until SIGTERM or Ctrl-C, or until `master` closes its end. Takes the listener over.

    Only SIGTERM drains: nobody watches a server that a terminal's Ctrl-C stops, or whose place another has taken.
    """
    server = Server(app, on_ready, notifier)
    with asyncio.Runner(loop_factory=event_loop) as runner:
        loop = runner.get_loop()
        loop.add_signal_handler(signal.SIGTERM, server.stop, app.config["SETTINGS"].drain_seconds)
        loop.add_signal_handler(signal.SIGINT, server.stop)
        if master is None:
            on_hangup(loop, warn_of_pause, server.stop)
        runner.run(server.run(listener, master))


def event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # it has no wheels for some systems
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class Connection(TCPServer):
    """Hypercorn's, but it hangs up on a client that does not read."""

    def __init__(self, send_seconds: float, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.send_seconds = send_seconds

    async def protocol_send(self, event: Event) -> None:
        limit = asyncio.timeout(self.send_seconds or None)
        with suppress(TimeoutError):
            async with limit:
                await super().protocol_send(event)
        if limit.expired():  # hypercorn may have swallowed it
            self.writer.transport.abort()


class Server:
    """Knows every connection and every request, so that it can end those that outlast the grace.

    Hypercorn's own cannot: where asyncio waits for every connection of a server that closes, which is from Python 3.12
    on and with uvloop, its `graceful_timeout` never begins (github.com/pgjones/hypercorn/issues/308). And it waits for
    every client to take its answer, which one that does not read never does.
    """

    def __init__(self, app: Quart, on_ready: Callable[[], None], notifier: Notifier = NOBODY) -> None:
        settings: Settings = app.config["SETTINGS"]
        self.app = app
        self.notifier = notifier
        self.grace_seconds = settings.grace_seconds
        self.send_seconds = settings.send_seconds
        self.on_ready = on_ready
        self.config = hypercorn_config()
        app.config["RESPONSE_TIMEOUT"] = None  # for a whole answer; send_seconds, for each piece, lets long ones pass
        self.context = WorkerContext(max_requests=None)
        self.connections: dict[asyncio.Task[Any], asyncio.WriteTransport] = {}
        self.stopping = asyncio.Event()
        self.closing = asyncio.Event()
        self.hurrying = asyncio.Event()

    async def run(self, listener: socket, master: socket | None = None) -> None:
        """Until `stop` is called, or `master` closes its end."""
        if master:
            loop = asyncio.get_running_loop()
            loop.add_reader(master, self.on_master_gone, loop, master)
        await self.app.startup()
        try:
            await self.serve(listener)
        finally:
            await self.app.shutdown()

    async def serve(self, listener: socket) -> None:
        server = await asyncio.start_server(self.on_connection, sock=listener, backlog=BACKLOG)
        self.on_ready()
        telling = asyncio.create_task(self.notifier.keep_telling(self.stopping))
        await self.closing.wait()
        await telling
        server.close()
        self.app.shutdown_event.set()  # what would go on for ever may look at it
        await self.context.terminated.set()  # hypercorn's connections end after the request they are at
        await self.end()

    async def on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        task = this_task()
        self.connections[task] = writer.transport
        try:
            asgi = ASGIWrapper(self.app)
            await Connection(self.send_seconds, asgi, loop, self.config, self.context, {}, reader, writer)
        finally:
            del self.connections[task]

    def stop(self, drain_seconds: float = 0.0) -> None:
        """The first call lets requests finish, the second does not. New ones are taken for `drain_seconds`."""
        if self.stopping.is_set():
            self.closing.set()
            return self.hurrying.set()
        self.stopping.set()
        self.app.extensions["readiness"].stopping = True
        loop = asyncio.get_running_loop()
        loop.call_later(min(drain_seconds, self.grace_seconds), self.closing.set)
        loop.call_later(self.grace_seconds, self.hurrying.set)

    async def end(self) -> None:
        """What still runs gets the grace; then it is cancelled; then its client is hung up on."""
        idle = asyncio.create_task(self.until_idle())
        hurried = asyncio.create_task(self.hurrying.wait())
        await asyncio.wait([idle, hurried], return_when=asyncio.FIRST_COMPLETED)
        for task in {*running_requests(self.app), *self.app.background_tasks}:
            task.cancel()
        await asyncio.wait([idle], timeout=CUT_SECONDS)
        for transport in self.connections.values():
            transport.abort()
        await asyncio.wait([idle], timeout=ABORT_SECONDS)

    async def until_idle(self) -> None:
        while running := {*self.connections, *self.app.background_tasks}:
            await asyncio.wait(running)

    def on_master_gone(self, loop: asyncio.AbstractEventLoop, master: socket) -> None:
        loop.remove_reader(master)
        if not self.stopping.is_set():
            self.stop()


def warn_of_pause() -> None:
    log.warning("SIGHUP replaces nothing: a single process cannot be replaced without a pause; --workers 2 can")


def hypercorn_config() -> Config:
    config = Config()
    config.include_server_header = False
    config.errorlog = logging.getLogger("hypercorn.error")
    return config


def work(listener: socket) -> None:
    """Standard input is a socket whose other end the master holds."""
    master = socket(fileno=sys.stdin.fileno())
    try:
        settings = Settings.from_environment()
        log_as_json(settings.log_level)
        run_server(create_app(settings), listener, lambda: master.sendall(b"."), master)
    except ValueError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    work(socket(fileno=int(sys.argv[1])))
