"""How a program gets a token, and what the token opens."""

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from quart import Quart, Response
from quart.testing import QuartClient

from service.access import SCOPE_ROOT, full_scope, issue_token, secret_hash
from tests.api.calls import GRADEBOOK, RESOURCES, ROSTERING, Caller
from tests.doors import SECRET_KEY, bearer
from tests.samples import VENDOR_SECRET

READ_ROSTER, READ_CORE = full_scope("roster.readonly"), full_scope("roster-core.readonly")
READ_DEMOGRAPHICS, READ_GRADES = full_scope("roster-demographics.readonly"), full_scope("gradebook.readonly")
READ_ASSESSMENTS, READ_RESOURCES = full_scope("assessment.readonly"), full_scope("resource.readonly")
GRANT = {"grant_type": "client_credentials"}


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


VENDOR = basic("vendor", VENDOR_SECRET)
Ask = Callable[..., Awaitable[Response]]


@pytest.fixture
def ask(springfield: Quart) -> Ask:
    """Asks for a token, as the vendor if the headers say nothing else."""

    async def post(headers: dict[str, str] = VENDOR, form: dict[str, str] = GRANT) -> Response:
        return await QuartClient(springfield).post("/oauth2/token", headers=headers, form=form)

    return post


async def test_credentials_in_the_header_give_a_token(ask: Ask, springfield: Quart) -> None:
    response = await ask()
    given = await response.get_json()
    caller = Caller(springfield, {"Authorization": f"Bearer {given['access_token']}"})

    assert response.status_code == 200
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 3600)
    assert response.headers["Cache-Control"] == "no-store"
    assert (await caller.get(f"{ROSTERING}/orgs")).status == 200


async def test_credentials_in_the_form_do_too(ask: Ask) -> None:
    form = {**GRANT, "client_id": "vendor", "client_secret": VENDOR_SECRET}

    assert (await ask({}, form)).status_code == 200


async def test_credentials_may_be_encoded_as_the_rfc_has_it(ask: Ask) -> None:
    assert (await ask(basic(quote("a:b %ü+"), quote_plus(VENDOR_SECRET)))).status_code == 200


async def test_without_a_scope_all_that_was_granted_is_given(ask: Ask) -> None:
    given = await (await ask()).get_json()

    assert sorted(given["scope"].split()) == sorted([READ_ROSTER, READ_CORE])


async def test_with_scopes_these_are_given(ask: Ask) -> None:
    given = await (await ask(form={**GRANT, "scope": READ_CORE})).get_json()

    assert given["scope"] == READ_CORE


@pytest.mark.parametrize("scope", [READ_DEMOGRAPHICS, "roster.everything", f"{READ_ROSTER} {READ_GRADES}", SCOPE_ROOT])
async def test_a_scope_that_was_not_granted_refuses_the_request(scope: str, ask: Ask) -> None:
    response = await ask(form={**GRANT, "scope": scope})

    assert response.status_code == 400
    assert (await response.get_json())["error"] == "invalid_scope"


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        (f"{READ_ROSTER} {READ_GRADES} nonsense", "the client was not granted gradebook.readonly"),
        ("roster.readonly", f"there is no such scope; one is a whole address, such as {SCOPE_ROOT}roster.readonly"),
    ],
)
async def test_the_refusal_names_the_scope_that_is_missing(scope: str, told: str, ask: Ask) -> None:
    refusal = await (await ask(form={**GRANT, "scope": scope})).get_json()

    assert refusal["error_description"] == told


@pytest.mark.parametrize("form", [{}, {"grant_type": "password"}, {"grant_type": "authorization_code"}])
async def test_there_is_one_kind_of_grant(form: dict[str, str], ask: Ask) -> None:
    response = await ask(form=form)
    refusal = await response.get_json()

    assert response.status_code == 400
    assert refusal["error"] == "unsupported_grant_type"
    assert "form" in refusal["error_description"]  # programs that send JSON find out why


WRONG: list[dict[str, str]] = [
    {},
    basic("nobody", "secret"),
    basic("", ""),
    basic("a\0b", "c"),
    basic("x" * 5000, "y"),
    {"Authorization": "Basic"},
    {"Authorization": "Basic !!!"},
    {"Authorization": "Basic é"},
    {"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()},
    {"Authorization": "Bearer x"},
    {"Authorization": "Digest x"},
]


@pytest.mark.parametrize("headers", WRONG, ids=lambda headers: headers.get("Authorization", "")[:20])
async def test_wrong_credentials_are_refused(headers: dict[str, str], ask: Ask) -> None:
    response = await ask(headers=headers)

    assert (response.status_code, (await response.get_json())["error"]) == (401, "invalid_client")
    assert response.headers["WWW-Authenticate"].startswith("Basic ")
    assert response.headers["Cache-Control"] == "no-store"


async def test_a_wrong_secret_is_refused(ask: Ask) -> None:
    for secret in ("", VENDOR_SECRET + "x", secret_hash(VENDOR_SECRET)):
        assert (await ask(basic("vendor", secret))).status_code == 401


async def test_a_revoked_client_gets_no_token(ask: Ask) -> None:
    assert (await ask(basic("former", VENDOR_SECRET))).status_code == 401


async def test_the_token_endpoint_takes_posts_only(offline: Caller) -> None:
    answer = await offline.get("/oauth2/token", headers=VENDOR)

    assert answer.status == 405
    assert sorted(answer.headers["Allow"].split(", ")) == ["OPTIONS", "POST"]


def unsigned(claims: dict[str, Any]) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


GOOD = issue_token(SECRET_KEY, "a-test", [READ_ROSTER], 3600)
HEAD, BODY, SIGNATURE = GOOD.split(".")
FORGED = (
    base64.urlsafe_b64encode(json.dumps({"sub": "x", "scope": READ_ROSTER, "exp": 9e9}).encode()).decode().rstrip("=")
)


@pytest.mark.parametrize(
    "token",
    [
        issue_token(SECRET_KEY, "a-test", [READ_ROSTER], -1),
        issue_token("another key, of someone else, who guesses", "a-test", [READ_ROSTER], 3600),
        unsigned({"sub": "x", "scope": READ_ROSTER, "exp": 9_999_999_999}),
        f"{HEAD}.{FORGED}.{SIGNATURE}",
        f"{HEAD}.{BODY}.",
        f"{HEAD}.{BODY}",
        GOOD[:-2],
        "x",
        "é.ü.ñ",
    ],
    ids=["expired", "foreign", "unsigned", "forged", "cut", "two parts", "shortened", "no token", "no ASCII"],
)
async def test_a_token_that_is_not_good_is_refused(token: str, offline: Caller) -> None:
    answer = await offline.get(f"{ROSTERING}/orgs", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status, answer.refusal()) == (401, "unauthorisedrequest")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="homeroom", error="invalid_token"'


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic eDp5", GOOD])
async def test_without_a_token_the_answer_says_what_is_needed(header: str, offline: Caller) -> None:
    answer = await offline.get(f"{ROSTERING}/orgs", headers={"Authorization": header})

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="homeroom"'


async def test_the_word_bearer_is_read_in_any_case(caller: Caller) -> None:
    assert (await caller.get(f"{ROSTERING}/orgs", headers={"Authorization": f"bEARER  {GOOD}"})).status == 200


OPENED = [
    (READ_ROSTER, f"{ROSTERING}/users", 200),
    (READ_ROSTER, f"{ROSTERING}/classes/algebra-1/students", 200),
    (READ_ROSTER, f"{ROSTERING}/demographics", 403),
    (READ_ROSTER, f"{ROSTERING}/demographics/ana", 403),
    (READ_ROSTER, f"{GRADEBOOK}/results", 403),
    (READ_ROSTER, f"{RESOURCES}/resources", 403),
    (READ_CORE, f"{ROSTERING}/users", 200),
    (READ_CORE, f"{ROSTERING}/users/ana", 200),
    (READ_CORE, f"{ROSTERING}/classes/algebra-1/students", 403),
    (READ_CORE, f"{ROSTERING}/demographics", 403),
    (READ_DEMOGRAPHICS, f"{ROSTERING}/demographics/ana", 200),
    (READ_DEMOGRAPHICS, f"{ROSTERING}/users", 403),
    (READ_GRADES, f"{GRADEBOOK}/classes/algebra-1/results", 200),
    (READ_GRADES, f"{GRADEBOOK}/assessmentResults", 403),
    (READ_GRADES, f"{ROSTERING}/users", 403),
    (full_scope("gradebook-core.readonly"), f"{GRADEBOOK}/results", 200),
    (full_scope("gradebook-core.readonly"), f"{GRADEBOOK}/classes/algebra-1/results", 403),
    (full_scope("gradebook.createput"), f"{GRADEBOOK}/results", 403),
    (READ_ASSESSMENTS, f"{GRADEBOOK}/assessmentLineItems", 200),
    (READ_ASSESSMENTS, f"{GRADEBOOK}/results", 403),
    (READ_RESOURCES, f"{RESOURCES}/classes/algebra-1/resources", 200),
    (full_scope("resource-core.readonly"), f"{RESOURCES}/resources/book", 200),
    (full_scope("resource-core.readonly"), f"{RESOURCES}/classes/algebra-1/resources", 403),
]


@pytest.mark.parametrize(("scope", "path", "status"), OPENED)
async def test_a_scope_opens_what_the_standard_says(scope: str, path: str, status: int, caller: Caller) -> None:
    answer = await caller.get(path, headers=bearer(scope))

    assert answer.status == status
    if status == 403:
        assert answer.refusal() == "forbidden"


async def test_a_token_of_no_scope_opens_nothing(offline: Caller) -> None:
    assert (await offline.get(f"{ROSTERING}/orgs", headers=bearer())).status == 403
