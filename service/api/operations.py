"""The operations of the API: declared with `Service.one` and `Service.many`, and bound to their routes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from quart import Blueprint, Response
from sqlalchemy import Select, exists, select

from service.access import allow
from service.errors import NotFound
from service.lists.collection import Collection
from service.lists.reading import list_page, read_one


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
            view = allow(*operation.scopes)(bound(self, operation))
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


def bound(service: Service, operation: Operation) -> Callable[..., Awaitable[Response]]:
    async def view(**path: str) -> Response:
        if any("\0" in part for part in path.values()):  # PostgreSQL has no such text, so no such object
            raise NotFound("no such object")
        # A sourcedId may hold slashes, so the last one of a path that a client ends with a slash comes along.
        parts = {name: part.removesuffix("/") for name, part in path.items()}
        if operation.single:
            return await read_one(operation.collection, operation.rows, parts)
        return await list_page(
            operation.collection, operation.rows, parts, parents=operation.parents, strict_sort=service.strict_sort
        )

    return view
