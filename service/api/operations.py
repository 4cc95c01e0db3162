"""The operations of the API: declared with the methods of `Service`, and bound to their routes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from quart import Blueprint, Response
from sqlalchemy import Select, exists, select

from service.access import allow
from service.api.bodies import Write
from service.api.writes import delete_one, patch_one, post_all, put_one
from service.errors import NotFound
from service.lists.collection import Collection
from service.lists.reading import list_page, read_one
from service.records.writable import Writable

WRITES: Mapping[str, Callable[[Write, Mapping[str, str]], Awaitable[Response]]] = {
    "PUT": put_one,
    "PATCH": patch_one,
    "DELETE": delete_one,
    "POST": post_all,
}


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation. A read is about `rows`, whose parameters are the parts of the path; a write has a `write`."""

    id: str
    path: str
    collection: Collection
    scopes: tuple[str, ...]
    method: str = "GET"
    rows: Select[Any] | None = None
    parents: tuple[Select[Any], ...] = ()  # of a read: what must exist, or the answer is 404
    single: bool = False
    aliases: tuple[str, ...] = ()  # other paths that clients in the field have for it
    write: Write | None = None

    @property
    def is_read(self) -> bool:
        return self.write is None


@dataclass(eq=False)
class Service:
    """One of the standard's services: its operations, under one prefix, with one rule for their scopes."""

    name: str  # rostering, gradebook or resources; v1p1, where one has them all
    all_scopes: tuple[str, ...] = ()  # of these, one is needed to read what lies below something else
    core_scopes: tuple[str, ...] = ()  # … or to read a whole collection, or one object
    strict_sort: bool = False  # whether the standard has an error for a field that cannot be sorted by
    put_scope: str = ""  # to create or change an object under a sourcedId of the client's
    post_scope: str = ""
    delete_scope: str = ""
    operations: list[Operation] = field(default_factory=list)

    version: str = "1.2"

    @property
    def prefix(self) -> str:
        return f"/ims/oneroster/{self.name}{'/v1p2' if self.version == '1.2' else ''}"

    def endpoint(self, operation: Operation) -> str:
        """The operation's name among all routes."""
        return operation.id if self.version == "1.2" else f"{operation.id}_{self.name}"

    def add_to(self, blueprint: Blueprint) -> None:
        for operation in self.operations:
            view = allow(*operation.scopes)(bound(self, operation))
            # The router forgives a slash at the end by itself, but not where one of its parts may hold slashes.
            nested = "<" in operation.path and not operation.path.endswith(">")
            for path, end in product((operation.path, *operation.aliases), ("", "/") if nested else ("",)):
                blueprint.add_url_rule(
                    self.prefix + path + end, self.endpoint(operation), view, methods=[operation.method]
                )

    def one(self, id: str, path: str, collection: Collection, rows: Select[Any] | None = None) -> None:  # noqa: A002
        """`GET /things/<sourcedId>`, for those of `rows` (default: all of the collection)."""
        self.add(id, path, collection, scopes=self.core_scopes, rows=all_of(collection, rows), single=True)

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
        chosen = all_of(collection, rows)
        for parent in parents:
            chosen = chosen.where(exists(parent.correlate(None)))
        scopes = self.all_scopes if parents else self.core_scopes
        self.add(id, path, collection, scopes=scopes, rows=chosen, parents=parents)

    def change(self, name: str, path: str, writable: Writable, **write: Any) -> None:
        """PUT, PATCH and DELETE of one object; `write` is of a Write."""
        one = f"{path}/<path:sourcedId>"
        declared = Write(writable, **write)
        for method, scope in (("PUT", self.put_scope), ("PATCH", self.put_scope), ("DELETE", self.delete_scope)):
            id_ = f"{method.lower()}{name}"
            self.add(id_, one, writable.collection, scopes=(scope,), method=method, write=declared)

    def post(self, id: str, path: str, writable: Writable, **write: Any) -> None:  # noqa: A002
        """POST of new objects, one or a list; `write` is of a Write."""
        declared = Write(writable, **write)
        self.add(id, path, writable.collection, scopes=(self.post_scope,), method="POST", write=declared)

    def delete(self, id: str, path: str, writable: Writable, **write: Any) -> None:  # noqa: A002
        """A DELETE of its own; `write` is of a Write."""
        declared = Write(writable, **write)
        self.add(id, path, writable.collection, scopes=(self.delete_scope,), method="DELETE", write=declared)

    def add(self, id: str, path: str, collection: Collection, **rest: Any) -> None:  # noqa: A002
        self.operations.append(Operation(id, path, collection, **rest))


def all_of(collection: Collection, rows: Select[Any] | None) -> Select[Any]:
    return select(collection.entity) if rows is None else rows


def bound(service: Service, operation: Operation) -> Callable[..., Awaitable[Response]]:
    """The operation as a view."""

    async def view(**path: str) -> Response:
        if any("\0" in part for part in path.values()):  # PostgreSQL has no such text, so no such object
            raise NotFound("no such object")
        # A sourcedId may hold slashes, so the last one of a path that a client ends with a slash comes along.
        parts = {name: part.removesuffix("/") for name, part in path.items()}
        if operation.write is not None:
            answer = operation.write.answer or WRITES[operation.method]
            return await answer(operation.write, parts)
        rows = all_of(operation.collection, operation.rows)
        if operation.single:
            return await read_one(operation.collection, rows, parts)
        return await list_page(
            operation.collection, rows, parts, parents=operation.parents, strict_sort=service.strict_sort
        )

    return view
