"""The few forms of JSON Schema that the API's documents are made of."""

from collections.abc import Iterable, Mapping
from typing import Any

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number", "format": "double"}


def list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def words(known: Iterable[str]) -> Schema:
    return {"type": "string", "enum": list(known)}


def object_of(properties: Mapping[str, Schema], required: Iterable[str] | None = None) -> Schema:
    """An object that has no other members than these; all of them are there, unless `required` names fewer."""
    always = list(properties if required is None else required)
    return {
        "type": "object",
        **({"required": always} if always else {}),  # OpenAPI 3.0 forbids an empty list
        "properties": dict(properties),
        "additionalProperties": False,
    }
