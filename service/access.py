"""Who may call: clients, their secrets, their tokens, and the scopes that every route names.

A token is a signed JWT that carries its scopes, so checking one asks no database. It lives for
`HOMEROOM_TOKEN_MINUTES`, unless its client is revoked: each process keeps a list of those whose tokens are void, which
`service/running/revoked.py` looks up every few seconds. What a client writes looks at its row in its own transaction.
"""

import hashlib
import hmac
import math
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

import jwt
from quart import current_app, g, request

from models.access import ApiClient
from models.base import as_utc
from service.errors import Forbidden, TooMany, Unauthorized
from service.limits import Rates

P = ParamSpec("P")
R = TypeVar("R")

SCOPE_ROOT = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
OLDER_SCOPE_ROOT = "https://purl.imsglobal.org/spec/or/v1p1/scope/"  # for short, `v1p1:` and the name
OUR_SCOPE_ROOT = "urn:homeroom:scope:"  # for what the standard has no operations for
STANDARD_SCOPES = tuple(
    SCOPE_ROOT + name
    for name in (
        "roster.readonly",
        "roster-core.readonly",
        "roster-demographics.readonly",
        "gradebook.readonly",
        "gradebook-core.readonly",
        "gradebook.createput",
        "gradebook.createpost",
        "gradebook.delete",
        "assessment.readonly",
        "assessment.createput",
        "assessment.delete",
        "resource.readonly",
        "resource-core.readonly",
    )
)
OLDER_SCOPES = tuple(
    OLDER_SCOPE_ROOT + name
    for name in (
        "roster.readonly",
        "roster-core.readonly",
        "roster-demographics.readonly",
        "gradebook.readonly",
        "gradebook.createput",
        "gradebook.delete",
        "resource.readonly",
    )
)
OUR_SCOPES = tuple(
    OUR_SCOPE_ROOT + name for name in ("roster.createput", "roster.createpost", "roster.delete", "history.readonly")
)
SCOPES = STANDARD_SCOPES + OLDER_SCOPES + OUR_SCOPES
ALGORITHM = "HS256"


def full_scope(name: str) -> str:
    """`roster.readonly` and the full URL are the same scope. Raises ValueError for one that there is not."""
    for scope in SCOPES:
        if name in (scope, short_scope(scope)):
            return scope
    raise ValueError(f"no scope {name}; there are {', '.join(map(short_scope, SCOPES))}")


def short_scope(scope: str) -> str:
    return scope.removeprefix(SCOPE_ROOT).removeprefix(OUR_SCOPE_ROOT).replace(OLDER_SCOPE_ROOT, "v1p1:")


def new_client(name: str, scopes: list[str]) -> tuple[ApiClient, str]:
    """A client and its secret, which is shown once and not kept."""
    secret = secrets.token_urlsafe(32)
    client = ApiClient(
        client_id=secrets.token_hex(12),
        name=name,
        secret_sha256=secret_hash(secret),
        scopes=sorted(set(scopes)),
    )
    return client, secret


def secret_hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def secret_matches(client: ApiClient, secret: str) -> bool:
    """Whether it is the client's secret, or the one before while that is valid. None is, of a revoked client."""
    given = secret_hash(secret)
    is_new = hmac.compare_digest(client.secret_sha256, given)
    is_old = hmac.compare_digest(client.old_secret_sha256 or "", given) and old_secret_end(client) is not None
    return (is_new or is_old) and client.revoked_at is None


def old_secret_end(client: ApiClient) -> datetime | None:
    """Until when the secret before its present one is valid; None if that is over, or there was none."""
    until = client.old_secret_until
    return until if until and until > datetime.now(UTC) else None


def rotate(client: ApiClient, overlap: timedelta) -> str:
    """Give it a new secret, which is returned. The one that it has stays valid for the overlap.

    Without an overlap that one and all tokens end, as it may be known to somebody who should not know it.
    """
    secret = secrets.token_urlsafe(32)
    client.old_secret_sha256 = client.secret_sha256 if overlap else None
    client.old_secret_until = as_utc(datetime.now(UTC) + overlap) if overlap else None
    client.secret_sha256 = secret_hash(secret)
    if not overlap:
        end_tokens(client)
    return secret


def end_tokens(client: ApiClient) -> None:
    """Every token that was issued until now, on all servers, once they have looked: `service/running/revoked.py`."""
    client.token_version += 1


def issue_token(key: str, client_id: str, scopes: list[str], seconds: int, version: int = 0) -> str:
    """A bearer token for these scopes, valid for that many seconds. `version`: the client's `token_version`."""
    now = int(time.time())
    claims = {"sub": client_id, "scope": " ".join(scopes), "iat": now, "exp": now + seconds, "ver": version}
    return jwt.encode(claims, key, ALGORITHM)


@dataclass(frozen=True)
class Caller:
    """Who calls: a program, by its client id. On `g.caller` in every view that names a scope."""

    client_id: str
    scopes: frozenset[str]
    token_version: int = 0


def caller_of(key: str, token: str) -> Caller:
    """Raises Unauthorized unless we signed the token and its time is not over."""
    try:
        caller, expires = verified(key, token)
    except jwt.InvalidTokenError:
        raise refused("this is not a token of ours, or it has expired", "invalid_token") from None
    if expires <= time.time():
        raise refused("the token has expired", "invalid_token")
    return caller


@lru_cache(maxsize=1024)  # a client sends one token with thousands of requests
def verified(key: str, token: str) -> tuple[Caller, float]:
    """The caller, and when the token ends. Raises jwt.InvalidTokenError, which is not remembered."""
    claims: dict[str, Any] = jwt.decode(token, key, [ALGORITHM], options={"require": ["sub", "scope", "exp"]})
    scopes = frozenset(claims["scope"].split())
    return Caller(str(claims["sub"]), scopes, claims.get("ver", 0)), float(claims["exp"])


def allow(*scopes: str) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
    """The view is for callers who were granted one of these scopes; with none, for everybody."""

    def mark(view: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        @wraps(view)
        async def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            if scopes:
                require_scope(scopes)
            return await view(*args, **kwargs)

        checked.scopes = scopes  # type: ignore[attr-defined]  # what the test that walks the routes looks for
        return checked

    return mark


def require_scope(scopes: tuple[str, ...]) -> None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise refused(what_to_send(kind))
    gate: Gate = current_app.extensions["gate"]
    caller = gate.let_in(token.strip())
    if not caller.scopes.intersection(scopes):
        raise Forbidden(f"this needs the scope {' or '.join(scopes)}")
    g.caller = caller


def what_to_send(kind: str) -> str:
    if kind.lower() == "oauth" or "oauth_signature" in request.args:  # OneRoster 1.1 had OAuth 1.0a beside 2.0
        return (
            "requests signed by OAuth 1.0a are not accepted; exchange the client_id and client_secret for a bearer"
            " token at /oauth2/token (OAuth 2.0 client credentials), and send it as `Authorization: Bearer TOKEN`"
        )
    return "a bearer token is needed; /oauth2/token gives one"


@dataclass(frozen=True)
class Gate:
    """What decides about every request with a token, in one place, as it is passed so often.

    `void_tokens`: by client_id, the lowest `token_version` that is good; who is not in it has no void ones.
    """

    secret_key: str
    rates: Rates
    void_tokens: dict[str, int] = field(default_factory=dict)

    def let_in(self, token: str) -> Caller:
        """Raises Unauthorized for a token that is not good, TooMany for a client over its rate."""
        caller = caller_of(self.secret_key, token)
        if caller.token_version < self.void_tokens.get(caller.client_id, 0):
            raise refused("this client's access was taken back, or it has to get a new token", "invalid_token")
        if seconds := self.seconds_over_rate(caller.client_id):
            raise TooMany("this client asks too often", Retry_After=str(seconds))
        return caller

    def seconds_over_rate(self, client_id: str) -> int:
        """How long a client must wait that asks more often than `HOMEROOM_CLIENT_RATE` says; 0 if it may go on."""
        seconds = self.rates.wait(client_id)
        return note_limited("rate", seconds) if seconds else 0


def note_limited(by: str, seconds: float) -> int:
    """The whole seconds for `Retry-After`, which are counted as a refusal unless there are none."""
    if seconds:
        current_app.extensions["metrics"].limited.labels(by).inc()
    return math.ceil(seconds)


def refused(detail: str, error: str = "") -> Unauthorized:
    """RFC 6750, section 3: an error code only where a token was sent."""
    return Unauthorized(detail, WWW_Authenticate='Bearer realm="homeroom"' + (f', error="{error}"' if error else ""))
