"""Entity tags: answers that a client has already are not sent again (RFC 9110, sections 8.8.3 and 13)."""

from hashlib import blake2b

from quart import Response, request

CACHING = "private, no-cache"  # people's data; a client may keep it, and asks whether it is still so


def tag_of(text: str, services: str) -> str:
    """A strong tag of JSON made by the database. The address in its references is left out: a program that reads by
    one name of ours may write by another."""
    return blake2b(text.replace(services, "").encode(), digest_size=16).hexdigest()


def tagged_json(text: str, tag: str, status: int = 200) -> Response:
    """The JSON with its tag, or 304 for a client that says that it has it."""
    fresh = status == 200 and request.if_none_match.contains(tag)
    response = Response(b"" if fresh else text.encode(), 304 if fresh else status, content_type="application/json")
    response.set_etag(tag)
    response.headers["Cache-Control"] = CACHING
    return response
