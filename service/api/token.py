"""The token endpoint: OAuth 2 client credentials (RFC 6749, sections 2.3.1 and 4.4; OneRoster 1.2, Security)."""

import base64
from urllib.parse import unquote_plus

from quart import Blueprint, Response, current_app, g, jsonify, request

from models import ApiClient
from service.access import SCOPES, Gate, allow, issue_token, note_limited, secret_matches, short_scope
from service.limits import Guesses, neighbourhood
from service.settings import Settings

blueprint = Blueprint("token", __name__)


class BadToken(Exception):
    """A token request that is refused, with the error code of RFC 6749, section 5.2, or RFC 8628, section 3.5."""

    def __init__(self, error: str, description: str, status: int = 400, retry_seconds: int = 0) -> None:
        super().__init__(description)
        self.error, self.description, self.status, self.retry_seconds = error, description, status, retry_seconds


@blueprint.errorhandler(BadToken)
async def on_bad_token(problem: BadToken) -> Response:
    response = jsonify(error=problem.error, error_description=problem.description)
    response.status_code = problem.status
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="homeroom"'
    if problem.retry_seconds:
        response.headers["Retry-After"] = str(problem.retry_seconds)
    return uncached(response)


@blueprint.post("/oauth2/token")
@allow()
async def give_token() -> Response:
    form = await request.form
    if form.get("grant_type") != "client_credentials":
        raise BadToken("unsupported_grant_type", "the body is a form with grant_type=client_credentials")
    client_id, secret = credentials(form.get("client_id", ""), form.get("client_secret", ""))
    client = await find_client(client_id, secret)
    scopes = granted(client, form.get("scope", "").split())
    settings: Settings = current_app.config["SETTINGS"]
    seconds = round(settings.token_minutes * 60)
    token = issue_token(settings.secret_key, client.client_id, scopes, seconds, client.token_version)
    return uncached(
        jsonify(access_token=token, token_type="Bearer", expires_in=seconds, scope=" ".join(scopes))  # noqa: S106
    )


give_token.reads_only = True  # type: ignore[attr-defined]  # a POST, but it writes nothing and must not wait for those who do


async def find_client(client_id: str, secret: str) -> ApiClient:
    """Raises BadToken unless the secret is right, and asks no database if too many before it were wrong."""
    guesses: Guesses = current_app.extensions["guesses"]
    address = neighbourhood(request.remote_addr)
    if seconds := note_limited("guesses", guesses.wait(client_id, address)):
        raise BadToken("slow_down", "too many wrong secrets: wait before the next", 429, seconds)
    client: ApiClient | None = await g.session.get(ApiClient, client_id)
    right = client is not None and secret_matches(client, secret)
    guesses.note(client_id, address, right=right)
    if client is None or not right:
        raise BadToken("invalid_client", "unknown client or wrong secret", 401)
    gate: Gate = current_app.extensions["gate"]
    if seconds := gate.seconds_over_rate(client_id):
        raise BadToken("slow_down", "this client asks too often", 429, seconds)
    return client


def credentials(form_id: str, form_secret: str) -> tuple[str, str]:
    """The client's id and secret, from HTTP Basic or from the form."""
    kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return without_nul(form_id), form_secret
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:  # no base64, not even ASCII, or no UTF-8 in it
        raise BadToken("invalid_client", "the Authorization header is not HTTP Basic", 401) from None
    return without_nul(unquote_plus(client_id)), unquote_plus(secret)


def without_nul(client_id: str) -> str:
    return client_id.replace("\0", "")  # PostgreSQL has no such text


def granted(client: ApiClient, asked: list[str]) -> list[str]:
    """What was asked for, or all that the client may have. One that it may not have refuses the request.

    Only scopes of ours are named: a vendor's program asks for what it was built with, whoever runs us looks for which.
    """
    refused = [scope for scope in asked if scope not in SCOPES or scope not in client.scopes]
    if refused:
        named = ", ".join(short_scope(scope) for scope in dict.fromkeys(refused) if scope in SCOPES)
        unknown = f"there is no such scope; one is a whole address, such as {SCOPES[0]}"
        raise BadToken("invalid_scope", f"the client was not granted {named}" if named else unknown)
    return asked or list(client.scopes)


def uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
