"""The commands as a user meets them: in this process, or as a program of their own."""

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner, Result

from scripts.homeroom import homeroom
from tests.doors import SECRET_KEY

PYTHON = (sys.executable, "-m")
HALF = b"POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 29\r\nConnection: close\r\n" + (
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\ngrant_type="
)
OTHER_HALF = b"client_credentials"


def surroundings(url: str, **settings: str) -> dict[str, str]:
    """Only what is given: a setting of the developer's own would change what the tests see."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("HOMEROOM_")}
    return ours | {"HOMEROOM_DATABASE_URL": url, "HOMEROOM_SECRET_KEY": SECRET_KEY} | settings


async def homeroom_says(url: str, *arguments: str, **settings: str) -> Result:
    """`homeroom` with these arguments; in a thread, because commands bring their own event loop."""
    given = {name: None for name in os.environ if name.startswith("HOMEROOM_")} | surroundings(url, **settings)
    return await asyncio.to_thread(CliRunner().invoke, homeroom, arguments, env=given)


async def until(condition: Callable[[], object]) -> None:
    for _ in range(3000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


async def until_async(question: Callable[[], Awaitable[object]], answer: object) -> None:
    for _ in range(600):
        if (last := await question()) == answer:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"it stayed {last!r}")


class RunningServer:
    """A running `homeroom serve`."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def half_a_request(self) -> socket.socket:
        """A request that runs until the caller sends OTHER_HALF."""
        connection = self.connect()
        connection.sendall(HALF)
        return connection


def port_said(lines: Iterable[str]) -> int:
    said = []
    for line in lines:
        if found := re.search(r"serving http://127\.0\.0\.1:(\d+)", line):
            return int(found[1])
        said.append(line)
    raise AssertionError("".join(said))


def serving(url: str, *arguments: str, **settings: str) -> AbstractContextManager[RunningServer]:
    return serving_by(Path(sys.executable), Path.cwd(), url, *arguments, **settings)


@contextmanager
def serving_by(python: Path, cwd: Path, url: str, *arguments: str, **settings: str) -> Iterator[RunningServer]:
    command = [str(python), "-m", "scripts.homeroom", "serve", "--bind", "127.0.0.1:0", *arguments]
    with (
        TemporaryDirectory() as folder,  # where it may leave what it has no time to clear away
        subprocess.Popen(
            command, cwd=cwd, env=surroundings(url, TMPDIR=folder, **settings), stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stderr
        try:
            yield RunningServer(process, port_said(process.stderr))
        finally:
            process.kill()
