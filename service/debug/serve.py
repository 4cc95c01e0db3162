"""The server of a developer: the same application, with what it asks recorded and its failures shown to this machine.

Run as a program it is a worker of supervise.py: `python -m service.debug.serve NUMBER-OF-THE-LISTENER`.
"""

import logging
import sys
from socket import socket
from typing import cast

from quart import Quart

from service.app import create_app
from service.debug.local import is_loopback
from service.debug.pages import blueprint, show_failure
from service.debug.recording import record
from service.running.serve import run_server
from service.settings import Settings


def debug_app(settings: Settings) -> Quart:
    """Raises ValueError where a proxy may stand in front: who comes through it looks as if from this machine."""
    if settings.trusted_proxies:
        raise ValueError("--debug is for a server that no proxy stands before: unset HOMEROOM_TRUSTED_PROXIES")
    app = create_app(settings)
    app.register_blueprint(blueprint)
    app.register_error_handler(Exception, show_failure)
    app.extensions["recorder"] = recorder = record(app)
    app.asgi_app = cast(object, recorder)  # type: ignore[method-assign,assignment]
    return app


def log_plainly(level: str) -> None:
    logging.basicConfig(level=level, format="%(levelname)s %(message)s", force=True)
    for talkative in ("service.running.logs", "hypercorn", "alembic", "aiosqlite", "asyncio"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


def work(listener: socket) -> None:
    """Standard input is a socket whose other end the master holds."""
    master = socket(fileno=sys.stdin.fileno())
    try:
        if not is_loopback(listener.getsockname()[0]):
            raise ValueError("--debug serves this machine only: --bind 127.0.0.1:8000")
        settings = Settings.from_environment()
        log_plainly(settings.log_level)
        run_server(debug_app(settings), listener, lambda: master.sendall(b"."), master)
    except ValueError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    work(socket(fileno=int(sys.argv[1])))
