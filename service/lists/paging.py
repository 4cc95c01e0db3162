"""Where in a list a request is: what its query asks for, and the links to the other pages."""

import base64
import json
import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from quart import current_app, request

from models.base import wire_moment
from service.errors import InvalidFilter, InvalidSelection, InvalidSort, Problem
from service.lists.addresses import base_url
from service.lists.collection import Collection, Shape
from service.lists.comparing import BadValue, parse, parse_moment
from service.settings import Settings

OFFSET_MAX = 2**63 - 1
PATH_SAFE = "/@:!$&()*+;=~"  # a path may hold these as they are


@dataclass(frozen=True)
class After:
    """Where a walk goes on: after the row with this key and sourcedId. Travels in the `next` link."""

    offset: int
    total: int
    key: str | None
    sourced_id: str
    walk: int  # which list was walked, in which order
    settled: str | None = None  # the moment up to which a walk by stamps sees changes

    def token(self) -> str:
        settled = [self.settled] if self.settled else []
        text = json.dumps([self.offset, self.total, self.key, self.sourced_id, self.walk, *settled])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def of_token(cls, token: str) -> "After":
        try:
            parts = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            offset, total, key, sourced_id, walk, *settled = parts
            after = cls(int(offset), int(total), key if key is None else str(key), str(sourced_id), int(walk), *settled)
            parse_moment(after.settled or "2000-01-01")
            f"{after.key}{after.sourced_id}".encode()  # half a surrogate pair is no text
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise Problem("`after` is not from a link of ours") from error
        if "\0" in after.sourced_id or not 0 <= after.offset <= after.total <= OFFSET_MAX:
            raise Problem("`after` is not from a link of ours")
        return after


@dataclass(frozen=True)
class Asked:
    """The query of a list request."""

    shape: Shape
    offset: int
    after: After | None

    @classmethod
    def of_request(cls, collection: Collection, *, strict_sort: bool) -> "Asked":
        settings: Settings = current_app.config["SETTINGS"]
        query = request.args
        sort = query.get("sort", "")
        if collection.sort_key(sort) is None:
            if sort and strict_sort and sort != "sourcedId":
                raise InvalidSort("a list cannot be sorted by this field")
            sort = ""
        filter_text = query.get("filter", "").strip()
        if len(filter_text) > settings.filter_length_max:
            raise InvalidFilter(f"a filter has at most {settings.filter_length_max} characters")
        shape = Shape(
            limit=whole_number("limit", settings.page_limit, 1, settings.page_limit_max),
            fields=wanted_fields(collection),
            filter=filter_text,
            sort=sort,
            descending=order_is_descending(query.get("orderBy", "asc")),
        )
        return cls.placed(shape, whole_number("offset", 0, 0, OFFSET_MAX), query.get("after", ""))

    @classmethod
    def placed(cls, shape: Shape, offset: int, token: str) -> "Asked":
        """A client that moved the offset or changed the query of a link goes by its offset."""
        after = After.of_token(token) if token else None
        if after and after.offset == offset and after.walk == walk_of(shape):
            return cls(replace(shape, after=True, after_absent=after.key is None), offset, after)
        return cls(replace(shape, offset=offset > 0), offset, None)

    def parameters(self, collection: Collection) -> dict[str, Any]:
        if not self.after:
            return {"offset": self.offset} if self.offset else {}
        key = collection.sort_key(self.shape.sort)
        if key is None or self.after.key is None:
            return {"after_id": self.after.sourced_id}
        try:
            return {"after_id": self.after.sourced_id, "after_key": parse(key, self.after.key)}
        except BadValue:
            raise Problem("`after` is not from a link of ours") from None


def walk_of(shape: Shape) -> int:
    return zlib.crc32(json.dumps([request.path, shape.sort, shape.descending, shape.filter]).encode())


def whole_number(name: str, default: int, least: int, most: int) -> int:
    given = request.args.get(name, "")
    if not given:
        return default
    if not given.isascii() or not given.isdigit() or len(given) > 19 or not least <= int(given) <= most:
        raise Problem(f"{name} is a whole number from {least} to {most}")
    return int(given)


def order_is_descending(given: str) -> bool:
    if given.lower() not in ("", "asc", "desc"):
        raise Problem("orderBy is asc or desc")
    return given.lower() == "desc"


def wanted_fields(collection: Collection) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(name.strip() for name in request.args.get("fields", "").split(",") if name.strip()))
    if all(name in collection.fields for name in wanted):
        return wanted
    if not collection.forgiving:
        raise InvalidSelection("`fields` names a field that there is not")
    return ()


def links(asked: Asked, total: int, cursor: str | None, settled: datetime | None = None) -> str:
    """RFC 8288 links to the other pages; `cursor` is the last row's key and sourcedId if there is a next page.

    A walk by stamps goes on with the moment that it began with, `settled`.
    """
    limit, offset = asked.shape.limit, asked.offset
    pages = {"first": "offset=0"}
    if offset > 0:
        pages["prev"] = f"offset={max(0, offset - limit)}"
    if cursor:
        key, sourced_id = json.loads(cursor)
        until = wire_moment(settled) if settled else None
        place = (offset + limit, max(total, offset + limit), as_text(key), sourced_id, walk_of(asked.shape), until)
        after = After(*place)
        pages["next"] = f"offset={offset + limit}&after={after.token()}"
    if total:
        pages["last"] = f"offset={(total - 1) // limit * limit}"
    url = this_list()
    return ", ".join(f'<{url}{place}>; rel="{name}"' for name, place in pages.items())


def as_text(key: Any) -> str | None:
    return key if key is None or isinstance(key, str) else json.dumps(key)


def this_list() -> str:
    """The URL of this request up to where in the list it is."""
    rest = [(name, value) for name, value in request.args.items(multi=True) if name not in ("offset", "after")]
    # A comma stays encoded: some clients split the header at commas before they look at it.
    query = urlencode(rest, quote_via=quote, safe="")
    return f"{base_url()}{quote(request.path, safe=PATH_SAFE)}?{query}{'&' if query else ''}"
