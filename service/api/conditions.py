"""Writes on condition: that nobody changed the object since, or that there is none yet (RFC 9110, section 13)."""

from quart import request

from service.errors import PreconditionFailed
from service.lists.tags import tag_of
from service.records.finding import Stored


def has_conditions() -> bool:
    return "If-Match" in request.headers or "If-None-Match" in request.headers


def expect_conditions(stored: Stored | None, services: str) -> None:
    """`stored` is the object with its JSON; None if there is none, or if it is deleted. Raises PreconditionFailed."""
    if not has_conditions():
        return
    tag = tag_of(stored.shown or "", services) if stored else None
    if "If-Match" in request.headers and not (tag and request.if_match.contains(tag)):
        raise PreconditionFailed("the object is not, or no longer, what If-Match says: read it again")
    if "If-None-Match" in request.headers and tag and request.if_none_match.contains(tag):
        raise PreconditionFailed("there is such an object already, and If-None-Match wants none")
