"""The OpenAPI document of what is Homeroom's own: the feed of changes, and the history of a record."""

from typing import Any

from service.access import short_scope
from service.api.changes import HISTORY_READ, WAIT_MAX
from service.lists.json_schema import TEXT, Schema, list_of, object_of, words
from service.records.history import CREATED, DELETED, LOADED, UPDATED, known_collections
from service.settings import Settings

WHOLE = {"type": "integer"}
MOMENT = {"type": "string", "format": "date-time"}
ROW: Schema = {"type": "object", "description": "The row by the names of its CSV file."}
REFUSALS = {400: "Bad request", 401: "No token", 403: "Not granted", 404: "Unknown", 410: "The cursor is too old"}


def document(settings: Settings, server: str, token_url: str) -> dict[str, Any]:
    flow = {"tokenUrl": token_url, "scopes": {HISTORY_READ: short_scope(HISTORY_READ)}}
    limit = query("limit", {**WHOLE, "minimum": 1, "maximum": settings.page_limit_max, "default": settings.page_limit})
    wait = query("wait", {**WHOLE, "minimum": 0, "maximum": WAIT_MAX, "default": 0})
    collection = in_path("collection", words(sorted(known_collections())))
    return {
        "openapi": "3.0.1",
        "info": {"title": "Homeroom: changes and history", "version": "1.0"},
        "servers": [{"url": server}],
        "paths": {
            "/changes": {"get": operation("listChanges", [query("after", TEXT), limit, wait], page())},
            "/history/{collection}/{sourcedId}": {
                "get": operation(
                    "showHistory",
                    [collection, in_path("sourcedId", TEXT), limit, query("before", {**WHOLE, "minimum": 0})],
                    object_of({"changes": list_of(change()), "next": WHOLE}, ["changes"]),
                )
            },
        },
        "components": {
            "securitySchemes": {"OAuth2CC": {"type": "oauth2", "flows": {"clientCredentials": flow}}},
        },
    }


def page() -> Schema:
    return object_of({"changes": list_of(change()), "next": TEXT, "more": {"type": "boolean"}})


def change() -> Schema:
    """`loaded` is a whole table that was filled while it was empty: its rows are in its list."""
    members = {
        "sequence": WHOLE,
        "at": MOMENT,
        "what": words((CREATED, UPDATED, DELETED, LOADED)),
        "collection": words(sorted(known_collections())),
        "sourcedId": TEXT,
        "count": WHOLE,
        "by": object_of({"kind": words(("client", "person", "import", "command")), "id": TEXT}),
        "requestId": TEXT,
        "before": ROW,
        "after": ROW,
    }
    return object_of(members, ("sequence", "at", "what", "collection", "by"))


def operation(name: str, parameters: list[Schema], answer: Schema) -> Schema:
    refused = {str(status): {"description": text} for status, text in REFUSALS.items()}
    found = {"description": "The changes.", "content": {"application/json": {"schema": answer}}}
    return {
        "operationId": name,
        "security": [{"OAuth2CC": [HISTORY_READ]}],
        "parameters": parameters,
        "responses": {"200": found, **refused},
    }


def query(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def in_path(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}
