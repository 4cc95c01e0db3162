"""Hypercorn in this process, with our settings and a shutdown that lets running requests finish.

Run as a program it is a worker of service/supervise.py: `python -m service.serve NUMBER-OF-THE-LISTENER`.
"""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from socket import socket
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart

from service.app import create_app
from service.logs import log_as_json
from service.settings import Settings

BACKLOG = 1024  # connections that wait to be accepted
CUT_SECONDS = 5.0  # for requests that were cancelled to give back what they hold


def run_server(
    settings: Settings, listener: socket, on_ready: Callable[[], None], master: socket | None = None
) -> None:
    """Serve until SIGTERM or Ctrl-C, or until `master` closes its end. Takes the listener over.

    Raises ValueError for settings that nothing can be served with.
    """
    log_as_json(settings.log_level)
    server = Server(create_app(settings), settings.grace_seconds, on_ready)
    with asyncio.Runner(loop_factory=event_loop) as runner:
        for number in (signal.SIGTERM, signal.SIGINT):
            runner.get_loop().add_signal_handler(number, server.stop)
        runner.run(server.run(listener, master))


def event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # it has no wheels for some systems
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class Server:
    """An ASGI application around ours: it knows the requests that run, and cuts those that outlast the grace.

    Hypercorn cannot: where asyncio waits for every connection of a server that closes, which is from Python 3.12 on
    and with uvloop, its `graceful_timeout` never begins (github.com/pgjones/hypercorn/issues/308).
    """

    def __init__(self, app: Quart, grace_seconds: float, on_ready: Callable[[], None]) -> None:
        self.app = app
        self.grace_seconds = grace_seconds
        self.on_ready = on_ready
        self.running: set[asyncio.Task[Any]] = set()
        self.stopping = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        task = asyncio.current_task()
        if task is None or scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        self.running.add(task)
        try:
            await self.app(scope, receive, send)
        finally:
            self.running.discard(task)

    async def run(self, listener: socket, master: socket | None = None) -> None:
        """Until `stop` is called, or `master` closes its end."""
        if master:
            loop = asyncio.get_running_loop()
            loop.add_reader(master, self.on_master_gone, loop, master)
        config = hypercorn_config(listener, self.grace_seconds)
        await serve(self, config, shutdown_trigger=self.until_told, mode="asgi")

    async def until_told(self) -> None:
        """Hypercorn calls this once it takes connections, and closes its listener when it returns."""
        self.on_ready()
        await self.stopping.wait()
        asyncio.get_running_loop().call_later(self.grace_seconds, self.cut)

    def stop(self) -> None:
        """The first call lets requests finish, the second does not."""
        if self.stopping.is_set():
            self.cut()
        self.app.extensions["readiness"].stopping = True
        self.stopping.set()

    def cut(self) -> None:
        for task in self.running:
            task.cancel()

    def on_master_gone(self, loop: asyncio.AbstractEventLoop, master: socket) -> None:
        loop.remove_reader(master)
        self.stopping.set()


def hypercorn_config(listener: socket, grace_seconds: float) -> Config:
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.backlog = BACKLOG
    config.graceful_timeout = grace_seconds + CUT_SECONDS
    config.include_server_header = False
    config.errorlog = logging.getLogger("hypercorn.error")
    return config


def work(listener: socket) -> None:
    """Standard input is a socket whose other end the master holds."""
    master = socket(fileno=sys.stdin.fileno())
    try:
        run_server(Settings.from_environment(), listener, lambda: master.sendall(b"."), master)
    except ValueError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    work(socket(fileno=int(sys.argv[1])))
