"""`homeroom client`: programs get access, are listed, lose it."""

import json
from typing import Any

from quart.typing import TestClientProtocol as Client

from service.access import SCOPES, full_scope
from tests.scripts.programs import homeroom_says


async def add(url: str, *arguments: str) -> dict[str, str]:
    result = await homeroom_says(url, "client", "add", *arguments, "--json")
    assert result.exit_code == 0, result.output
    credentials: dict[str, str] = json.loads(result.stdout)
    return credentials


async def listed(url: str) -> list[dict[str, Any]]:
    result = await homeroom_says(url, "client", "list", "--json")
    clients: list[dict[str, Any]] = json.loads(result.stdout)
    return clients


async def ask_for_a_token(client: Client, credentials: dict[str, str]) -> dict[str, Any]:
    form = {"grant_type": "client_credentials", **credentials}
    answer: dict[str, Any] = await (await client.post("/oauth2/token", form=form)).get_json()
    return answer


async def test_what_it_prints_opens_the_api(database_url: str, client: Client) -> None:
    credentials = await add(database_url, "An app", "--scope", "roster.readonly")

    assert (await ask_for_a_token(client, credentials))["scope"] == full_scope("roster.readonly")


async def test_people_get_two_lines_and_the_advice_beside_them(database_url: str) -> None:
    result = await homeroom_says(database_url, "client", "add", "An app", "--scope", "all")

    assert [line.split()[0] for line in result.stdout.splitlines()] == ["client_id", "client_secret"]
    assert "not shown again" in result.stderr


async def test_all_is_every_scope(database_url: str) -> None:
    await add(database_url, "An app", "--scope", "all", "--scope", "roster.readonly")

    assert (await listed(database_url))[0]["scopes"] == sorted(SCOPES)


async def test_scopes_of_1_1_are_named_by_their_version(database_url: str) -> None:
    await add(database_url, "An old app", "--scope", "v1p1:roster.readonly", "--scope", "gradebook.readonly")
    line = (await homeroom_says(database_url, "client", "list")).stdout

    assert (await listed(database_url))[0]["scopes"] == [
        "https://purl.imsglobal.org/spec/or/v1p1/scope/roster.readonly",
        "https://purl.imsglobal.org/spec/or/v1p2/scope/gradebook.readonly",
    ]
    assert sorted(line.split()[-2:]) == ["gradebook.readonly", "v1p1:roster.readonly"]


async def test_an_unknown_scope_is_wrong_usage_and_the_known_are_named(database_url: str) -> None:
    result = await homeroom_says(database_url, "client", "add", "An app", "--scope", "roster.write")

    assert result.exit_code == 2
    assert "no scope roster.write" in result.stderr
    assert "roster-demographics.readonly" in result.stderr
    assert await listed(database_url) == []


async def test_no_scope_is_wrong_usage(database_url: str) -> None:
    assert (await homeroom_says(database_url, "client", "add", "An app")).exit_code == 2


async def test_the_list_names_them_and_keeps_their_secrets(database_url: str) -> None:
    credentials = await add(database_url, "An app", "--scope", "roster.readonly")
    result = await homeroom_says(database_url, "client", "list")

    assert result.stdout.startswith(f"{credentials['client_id']}  An app  ")
    assert "roster.readonly" in result.stdout
    assert credentials["client_secret"] not in result.stdout


async def test_a_revoked_client_gets_no_token_and_stays_revoked(database_url: str, client: Client) -> None:
    credentials = await add(database_url, "An app", "--scope", "all")
    first = await homeroom_says(database_url, "client", "revoke", credentials["client_id"])
    since = (await listed(database_url))[0]["revoked_at"]
    again = await homeroom_says(database_url, "client", "revoke", credentials["client_id"])

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert (await ask_for_a_token(client, credentials))["error"] == "invalid_client"
    assert (await listed(database_url))[0]["revoked_at"] == since


async def test_revoking_a_client_that_is_not_there_fails(database_url: str) -> None:
    result = await homeroom_says(database_url, "client", "revoke", "nobody")

    assert result.exit_code == 1
    assert "no client nobody" in result.stderr
