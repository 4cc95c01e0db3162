"""The application in docs/reuse.md, on a real server: other tables, other settings, the same sessions."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.doors import scalar_on
from tests.serving import free_port, reachable

ROOT = Path(__file__).parent.parent
[PROGRAM] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "reuse.md").read_text(), re.DOTALL)


@pytest.fixture
async def library(database_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    (tmp_path / "library.py").write_text(PROGRAM)
    port = free_port()
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hypercorn", "library:app", "--bind", f"127.0.0.1:{port}", "-w", "0"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}", "LIBRARY_DATABASE_URL": database_url},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await reachable(port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            yield http
    finally:
        server.terminate()
        assert await server.wait() == 0


async def test_it_stores_reads_and_refuses(library: httpx.AsyncClient, database_url: str) -> None:
    stored = await library.put("/books/978-0", json={"title": "Emma"})
    found = await library.get("/books/978-0")
    missing = await library.get("/books/978-1")
    refused = await library.put("/books/978-2", json={"title": None})

    assert (stored.status_code, found.json()) == (201, {"isbn": "978-0", "title": "Emma"})
    assert (missing.status_code, missing.json()) == (404, {"error": "no such book"})
    assert (refused.status_code, refused.json()) == (422, {"error": "the database refused a value"})
    assert await scalar_on(database_url, "SELECT count(*) FROM books") == 1


async def test_many_at_once_leave_no_connection_behind(library: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(library.put(f"/books/{number}", json={"title": "x"}) for number in range(30)),
        *(library.get(f"/books/none-{number}") for number in range(30)),
    )
    again = await asyncio.gather(*(library.get(f"/books/{number}") for number in range(30)))

    assert {answer.status_code for answer in answers} == {201, 404}
    assert {answer.status_code for answer in again} == {200}
