"""`homeroom serve`: one process, several, and how they end."""

import fcntl
import os
import pty
import signal
import socket
import subprocess
import termios
import time
from pathlib import Path

import httpx
import pytest

from tests.scripts.programs import OTHER_HALF, PYTHON, RunningServer, homeroom_says, port_said, serving, surroundings


@pytest.fixture
def url(sqlite_template: Path) -> str:
    """A database that tests may share: they only read it."""
    return f"sqlite+aiosqlite:///{sqlite_template}"


def answer(connection: socket.socket) -> bytes:
    with connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))


def until_refused(server: RunningServer) -> None:
    for _ in range(600):
        try:
            server.connect().close()
        except OSError:
            return
        time.sleep(0.05)
    raise AssertionError("the port is still served")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_lets_a_running_request_finish_and_takes_no_new_one(url: str, workers: str) -> None:
    with serving(url, "--workers", workers) as server:
        running = server.half_a_request()
        assert httpx.get(f"{server.address}/nowhere").status_code == 404  # so the one before has begun
        server.process.terminate()
        until_refused(server)
        running.sendall(OTHER_HALF)

        assert answer(running).startswith(b"HTTP/1.1 401")
        assert server.process.wait() == 0


def test_a_single_process_goes_on_when_it_is_told_to_reload(url: str) -> None:
    with serving(url) as server:
        assert server.process.stderr
        server.process.send_signal(signal.SIGHUP)

        assert "cannot be replaced without a pause" in server.process.stderr.readline()
        assert httpx.get(f"{server.address}/healthz").status_code == 200


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_ends_with_its_terminal(url: str, workers: str) -> None:
    """Also one that reloads at the same signal: it would stay, unseen, at its port."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        (*PYTHON, "scripts.homeroom", "serve", "--bind", "127.0.0.1:0", "--workers", workers),
        env=surroundings(url),
        stdin=theirs,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as process:
        os.close(theirs)
        assert process.stderr
        port_said(process.stderr)
        os.close(ours)

        assert process.wait(60) == 0


def test_a_log_that_nobody_reads_does_not_stop_the_server(url: str) -> None:
    with serving(url) as server, httpx.Client(base_url=server.address, timeout=60) as client:
        for _ in range(400):  # twice as many lines as a pipe holds
            assert client.get("/healthz").status_code == 200


def test_metrics_are_those_of_all_workers(url: str) -> None:
    with serving(url, "--workers", "2") as server:
        for _ in range(20):  # each on a connection of its own, to whichever worker takes it
            httpx.get(f"{server.address}/nowhere")
        seen = [httpx.get(f"{server.address}/metrics").text for _ in range(4)]

    requests = 'homeroom_requests_total{endpoint="none",method="GET",status="404"} 20.0'
    assert [requests in text for text in seen] == [True] * 4


async def test_a_port_in_use_is_one_line(url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        result = await homeroom_says(url, "serve", "--bind", bind)

    assert result.exit_code == 1
    assert result.stderr == f"Error: cannot listen on {bind}: Address already in use; --bind names another\n"


@pytest.mark.parametrize("key", ["", "too short"])
async def test_without_a_secret_key_it_does_not_start(url: str, key: str) -> None:
    result = await homeroom_says(url, "serve", "--bind", "127.0.0.1:0", HOMEROOM_SECRET_KEY=key)

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: HOMEROOM_SECRET_KEY must be set")


async def test_a_database_that_is_not_migrated_is_refused(tmp_path: Path) -> None:
    result = await homeroom_says(f"sqlite+aiosqlite:///{tmp_path}/new.db", "serve")

    assert result.exit_code == 1
    assert "`homeroom migrate`" in result.stderr


async def test_a_database_that_is_away_may_come_back() -> None:
    nowhere = "postgresql+asyncpg://127.0.0.1:1/homeroom"
    result = await homeroom_says(nowhere, "serve", "--bind", "127.0.0.1:0", HOMEROOM_SECRET_KEY="")

    away, refused = result.stderr.splitlines()
    assert away.endswith("serving all the same, until it is there")
    assert "HOMEROOM_SECRET_KEY" in refused


@pytest.mark.parametrize("bind", ["8000", "host:", "host:port", "host:70000"])
async def test_an_address_without_host_and_port_is_wrong_usage(url: str, bind: str) -> None:
    result = await homeroom_says(url, "serve", "--bind", bind)

    assert result.exit_code == 2
    assert "HOST:PORT" in result.stderr
