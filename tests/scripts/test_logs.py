"""What a server logs, at its most talkative: JSON, and nothing that is anybody's."""

import json
from typing import Any

import httpx
import pytest

from service.access import SCOPES
from tests.doors import bearer
from tests.scripts.programs import homeroom_says, serving

USERS = "/ims/oneroster/rostering/v1p2/users"


@pytest.fixture
def answer_and_log(database_url: str) -> tuple[httpx.Response, list[dict[str, Any]]]:
    """Of a request that asks for somebody."""
    settings = {"HOMEROOM_LOG_LEVEL": "DEBUG", "HOMEROOM_SLOW_SECONDS": "0"}  # so every statement is slow
    with serving(database_url, **settings) as server:
        params = {"filter": "familyName='Zappalotti'"}
        answer = httpx.get(server.address + USERS, params=params, headers=bearer(*SCOPES))
        server.process.terminate()
        assert server.process.stderr
        return answer, [json.loads(line) for line in server.process.stderr]


def test_a_request_is_a_line(answer_and_log: tuple[httpx.Response, list[dict[str, Any]]]) -> None:
    answer, log = answer_and_log

    [line] = [line for line in log if line["logger"] == "service.running.logs"]
    assert (line["level"], line["message"]) == ("INFO", "GET api.getAllUsers 200")
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert (line["method"], line["endpoint"], line["status"]) == ("GET", "api.getAllUsers", 200)
    assert line["ms"] >= line["database_ms"] > 0
    assert line["statements"] > 0
    assert line["time"].endswith("+00:00")


def test_no_line_holds_a_value(answer_and_log: tuple[httpx.Response, list[dict[str, Any]]]) -> None:
    _, log = answer_and_log

    assert any("a statement took" in line["message"] for line in log)
    assert "Zappalotti" not in repr(log)


async def test_a_level_that_there_is_not_is_refused(database_url: str) -> None:
    result = await homeroom_says(database_url, "serve", "--bind", "127.0.0.1:0", HOMEROOM_LOG_LEVEL="LOUD")

    assert result.exit_code == 2
    assert result.stderr == "Error: HOMEROOM_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR\n"
