"""OneRoster 1.1: the operations of 1.2 that it has, on collections that look as they did there."""

from dataclasses import replace
from functools import cache

from service.access import OLDER_SCOPE_ROOT, OLDER_SCOPES, SCOPE_ROOT
from service.api.operations import Operation, Service
from service.api.services import ALL
from service.areas.v1p1 import OLDER, OLDER_WRITES, V1P1

NEWER = ("getCategoriesForClass", "getResourcesForUser")  # reads that came with 1.2, of what 1.1 has as well
# As the OpenAPI document of 1.1 spells it, and so the clients that were made of it.
ALIASES = {"getLineItemsForClass": ("/classes/<path:classSourcedId>/lineitems",)}


@cache
def service() -> Service:
    """All of 1.1. To be asked for when the areas have added their operations."""
    found = (older(operation) for each in ALL for operation in each.operations)
    return Service(V1P1, version="1.1", operations=[each for each in found if each])


def older(operation: Operation) -> Operation | None:
    """The operation as 1.1 has it; None if it has none like it, or no scope that would open it."""
    collection, scopes = OLDER.get(operation.collection), older_scopes(operation)
    if collection is None or not scopes or operation.id in NEWER or operation.method == "PATCH":
        return None
    write = operation.write and replace(operation.write, writable=OLDER_WRITES[operation.write.writable])
    aliases = ALIASES.get(operation.id, ())
    return replace(operation, collection=collection, scopes=scopes, write=write, aliases=aliases)


def older_scopes(operation: Operation) -> tuple[str, ...]:
    """The scopes of the same names; 1.1 has core scopes for the roster only."""
    named = (scope.replace(SCOPE_ROOT, OLDER_SCOPE_ROOT) for scope in operation.scopes)
    return tuple(scope for scope in named if scope in OLDER_SCOPES)
