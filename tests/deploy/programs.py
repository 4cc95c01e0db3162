"""Programs of others that what is in deploy/ is written for: where they are installed, the tests run them."""

import os
import shutil
from pathlib import Path

import pytest

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
