"""The read operations of the API: declared with `Service.one` and `Service.many`, answered here."""

import base64
import json
import re
import time
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from quart import Blueprint, Response, current_app, g, request
from sqlalchemy import Select, select

from service.access import allow
from service.errors import InvalidFilter, InvalidSelection, InvalidSort, NotFound, Problem
from service.filters import BadFilter
from service.listing import (
    Collection,
    Shape,
    count_statement,
    one_statement,
    page_statement,
    parents_statement,
)
from service.settings import Settings
from service.wire import BadValue, parse

OFFSET_MAX = 2**63 - 1
COUNTS_KEPT = 1_000
PATH_SAFE = "/@:!$&()*+;=~"  # a path may hold these as they are
HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation of the standard. `rows` is what it is about; its parameters are the parts of the path."""

    id: str
    path: str
    collection: Collection
    rows: Select[Any]
    scopes: tuple[str, ...]
    parents: tuple[Select[Any], ...] = ()  # what must exist, or the answer is 404
    single: bool = False


@dataclass(eq=False)
class Service:
    """One of the standard's services: its operations, under one prefix, with one rule for their scopes."""

    name: str  # rostering, gradebook or resources
    all_scopes: tuple[str, ...]  # of these, one is needed to read what lies below something else
    core_scopes: tuple[str, ...]  # … or to read a whole collection, or one object
    strict_sort: bool = False  # whether the standard has an error for a field that cannot be sorted by
    operations: list[Operation] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        return f"/ims/oneroster/{self.name}/v1p2"

    def add_to(self, blueprint: Blueprint) -> None:
        for operation in self.operations:
            answer = answer_one if operation.single else answer_many
            view = allow(*operation.scopes)(bound(answer, self, operation))
            # The router forgives a slash at the end by itself, but not where one of its parts may hold slashes.
            for end in ("", "/") if operation.parents else ("",):
                blueprint.add_url_rule(self.prefix + operation.path + end, operation.id, view, methods=["GET"])

    def one(self, id: str, path: str, collection: Collection, rows: Select[Any] | None = None) -> None:  # noqa: A002
        """`GET /things/<sourcedId>`, for those of `rows` (default: all of the collection)."""
        self.add(id, path, collection, rows, scopes=self.core_scopes, single=True)

    def many(
        self,
        id: str,  # noqa: A002
        path: str,
        collection: Collection,
        rows: Select[Any] | None = None,
        *,
        parents: tuple[Select[Any], ...] = (),
    ) -> None:
        """`GET /things`, or `GET /parents/<id>/things`."""
        self.add(
            id,
            path,
            collection,
            rows,
            scopes=self.all_scopes if parents else self.core_scopes,
            parents=parents,
        )

    def add(self, id: str, path: str, collection: Collection, rows: Select[Any] | None, **rest: Any) -> None:  # noqa: A002
        chosen = select(collection.entity) if rows is None else rows
        self.operations.append(Operation(id, path, collection, chosen, **rest))


def bound(
    answer: Callable[..., Awaitable[Response]], service: Service, operation: Operation
) -> Callable[..., Awaitable[Response]]:
    async def view(**path: str) -> Response:
        if any("\0" in part for part in path.values()):  # PostgreSQL has no such text, so no such object
            raise NotFound("no such object")
        # A sourcedId may hold slashes, so the last one of a path that a client ends with a slash comes along.
        return await answer(service, operation, {name: part.removesuffix("/") for name, part in path.items()})

    return view


async def answer_one(_service: Service, operation: Operation, path: dict[str, str]) -> Response:
    """`{"org": {…}}`; NotFound for an id that is not there or is marked as deleted."""
    statement = one_statement(operation.collection, operation.rows, wanted_fields(operation.collection))
    found = await g.session.scalar(statement, {**path, "services": services_url()})
    if found is None:
        raise NotFound(f"no {operation.collection.one} with this sourcedId")
    return json_response(f'{{"{operation.collection.one}":{found}}}')


async def answer_many(service: Service, operation: Operation, path: dict[str, str]) -> Response:
    """`{"orgs": [{…}, …]}` with `X-Total-Count` and `Link`; NotFound for a parent that is not there."""
    asked = Asked.of_request(service, operation)
    parameters = {**path, **asked.parameters(operation.collection), "services": services_url()}
    try:
        statement = page_statement(operation.collection, operation.rows, asked.shape)
    except BadFilter as problem:
        raise InvalidFilter(str(problem)) from None
    items, found, cursor = (await g.session.execute(statement, parameters)).one()
    if not found and operation.parents and not await g.session.scalar(parents_statement(operation.parents), path):
        raise NotFound("no such object in the path")

    total = await total_count(operation, asked, found, parameters)
    response = json_response(f'{{"{operation.collection.many}":[{items or ""}]}}')
    response.headers["X-Total-Count"] = str(total)
    response.headers["Link"] = links(asked, total, cursor if found > asked.shape.limit else None)
    return response


async def total_count(operation: Operation, asked: "Asked", found: int, parameters: dict[str, Any]) -> int:
    """Exact on the first page and on a last one. Between them it is what was counted when the walk began.

    A link of ours carries the number along; for a client that moves the offset by itself it is kept here for
    `HOMEROOM_COUNT_SECONDS`.
    """
    if asked.after:
        return asked.after.total
    if found <= asked.shape.limit and (found or not asked.offset):
        return asked.offset + found
    counts: Counts = current_app.extensions["counts"]
    list_of_rows = (request.path, asked.shape.filter)
    total = counts.get(list_of_rows) if asked.offset else None
    if total is None:
        statement = count_statement(operation.collection, operation.rows, asked.shape.filter)
        total = int(await g.session.scalar(statement, parameters) or 0)
        counts.keep(list_of_rows, total)
    return total


class Counts:
    """How long some lists were, a short time ago."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.known: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def get(self, rows: tuple[str, str]) -> int | None:
        total, until = self.known.get(rows, (None, 0.0))
        return total if until > time.monotonic() else None

    def keep(self, rows: tuple[str, str], total: int) -> None:
        self.known[rows] = (total, time.monotonic() + self.seconds)
        self.known.move_to_end(rows)
        if len(self.known) > COUNTS_KEPT:
            self.known.popitem(last=False)


@dataclass(frozen=True)
class After:
    """Where a walk goes on: after the row with this key and sourcedId. Travels in the `next` link."""

    offset: int
    total: int
    key: str | None
    sourced_id: str
    walk: int  # which list was walked, in which order

    def token(self) -> str:
        text = json.dumps([self.offset, self.total, self.key, self.sourced_id, self.walk])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def of_token(cls, token: str) -> "After":
        try:
            offset, total, key, sourced_id, walk = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            after = cls(int(offset), int(total), key if key is None else str(key), str(sourced_id), int(walk))
            f"{after.key}{after.sourced_id}".encode()  # half a surrogate pair is no text
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
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
    def of_request(cls, service: Service, operation: Operation) -> "Asked":
        settings: Settings = current_app.config["SETTINGS"]
        query = request.args
        sort = query.get("sort", "")
        if operation.collection.sort_key(sort) is None:
            if sort and service.strict_sort and sort != "sourcedId":
                raise InvalidSort("a list cannot be sorted by this field")
            sort = ""
        filter_text = query.get("filter", "").strip()
        if len(filter_text) > settings.filter_length_max:
            raise InvalidFilter(f"a filter has at most {settings.filter_length_max} characters")
        shape = Shape(
            limit=whole_number("limit", settings.page_limit, 1, settings.page_limit_max),
            fields=wanted_fields(operation.collection),
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
    for name in wanted:
        if name not in collection.fields:
            raise InvalidSelection("`fields` names a field that there is not")
    return wanted


def links(asked: Asked, total: int, cursor: str | None) -> str:
    """RFC 8288 links to the other pages; `cursor` is the last row's key and sourcedId if there is a next page."""
    limit, offset = asked.shape.limit, asked.offset
    pages = {"first": "offset=0"}
    if offset > 0:
        pages["prev"] = f"offset={max(0, offset - limit)}"
    if cursor:
        key, sourced_id = json.loads(cursor)
        after = After(offset + limit, max(total, offset + limit), as_text(key), sourced_id, walk_of(asked.shape))
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


def base_url() -> str:
    """Where the client reaches us, without a slash at the end."""
    settings: Settings = current_app.config["SETTINGS"]
    if settings.public_url:
        return settings.public_url.rstrip("/")
    if not HOST.fullmatch(request.host):
        raise Problem("the Host header names no host")
    return f"{request.scheme}://{request.host}{request.root_path}"


def services_url() -> str:
    return f"{base_url()}/ims/oneroster"


def json_response(text: str) -> Response:
    return Response(text, content_type="application/json")
