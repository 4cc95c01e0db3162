"""The host in links, references and documents."""

import re
from typing import Any

import pytest

from service.app import create_app
from service.settings import Settings
from tests.api.calls import DOCUMENTS, ROSTERING, Caller
from tests.doors import SECRET_KEY


async def ask(url: str, headers: dict[str, str], **settings: Any) -> tuple[str, str, str]:
    """The addresses in the links, in a reference, and in the discovery document."""
    app = create_app(Settings(database_url=url, secret_key=SECRET_KEY, **settings))
    async with app.test_app():
        caller = Caller(app)
        orgs = await caller.get(f"{ROSTERING}/orgs", headers=headers, filter="sourcedId='lincoln'")
        document = (await caller.get(DOCUMENTS["rostering"], headers=headers)).json
        [link] = re.findall('<([^>]*)/orgs[^>]*>; rel="first"', orgs.headers["Link"])
        return (
            link,
            orgs.items()[0]["parent"]["href"].removesuffix("/orgs/springfield"),
            document["servers"][0]["url"],
        )


async def test_addresses_are_where_the_client_asked(springfield_url: str) -> None:
    found = await ask(springfield_url, {"Host": "sis.example:8443"})

    assert found == (f"http://sis.example:8443{ROSTERING}",) * 3


async def test_addresses_are_what_the_settings_say(springfield_url: str) -> None:
    found = await ask(springfield_url, {"Host": "inside:1"}, public_url="https://sis.example/oneroster/")

    assert found == (f"https://sis.example/oneroster{ROSTERING}",) * 3


@pytest.mark.parametrize(("proxies", "host"), [(0, "http://inside:1"), (1, "https://sis.example")])
async def test_addresses_are_what_a_trusted_proxy_says(proxies: int, host: str, springfield_url: str) -> None:
    said = {"Host": "inside:1", "X-Forwarded-Host": "sis.example", "X-Forwarded-Proto": "https"}
    said["X-Forwarded-For"] = "192.0.2.1"

    assert await ask(springfield_url, said, trusted_proxies=proxies) == (f"{host}{ROSTERING}",) * 3


@pytest.mark.parametrize("host", ["", "a b", 'x"><script>', "evil.example/path"])
async def test_addresses_are_not_made_of_nonsense(host: str, offline: Caller) -> None:
    answer = await offline.get(f"{ROSTERING}/orgs", headers={"Host": host})

    assert answer.status == 400
