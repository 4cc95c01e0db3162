"""The programs in the documents run as they stand there, on an empty database."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WHOLE = re.compile(r"```python\n(from sqlalchemy import .*?)```", re.DOTALL)  # those that import what they need
PROGRAMS = {
    f"{document.relative_to(ROOT)}-{number}": program
    for document in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    for number, program in enumerate(WHOLE.findall(document.read_text()))
}
RUN = """
import ast, asyncio, sys
work = eval(compile(sys.argv[1], "the document", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), {})
if work:
    asyncio.run(work)
"""


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_in_a_document_runs(name: str, sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "homeroom.db")
    command = [sys.executable, "-c", RUN, PROGRAMS[name]]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


def test_there_are_such_programs() -> None:
    assert len(PROGRAMS) >= 2
