"""`homeroom serve`: one process, several, and how they end."""

import os
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from tests.doors import SECRET_KEY
from tests.scripts.programs import OTHER_HALF, Server, homeroom_says, serving


@pytest.fixture
def url(sqlite_template: Path) -> str:
    """A database that a test may share: it is only read."""
    return f"sqlite+aiosqlite:///{sqlite_template}"


def answer(connection: socket.socket) -> bytes:
    with connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))


def until_refused(server: Server) -> None:
    for _ in range(600):
        try:
            server.connect().close()
        except OSError:
            return
        time.sleep(0.05)
    raise AssertionError("the port is still served")


def test_it_answers_and_ends_well(database_url: str) -> None:
    with serving(database_url) as server:
        form = {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "x"}
        response = httpx.post(f"{server.address}/oauth2/token", data=form)
        server.process.terminate()

        assert response.json()["error"] == "invalid_client"
        assert server.process.wait() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_lets_a_running_request_finish_and_takes_no_new_one(url: str, workers: str) -> None:
    with serving(url, "--workers", workers) as server:
        running = server.half_a_request()
        httpx.get(server.address)  # a server that answers this has begun the one before
        server.process.terminate()
        until_refused(server)
        running.sendall(OTHER_HALF)

        assert answer(running).startswith(b"HTTP/1.1 401")
        assert server.process.wait() == 0


def test_a_request_that_outlasts_the_grace_is_cut(url: str) -> None:
    with serving(url, HOMEROOM_GRACE_SECONDS="0.1") as server:
        running = server.half_a_request()
        httpx.get(server.address)
        server.process.terminate()

        assert answer(running).startswith(b"HTTP/1.1 500")
        assert server.process.wait() == 0


def test_a_second_signal_does_not_wait(url: str) -> None:
    with serving(url, HOMEROOM_GRACE_SECONDS="1000") as server:
        running = server.half_a_request()
        httpx.get(server.address)
        server.process.terminate()
        until_refused(server)
        server.process.send_signal(signal.SIGINT)

        assert answer(running).startswith(b"HTTP/1.1 500")
        assert server.process.wait() == 0


def test_workers_do_not_outlive_their_master(url: str) -> None:
    with serving(url, "--workers", "2") as server:
        server.process.kill()

        until_refused(server)


async def test_a_port_in_use_is_one_line(url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        result = await homeroom_says(url, "serve", "--bind", bind)

    assert result.exit_code == 1
    assert result.stderr == f"Error: cannot listen on {bind}: Address already in use; --bind names another\n"


@pytest.mark.parametrize("key", ["", "too short"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_without_a_secret_key_it_does_not_start(url: str, key: str, workers: str) -> None:
    with pytest.raises(AssertionError) as caught, serving(url, "--workers", workers, HOMEROOM_SECRET_KEY=key):
        pass

    [line] = str(caught.value).splitlines()[:1]
    assert line.startswith("Error: HOMEROOM_SECRET_KEY must be set")


async def test_a_database_that_is_not_migrated_is_refused(tmp_path: Path) -> None:
    result = await homeroom_says(f"sqlite+aiosqlite:///{tmp_path}/new.db", "serve")

    assert result.exit_code == 1
    assert "`homeroom migrate`" in result.stderr


def test_a_database_that_is_away_may_come_back() -> None:
    with serving("postgresql+asyncpg://127.0.0.1:1/homeroom") as server:
        assert httpx.get(f"{server.address}/nowhere").status_code == 404


@pytest.mark.parametrize("bind", ["8000", "host:", "host:port", "host:70000"])
async def test_an_address_without_host_and_port_is_wrong_usage(url: str, bind: str) -> None:
    result = await homeroom_says(url, "serve", "--bind", bind)

    assert result.exit_code == 2
    assert "HOST:PORT" in result.stderr
