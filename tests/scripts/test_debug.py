"""`homeroom serve --debug`: what a developer sees, and that nobody else does."""

import asyncio
import logging
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from quart import Quart, Response, g
from quart.testing import QuartClient
from sqlalchemy import select

from models import Category, User
from service.access import SCOPES, allow
from service.app import create_app
from service.debug.local import is_local
from service.debug.serve import debug_app
from service.settings import Settings
from tests.doors import bearer
from tests.scripts.programs import RunningServer, homeroom_says, port_said, surroundings, until_async

CHECKOUT = Path(__file__).parents[2]
HERE = {"client": ("127.0.0.1", 50_000)}
HTML = {"Accept": "text/html"}
USERS = "/ims/oneroster/rostering/v1p2/users"


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Quart]:
    app = debug_app(settings)
    for view in (ask_in_a_loop, fail):
        app.add_url_rule(f"/{view.__name__}", view_func=allow()(view))
    async with app.test_app():
        yield app


async def ask_in_a_loop() -> str:
    for sourced_id in ("first", "second", "third"):
        await g.session.get(Category, sourced_id)
    return "asked"


async def fail() -> str:
    raise LookupError("<b>nothing</b> there")


async def ask(app: Quart, path: str, scope: Any = HERE, **headers: str) -> Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await QuartClient(app).get(path, headers=given, scope_base=scope)


async def read(app: Quart, path: str = "/debug/requests") -> str:
    answer = await ask(app, path)
    assert answer.status_code == 200
    return await answer.get_data(as_text=True)


async def test_a_request_is_shown_with_its_statements_and_the_lines_that_asked(app: Quart) -> None:
    await ask(app, f"{USERS}?filter=familyName='Zeppelin'", **bearer(*SCOPES))

    assert f'<a href="/debug/requests/1">GET {USERS}?filter</a>' in await read(app)
    shown = await read(app, "/debug/requests/1")
    assert "FROM users" in shown
    assert "service/lists/reading.py:" in shown
    assert "(str, " in shown  # the types of what it was given
    assert "Zeppelin" not in shown


async def test_a_statement_that_a_loop_repeats_is_warned_of(app: Quart, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await ask(app, "/ask_in_a_loop")

    assert "one statement 3 times" in await read(app)
    assert (await read(app, "/debug/requests/1")).count("asked 3 times") == 3
    assert "/ask_in_a_loop asked the same statement 3 times" in caplog.text


async def test_a_statement_tells_its_rows(app: Quart, settings: Settings) -> None:
    async def list_users() -> str:
        return str(len((await g.session.scalars(select(User))).all()))

    app.add_url_rule("/list_users", view_func=allow()(list_users))
    async with app.extensions["database"].transaction() as session:
        session.add_all(
            User(sourced_id=name, username=name, given_name=name, family_name=name, enabled_user=True)
            for name in ("ana", "ben", "cleo")
        )
    await ask(app, "/list_users")

    assert re.search(r'<td class="number">3\n<td>[^\n]*<pre>SELECT', await read(app, "/debug/requests/1"))


async def test_a_failure_is_shown_to_the_browser_on_this_machine(app: Quart) -> None:
    answer = await ask(app, "/fail", **HTML)
    text = await answer.get_data(as_text=True)

    assert answer.status_code == 500
    assert "Traceback (most recent call last)" in text
    assert "LookupError: &lt;b&gt;nothing&lt;/b&gt; there" in text
    assert "default-src &#39;none&#39;" not in text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_program_on_this_machine_is_told_where_the_traceback_is(app: Quart) -> None:
    answer = await ask(app, "/fail")

    assert (await answer.get_json())["imsx_description"] == "this is our fault; it has been logged"
    assert answer.headers["X-Debug"] == "http://localhost/debug/requests/1"
    assert "LookupError" in await read(app, "/debug/requests/1")


ELSEWHERE: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"client": ("192.0.2.1", 50_000)}, {}),
    ({"client": None}, {}),
    (HERE, {"Host": "evil.example"}),
    (HERE, {"Host": "127.0.0.1.evil.example"}),
    (HERE, {"Host": "localhost@evil.example"}),
    (HERE, {"X_Forwarded_For": "127.0.0.1"}),
    (HERE, {"Forwarded": "for=127.0.0.1"}),
    (HERE, {"Via": "1.1 proxy"}),
]


@pytest.mark.parametrize(("scope", "headers"), ELSEWHERE)
async def test_nobody_else_sees_anything(scope: dict[str, Any], headers: dict[str, str], app: Quart) -> None:
    await ask(app, "/fail")
    failed = await ask(app, "/fail", scope, **HTML, **headers)

    assert "LookupError" not in await failed.get_data(as_text=True)
    assert "X-Debug" not in failed.headers
    for path in ("/debug/requests", "/debug/requests/1"):
        refused = await ask(app, path, scope, **headers)
        assert refused.status_code == 404
        assert "LookupError" not in await refused.get_data(as_text=True)


def test_a_host_that_is_none_is_not_this_machine() -> None:
    asked = {**HERE, "headers": [(b"host", b"[::1")]}

    assert not is_local(asked)
    assert not is_local({**asked, "headers": []})
    assert not is_local({**asked, "headers": [(b"host", b"localhost"), (b"Host", b"localhost")]})
    assert is_local({**asked, "headers": [(b"host", b"localhost")]})


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
async def test_this_machine_has_several_names(host: str, app: Quart) -> None:
    assert (await ask(app, "/debug/requests", Host=host)).status_code == 200


async def test_only_the_last_requests_are_kept(app: Quart) -> None:
    for _ in range(101):
        await ask(app, "/healthz")

    assert (await ask(app, "/debug/requests/1")).status_code == 404
    assert (await ask(app, "/debug/requests/2")).status_code == 200


async def test_without_the_flag_there_is_nothing_to_see(settings: Settings) -> None:
    app = create_app(settings)
    async with app.test_app():
        assert (await ask(app, "/debug/requests")).status_code == 404


def test_behind_a_proxy_it_does_not_start(settings: Settings) -> None:
    with pytest.raises(ValueError, match="HOMEROOM_TRUSTED_PROXIES"):
        debug_app(replace(settings, trusted_proxies=1))


@pytest.mark.parametrize("arguments", [("--bind", "0.0.0.0:0"), ("--bind", "127.0.0.1:0", "--workers", "2")])
async def test_it_serves_this_machine_only(arguments: tuple[str, ...], sqlite_template: Path) -> None:
    result = await homeroom_says(f"sqlite+aiosqlite:///{sqlite_template}", "serve", "--debug", *arguments)

    assert result.exit_code == 2
    assert "--debug serves this machine only" in result.stderr


def test_its_worker_does_not_start_elsewhere_either(sqlite_template: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, socket.create_server(("0.0.0.0", 0)) as listener:  # noqa: S104 - which it must refuse
        command = [sys.executable, "-m", "service.debug.serve", str(listener.fileno())]
        done = subprocess.run(
            command,
            pass_fds=[listener.fileno()],
            stdin=theirs.fileno(),
            env=surroundings(f"sqlite+aiosqlite:///{sqlite_template}"),
            capture_output=True,
            text=True,
        )

    assert (done.returncode, done.stderr) == (1, "Error: --debug serves this machine only: --bind 127.0.0.1:8000\n")


@contextmanager
def serving_a_checkout(folder: Path, url: str) -> Iterator[RunningServer]:
    """`homeroom serve --debug` of a copy of the code, which a test may change."""
    for name in ("models", "service", "scripts", "alembic"):
        shutil.copytree(CHECKOUT / name, folder / name)
    shutil.copy(CHECKOUT / "alembic.ini", folder)
    command = [sys.executable, "-m", "scripts.homeroom", "serve", "--debug", "--bind", "127.0.0.1:0"]
    with subprocess.Popen(command, cwd=folder, env=surroundings(url), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            yield RunningServer(process, port_said(process.stderr))
        finally:
            process.terminate()
            process.stderr.read()
            assert process.wait() == 0


def until_said(server: RunningServer, text: str) -> None:
    assert server.process.stderr
    assert any(text in line for line in server.process.stderr)


async def test_code_that_changes_is_reloaded_and_code_that_does_not_start_is_not(
    tmp_path: Path, sqlite_template: Path
) -> None:
    file = tmp_path / "service" / "api" / "index.py"
    with serving_a_checkout(tmp_path, f"sqlite+aiosqlite:///{sqlite_template}") as server:

        async def page() -> str:
            async with httpx.AsyncClient(timeout=30) as http:
                return (await http.get(server.address, headers=HTML)).text

        async def shows(text: str) -> bool:
            return text in await page()

        good = file.read_text()
        assert await shows("student information service")
        file.write_text(good.replace("base = base_url()", 'raise LookupError("a fault of today")'))
        await until_async(lambda: shows("LookupError: a fault of today"), True)
        assert "service/api/index.py" in await page()
        file.write_text("this is no Python")
        await asyncio.to_thread(until_said, server, "SyntaxError")
        assert await shows("LookupError: a fault of today")
        file.write_text(good.replace("student information service", "service that was mended"))
        await until_async(lambda: shows("service that was mended"), True)
