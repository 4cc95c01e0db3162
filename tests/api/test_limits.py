"""How often a client may ask, and how wrong secrets are slowed down."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from quart import Quart, Response
from quart.testing import QuartClient

from service import limits
from service.access import SCOPES
from service.app import create_app
from service.limits import Guesses, Rates, neighbourhood
from service.settings import Settings
from tests.api.calls import ROSTERING, Caller, expect_refusal
from tests.doors import SECRET_KEY, bearer
from tests.metrics import read_metrics
from tests.samples import VENDOR_SECRET

ORGS = f"{ROSTERING}/orgs"
GRANT = {"grant_type": "client_credentials"}


class Clock:
    """A time that the test moves."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def limited(own_springfield: str) -> AsyncIterator[Quart]:
    """Behind a proxy that names the client's address; a request in a thousand seconds, three at once."""
    settings = Settings(database_url=own_springfield, secret_key=SECRET_KEY, trusted_proxies=1)
    app = create_app(replace(settings, client_rate=0.001, client_burst=3))
    async with app.test_app():
        yield app


async def ask(app: Quart, client_id: str, secret: str, address: str = "192.0.2.1") -> Response:
    form = {**GRANT, "client_id": client_id, "client_secret": secret}
    return await QuartClient(app).post("/oauth2/token", form=form, headers={"X-Forwarded-For": address})


async def guess(app: Quart, client_id: str, address: str = "192.0.2.1", times: int = 1) -> list[int]:
    return [(await ask(app, client_id, f"wrong {number}", address)).status_code for number in range(times)]


async def metrics_of(app: Quart) -> dict[str, float]:
    return read_metrics(await (await QuartClient(app).get("/metrics")).get_data(as_text=True))


async def test_a_client_over_its_rate_is_told_when_to_come_back(limited: Quart) -> None:
    caller = Caller(limited)
    answers = [await caller.get(ORGS) for _ in range(4)]

    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    expect_refusal(answers[-1], 429, "server_busy")
    assert 900 < int(answers[-1].headers["Retry-After"]) <= 1000
    assert (await metrics_of(limited))["homeroom_limited_total{by=rate}"] == 1


async def test_a_client_over_its_rate_costs_no_statement(limited: Quart, statements: list[str]) -> None:
    caller = Caller(limited)
    for _ in range(3):
        await caller.get(ORGS)
    statements.clear()

    assert (await caller.get(ORGS)).status == 429
    assert statements == []


async def test_another_client_has_a_rate_of_its_own(limited: Quart) -> None:
    caller = Caller(limited)
    for _ in range(4):
        await caller.get(ORGS)

    assert (await caller.get(ORGS, headers=bearer(*SCOPES, client_id="another"))).status == 200


async def test_requests_for_tokens_count_too(limited: Quart) -> None:
    answers = [await ask(limited, "vendor", VENDOR_SECRET) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert (await answers[-1].get_json())["error"] == "slow_down"
    assert int(answers[-1].headers["Retry-After"]) > 0


async def test_without_the_setting_there_is_no_limit(caller: Caller) -> None:
    assert {(await caller.get(ORGS, "HEAD")).status for _ in range(150)} == {200}


def test_a_bucket_fills_as_time_goes_by() -> None:
    clock = Clock()
    rates = Rates(per_second=10, burst=5, clock=clock)

    assert [rates.wait("a") for _ in range(5)] == [0] * 5
    assert rates.wait("a") == pytest.approx(0.1)
    assert rates.wait("b") == 0
    clock.now += 0.2
    assert [rates.wait("a") > 0 for _ in range(3)] == [False, False, True]
    clock.now += 1000
    assert [rates.wait("a") > 0 for _ in range(6)] == [False] * 5 + [True]


async def test_after_a_few_wrong_secrets_the_next_has_to_wait(limited: Quart, statements: list[str]) -> None:
    assert await guess(limited, "vendor", times=5) == [401] * 5
    statements.clear()
    refused = await ask(limited, "vendor", "wrong again")

    assert (refused.status_code, (await refused.get_json())["error"]) == (429, "slow_down")
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["Cache-Control"] == "no-store"
    assert statements == []
    assert (await metrics_of(limited))["homeroom_limited_total{by=guesses}"] == 1


async def test_the_right_secret_has_to_wait_as_well(limited: Quart) -> None:
    await guess(limited, "vendor", times=5)

    assert (await ask(limited, "vendor", VENDOR_SECRET)).status_code == 429


async def test_guesses_from_elsewhere_keep_no_client_out(limited: Quart) -> None:
    for number in range(20):
        await guess(limited, "vendor", f"198.51.100.{number}", times=6)

    assert (await ask(limited, "vendor", VENDOR_SECRET)).status_code == 200


async def test_guesses_at_one_client_do_not_slow_another_at_the_same_address(limited: Quart) -> None:
    await guess(limited, "former", times=6)

    assert (await ask(limited, "vendor", VENDOR_SECRET)).status_code == 200


async def test_whoever_tries_one_client_after_another_is_slowed_by_address(limited: Quart) -> None:
    statuses = [status for number in range(51) for status in await guess(limited, f"client-{number}")]

    assert statuses == [401] * 50 + [429]
    assert await guess(limited, "new", "2001:db8::1") == [401]


async def test_a_client_that_had_its_secret_right_goes_on_whatever_its_neighbours_do(limited: Quart) -> None:
    assert (await ask(limited, "vendor", VENDOR_SECRET)).status_code == 200
    for number in range(60):
        await guess(limited, f"client-{number}")

    assert (await ask(limited, "vendor", VENDOR_SECRET)).status_code == 200


async def test_the_next_address_of_the_same_line_helps_nobody(limited: Quart) -> None:
    for number in range(5):
        assert await guess(limited, "vendor", f"2001:db8:0:1::{number}") == [401]

    assert await guess(limited, "vendor", "2001:db8:0:1:ffff::9") == [429]
    assert await guess(limited, "vendor", "2001:db8:0:2::1") == [401]


@pytest.mark.parametrize(
    ("address", "of"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
        (None, ""),
    ],
)
def test_an_address_is_what_one_line_has(address: str | None, of: str) -> None:
    assert neighbourhood(address) == of


def test_the_pause_grows_and_all_is_forgiven_in_time() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    pauses = []
    for _ in range(14):
        guesses.note("a", "here", right=False)
        pauses.append(guesses.wait("a", "here"))
        clock.now += pauses[-1]
        assert guesses.wait("a", "here") == 0

    assert pauses == [0] * 4 + [1, 2, 4, 8, 16, 32] + [60] * 4
    clock.now += 1000
    guesses.note("a", "here", right=False)
    assert guesses.wait("a", "here") == 0


def test_a_right_secret_ends_the_pauses() -> None:
    guesses = Guesses(Clock())
    for _ in range(4):
        guesses.note("a", "here", right=False)
    guesses.note("a", "here", right=True)
    guesses.note("a", "here", right=False)

    assert guesses.wait("a", "here") == 0


def test_a_flood_of_addresses_takes_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEYS_MAX", 100)
    guesses, rates = Guesses(Clock()), Rates(1, 1, Clock())
    for number in range(1000):
        guesses.note(f"client {number}", f"address {number}", right=number % 2 == 0)
        rates.wait(f"client {number}")

    kept = (guesses.wrong.values, guesses.right.values, rates.full_at.values)
    assert [len(values) for values in kept] == [100, 100, 100]
    assert rates.wait("client 999") > 0  # the newest are remembered


def test_the_document_says_how_guesses_are_slowed() -> None:
    text = (Path(__file__).parents[2] / "docs" / "access.md").read_text()

    assert f"{limits.FREE_OF_CLIENT} wrong secrets" in text
    assert f"{limits.FREE_OF_ADDRESS} wrong ones" in text
    assert f"last {limits.KEYS_MAX:,} addresses" in text
