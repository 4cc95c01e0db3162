"""How fields and what may be sent for them look, as JSON Schema."""

from collections.abc import Mapping
from functools import singledispatch

from sqlalchemy import Boolean, Date, Double

from models.base import VOCABULARY, Moment, Vocabulary
from service.lists.fields import Document, Field, Given, Objects, Ref, Refs, Rows, Target, Texts, Value
from service.lists.json_schema import NUMBER, TEXT, Schema, list_of, object_of, words
from service.lists.json_text import Column
from service.lists.older import Words
from service.records.kinds import Field as Known
from service.records.writable import Writable

SCALARS: dict[type, Schema] = {
    Boolean: words(("true", "false")),
    Double: NUMBER,
    Date: {"type": "string", "format": "date"},
    Moment: {"type": "string", "format": "date-time"},
}


def object_schema(fields: Mapping[str, Field]) -> Schema:
    required = [name for name, each in fields.items() if each.required]
    return object_of({name: schema(each) for name, each in fields.items()}, required)


@singledispatch
def schema(field: Field) -> Schema:
    """How a field looks, as JSON Schema."""
    raise TypeError(f"no schema for {field}")


@schema.register
def _(field: Value) -> Schema:
    known = vocabulary(field.column)
    return known or next((each for kind, each in SCALARS.items() if isinstance(field.column.type, kind)), TEXT)


@schema.register
def _(field: Words) -> Schema:
    return words(dict.fromkeys([*field.known, *field.names.values(), *([field.otherwise] if field.otherwise else [])]))


@schema.register
def _(field: Ref) -> Schema:
    return reference(field.target)


@schema.register
def _(field: Refs) -> Schema:
    return list_of(reference(field.target))


@schema.register
def _(field: Rows) -> Schema:
    return list_of(object_schema(field.fields))


@schema.register
def _(_field: Texts) -> Schema:
    return list_of(TEXT)


@schema.register
def _(field: Objects) -> Schema:
    return list_of(field.item or object_of(dict.fromkeys(field.members, TEXT)))


@schema.register
def _(_field: Document) -> Schema:
    return {"type": "object", "additionalProperties": True}


@schema.register
def _(field: Given) -> Schema:
    return field.schema


def reference(target: Target) -> Schema:
    return object_of({"href": {**TEXT, "format": "uri"}, "sourcedId": TEXT, "type": words((target.type,))})


def vocabulary(column: Column) -> Schema | None:
    """The words that the column may hold, if it names them (`models.base.one_of`)."""
    known: Vocabulary | None = getattr(getattr(column, "expression", column), "info", {}).get(VOCABULARY)
    if known is None or not known.extensible:
        return words(known.words) if known else None
    return {"anyOf": [words(known.words), {**TEXT, "pattern": "^ext:"}]}


# --- what may be sent ------------------------------------------------------------------------------------------------


def input_schema(writable: Writable, required: bool) -> Schema:
    """The object of a request's body. More is taken than this says (docs/writing.md), and other members are ignored."""
    collection = writable.collection
    readable = {name: sent(each) for name, each in collection.own.items() if name in known_members(writable)}
    common: dict[str, Schema] = {"sourcedId": TEXT, "status": words(("active", "tobedeleted"))}
    always = [name for name in readable if is_required(writable, name)] if required else []
    return {
        "type": "object",
        **({"required": always} if always else {}),
        "properties": {**common, "metadata": {"type": "object"}, **readable},
    }


def known_members(writable: Writable) -> set[str]:
    parts = {part.name for part in writable.parts}
    return {*writable.members, *writable.documents, *parts, *writable.names}


def is_required(writable: Writable, name: str) -> bool:
    known: Known | None = writable.members.get(name)
    return bool(known and known.required) or any(part.name == name and part.required for part in writable.parts)


def sent(field: Field) -> Schema:
    """Of a reference only the sourcedId counts."""
    if isinstance(field, Ref):
        return GUID
    if isinstance(field, Refs):
        return list_of(GUID)
    if isinstance(field, Rows):
        members = {name: sent(each) for name, each in field.fields.items()}
        always = [name for name, each in field.fields.items() if each.required and name != "profileId"]
        return list_of({"type": "object", "required": always, "properties": members})
    return schema(field)


GUID: Schema = {"type": "object", "required": ["sourcedId"], "properties": {"sourcedId": {**TEXT, "minLength": 1}}}
