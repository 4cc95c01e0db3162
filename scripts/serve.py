"""Serve the API and the pages over HTTP.

Example: homeroom serve --bind 0.0.0.0:8000 --workers 4
"""

import asyncio
import ipaddress
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from scripts.running import Unreachable, UnusableSettings, open_database, read_settings
from service.running.logs import log_as_json
from service.running.notify import Notifier
from service.running.reload import keep_reloading
from service.running.supervise import Supervisor, supervise
from service.settings import Settings

WORKER = (sys.executable, "-m", "service.running.serve")
DEBUG_WORKER = (sys.executable, "-m", "service.debug.serve")
CHECKOUT = Path(__file__).parents[1]


def parse_bind(_context: click.Context, _option: click.Parameter, text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter(f"{text!r} is not HOST:PORT, such as 127.0.0.1:8000 or [::]:8000")
    return host.strip("[]"), int(port)


@click.command()
@click.option(
    "--bind",
    metavar="HOST:PORT",
    default="127.0.0.1:8000",
    show_default=True,
    callback=parse_bind,
    help="Where to listen; 0.0.0.0:8000 is every address of this machine.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes, about one for each processor; on PostgreSQL, each has its own connections.",
)
@click.option(
    "--debug",
    is_flag=True,
    help="For developers, on this machine only: reload on change, tracebacks in the browser, /debug/requests.",
)
def serve(bind: tuple[str, int], workers: int, *, debug: bool) -> None:
    """Serve the API and the pages over HTTP, until Ctrl-C or SIGTERM.

    It needs HOMEROOM_SECRET_KEY, at least 32 characters that nobody can guess and that are the same in every process,
    and a migrated database. Put a proxy that speaks HTTPS in front, and set HOMEROOM_TRUSTED_PROXIES=1.

    SIGTERM lets running requests finish within HOMEROOM_GRACE_SECONDS, then ends with exit code 0; a second one does
    not wait. With --workers of 2 or more, a process that dies is replaced, and SIGHUP replaces all, one after the
    other, without refusing a request; a single one goes on as it is. A terminal that is closed ends it.

    \b
    Examples:
      homeroom serve
      homeroom serve --bind 0.0.0.0:8000 --workers 4
    """
    settings = read_settings()
    expect_migrated(settings)
    notifier = Notifier.taken_from(os.environ)
    with listen(*bind) as listener:
        served = f"serving {address(*listener.getsockname()[:2])}"
        if debug:
            sys.exit(serve_for_a_developer(settings, listener, workers))
        if workers == 1:
            return serve_here(settings, listener, partial(announce, served, notifier), notifier)
        begin_log(settings)
        with shared_metrics() as forget:
            supervisor = Supervisor(WORKER, listener, workers, settings.grace_seconds, on_end=forget)
            on_ready = partial(announce, f"{served} with {workers} workers", notifier)
            sys.exit(asyncio.run(supervise(supervisor, on_ready, notifier)))


def serve_for_a_developer(settings: Settings, listener: socket.socket, workers: int) -> int:
    """The exit code. The worker looks at the address again, and so nothing else can start it for the world."""
    host, port = listener.getsockname()[:2]
    if workers > 1 or not ipaddress.ip_address(host).is_loopback:
        raise click.UsageError("--debug serves this machine only, with one worker: --bind 127.0.0.1:8000")
    begin_log(settings)
    supervisor = Supervisor(DEBUG_WORKER, listener, 1, settings.grace_seconds)

    def ready() -> None:
        say(f"serving {address(host, port)} for a developer; what requests ask: {address(host, port)}/debug/requests")
        supervisor.begin(keep_reloading(supervisor, CHECKOUT))

    return asyncio.run(supervise(supervisor, ready))


def announce(served: str, notifier: Notifier) -> None:
    say(served)
    notifier.tell_ready(served)


def begin_log(settings: Settings) -> None:
    try:
        log_as_json(settings.log_level)
    except ValueError as error:
        raise UnusableSettings(str(error)) from error


def expect_migrated(settings: Settings) -> None:
    """A database that is away may come back, and the service then goes on; one without tables stays useless."""

    async def reach() -> None:
        async with open_database(settings):
            pass

    try:
        asyncio.run(reach())
    except Unreachable as error:
        say(f"{error.message}; serving all the same, until it is there")


def address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        why = (error.strerror or str(error)).partition(" (")[0]
        raise click.ClickException(f"cannot listen on {host}:{port}: {why}; --bind names another") from error


def serve_here(settings: Settings, listener: socket.socket, on_ready: Callable[[], None], notifier: Notifier) -> None:
    # not at the top: the master of workers serves nothing itself
    from service.app import create_app
    from service.running.serve import run_server

    try:
        app = create_app(settings)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    begin_log(settings)
    run_server(app, listener, on_ready, notifier=notifier)


@contextmanager
def shared_metrics() -> Iterator[Callable[[int], object]]:
    """A folder where each worker writes its numbers down, so that `/metrics` has those of all, whichever it asks.

    Yields what is to be told of a worker that ended: it has no connections any more, but its requests still count.
    """
    with TemporaryDirectory(prefix="homeroom-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # the library looks there when a worker imports it
        from prometheus_client.multiprocess import mark_process_dead

        yield mark_process_dead


def say(text: str) -> None:
    click.echo(f"homeroom: {text}", err=True)


if __name__ == "__main__":
    serve(prog_name="homeroom serve")
