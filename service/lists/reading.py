"""What answers a read: one object, or a page of a list."""

import time
from collections import OrderedDict
from datetime import datetime
from typing import Any

from quart import Response, current_app, g, request
from sqlalchemy import Select

from models.stamps import settled
from service.errors import InvalidFilter, NotFound
from service.lists.addresses import services_url
from service.lists.collection import (
    Collection,
    count_statement,
    one_statement,
    page_statement,
    parents_statement,
)
from service.lists.comparing import parse_moment
from service.lists.filters import BadFilter, asks_for_changes
from service.lists.paging import Asked, links, wanted_fields
from service.lists.tags import tag_of, tagged_json
from service.settings import Settings

COUNTS_KEPT = 1_000


async def read_one(collection: Collection, rows: Select[Any], path: dict[str, str]) -> Response:
    """`{"org": {…}}`; NotFound for an id that is not there or is marked as deleted."""
    statement = one_statement(collection, rows, wanted_fields(collection))
    services = services_url()
    found = await g.session.scalar(statement, {**path, "services": services})
    if found is None:
        raise NotFound(f"no {collection.one} with this sourcedId")
    return one_response(collection, found, services)


def one_response(collection: Collection, shown: str, services: str, status: int = 200) -> Response:
    """`{"org": {…}}`, with the tag of the object: the same after a read and after a write."""
    return tagged_json(f'{{"{collection.one}":{shown}}}', tag_of(shown, services), status)


async def list_page(
    collection: Collection,
    rows: Select[Any],
    path: dict[str, str],
    *,
    parents: tuple[Select[Any], ...] = (),
    strict_sort: bool = False,
) -> Response:
    """`{"orgs": [{…}, …]}` with `X-Total-Count` and `Link`; NotFound if one of the parents is not there."""
    asked = Asked.of_request(collection, strict_sort=strict_sort)
    parameters = {**path, **asked.parameters(collection), "services": services_url()}
    try:
        statement = page_statement(collection, rows, asked.shape)
    except BadFilter as problem:
        raise InvalidFilter(str(problem)) from None
    if asks_for_changes(asked.shape.filter):
        parameters["settled"] = await settled_for(asked)
    items, found, cursor = (await g.session.execute(statement, parameters)).one()
    if not found and parents and not await g.session.scalar(parents_statement(parents), path):
        raise NotFound("no such object in the path")

    total = await total_count(collection, rows, asked, found, parameters)
    text = f'{{"{collection.many}":[{items or ""}]}}'
    response = tagged_json(text, tag_of(text, parameters["services"]))
    response.headers["X-Total-Count"] = str(total)
    response.headers["Link"] = links(
        asked, total, cursor if found > asked.shape.limit else None, parameters.get("settled")
    )
    return response


async def settled_for(asked: Asked) -> datetime:
    """The moment up to which a list by stamps shows changes: all pages of a walk the same."""
    if asked.after and asked.after.settled:
        return parse_moment(asked.after.settled)
    settings: Settings = current_app.config["SETTINGS"]
    return await settled(current_app.extensions["database"], settings.delta_wait_seconds)


async def total_count(
    collection: Collection, rows: Select[Any], asked: Asked, found: int, parameters: dict[str, Any]
) -> int:
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
        statement = count_statement(collection, rows, asked.shape.filter)
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
