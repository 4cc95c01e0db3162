"""The read operations of the API: declared with `Service.one` and `Service.many`, answered here."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from quart import Blueprint, Response, current_app, g, request
from sqlalchemy import Select, exists, select

from service.access import allow
from service.addresses import services_url
from service.errors import InvalidFilter, NotFound
from service.filters import BadFilter
from service.listing import (
    Collection,
    count_statement,
    one_statement,
    page_statement,
    parents_statement,
)
from service.paging import Asked, links, wanted_fields

COUNTS_KEPT = 1_000


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
        """`GET /things`, or `GET /parents/<id>/things`: nothing, where a parent is not there or is deleted."""
        chosen = select(collection.entity) if rows is None else rows
        for parent in parents:
            chosen = chosen.where(exists(parent.correlate(None)))
        self.add(
            id,
            path,
            collection,
            chosen,
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
    asked = Asked.of_request(operation.collection, strict_sort=service.strict_sort)
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


async def total_count(operation: Operation, asked: Asked, found: int, parameters: dict[str, Any]) -> int:
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


def json_response(text: str) -> Response:
    return Response(text, content_type="application/json")
