"""A real PgBouncer for the tests, in transaction mode, with fewer connections to the server than clients want."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, make_url

from tests.postgres import end_with_parent, free_port, give, ordinary_account

START_SECONDS = 30
SERVER_CONNECTIONS = 3  # of each database
FOLDERS = "/usr/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin:/opt/homebrew/bin"  # not every PATH has Debian's

CONFIGURATION = """
[databases]
* = host={server.host} port={server.port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {size}
{more}
"""


class NoPgBouncer(Exception):
    """It is not installed."""


def find_pgbouncer() -> str:
    """Raises NoPgBouncer."""
    found = shutil.which("pgbouncer") or shutil.which("pgbouncer", path=FOLDERS)
    if not found:
        raise NoPgBouncer("no pgbouncer here: Debian's package has that name")
    return found


@contextmanager
def running_pgbouncer(program: str, database_url: str, more: str = "") -> Iterator[str]:
    """The URL of the database through it. `more` are lines of its configuration."""
    owner, url, port = ordinary_account(), make_url(database_url), free_port()
    with TemporaryDirectory(prefix="homeroom-pgbouncer-", dir="/tmp") as name:
        folder = Path(name)
        give(folder, owner)  # so nobody else can read the password in it
        configuration = write_configuration(folder, url, port, more)
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(
                [program, configuration], stdout=log, stderr=log, cwd="/", preexec_fn=end_with_parent(), **owner
            )
        try:
            wait_until_ready(process, port, folder / "log")
            yield url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        finally:
            process.kill()
            process.wait()


def write_configuration(folder: Path, server: URL, port: int, more: str) -> Path:
    """Its users are those of the server, by the same password."""
    owner = ordinary_account()
    text = CONFIGURATION.format(server=server, port=port, folder=folder, size=SERVER_CONNECTIONS, more=more)
    for name, content in {"users": f'"{server.username}" "{server.password}"\n', "pgbouncer.ini": text}.items():
        (folder / name).write_text(content)
        give(folder / name, owner)
    return folder / "pgbouncer.ini"


def wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PgBouncer does not start: {log.read_text()[-2000:]}")
        time.sleep(0.02)
