"""Programs of others that what is in deploy/ is written for: where they are installed, the tests run them."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.postgres import end_with_parent

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
FOLDERS = "/usr/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin:/opt/homebrew/bin"  # not every PATH has Debian's


def required(program: str, variable: str, where: str) -> str:
    """The path of the program. The test is skipped without it, or fails if the variable is set."""
    found = shutil.which(program) or shutil.which(program, path=FOLDERS)
    if found:
        return found
    reason = f"NOT TESTED WITH {program.upper()}: it is not installed ({where})"
    if os.environ.get(variable):
        raise RuntimeError(reason)
    pytest.skip(reason)


@contextmanager
def running(command: Sequence[str], folder: Path, port: int) -> Iterator[None]:
    """The program, from when it listens at the port until the block ends. `folder` is its home, with its log."""
    environment = {"HOME": str(folder), "PATH": FOLDERS}
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, preexec_fn=end_with_parent())
    try:
        while not listens(port):
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.02)
        yield
    finally:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
