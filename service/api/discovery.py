"""The discovery documents: each service in OpenAPI 3.0, written from the declarations that answer its requests."""

import json
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from quart import Blueprint, Response, current_app, request

from service.access import allow, short_scope
from service.api import own_document, v1p1
from service.api.operations import Operation, Service
from service.api.schemas import input_schema, object_schema
from service.api.services import ALL
from service.errors import OLDER_CODES, Problem
from service.lists.addresses import base_url
from service.lists.collection import Collection
from service.lists.json_schema import TEXT, Schema, list_of, object_of, words
from service.settings import Settings

# For each service the name in the standard's binding and that in its conformance guide; clients ask for either.
NAMES = {
    "rostering": ("onerosterv1p2rostersservice_openapi3_v1p0.json", "imsorv1p2_rostering_openapi3_v1p0.json"),
    "gradebook": ("onerosterv1p2gradebookservice_openapi3_v1p0.json", "imsorv1p2_gradebook_openapi3_v1p0.json"),
    "resources": ("onerosterv1p2resourcesservice_openapi3_v1p0.json", "imsorv1p2_resources_openapi3_v1p0.json"),
}
HERE = "https://homeroom.invalid"  # in the document as it is kept; what a client gets has our address instead
REFUSALS = (400, 401, 403, 404, 429, 500, 503)
WRITE_REFUSALS = (400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 500, 503)
WRITTEN = {"PUT": "201", "PATCH": "200", "POST": "201", "DELETE": "204"}


OWN = "/homeroom/v1/openapi.json"
OLDER = "/ims/oneroster/v1p1/openapi.json"  # 1.1 knew no discovery, so it has no name for this


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule(OWN, "own_document", allow()(answer_own), methods=["GET"])
    blueprint.add_url_rule(OLDER, "older_document", allow()(answer(v1p1.service().name)), methods=["GET"])
    for service, names in NAMES.items():
        for name in names:
            path = f"/ims/oneroster/{service}/v1p2/discovery/{name}"
            blueprint.add_url_rule(path, name.replace(".", "_"), allow()(answer(service)), methods=["GET"])


def document_paths() -> dict[str, str]:
    """Where each document is, by the name of what it describes."""
    paths = {service: f"/ims/oneroster/{service}/v1p2/discovery/{names[0]}" for service, names in NAMES.items()}
    return {**paths, "OneRoster 1.1": OLDER, "changes and history": OWN}


async def answer_own() -> Response:
    settings: Settings = current_app.config["SETTINGS"]
    described = own_document.document(settings, f"{base_url()}/homeroom/v1", f"{base_url()}/oauth2/token")
    return Response(json.dumps(described), content_type="application/json")


def answer(service: str) -> Callable[[], Awaitable[Response]]:
    async def view() -> Response:
        settings: Settings = current_app.config["SETTINGS"]
        text = document_text(service, settings).replace(HERE, base_url())
        response = Response(text, content_type="application/json")
        response.headers["Cache-Control"] = "public, max-age=3600"
        await response.add_etag()
        return await response.make_conditional(request)

    return view


@lru_cache(maxsize=16)
def document_text(service: str, settings: Settings) -> str:
    return json.dumps(document([each for each in (*ALL, v1p1.service()) if each.name == service], settings))


def document(parts: list[Service], settings: Settings) -> dict[str, Any]:
    """One of the standard's services; rostering and the gradebook are made of two of ours each."""
    operations = [operation for part in parts for operation in part.operations]
    collections = list(dict.fromkeys(operation.collection for operation in operations))
    return {
        "openapi": "3.0.1",
        "info": {"title": f"Homeroom: OneRoster {parts[0].name}", "version": parts[0].version},
        "servers": [{"url": HERE + parts[0].prefix}],
        "paths": paths(operations),
        "components": {
            "schemas": {"statusInfo": status_info(parts[0].version), **schemas(collections), **inputs(operations)},
            "parameters": parameters(collections, settings),
            "headers": {
                "X-Total-Count": {"description": "How many rows the list has in all.", "schema": {"type": "integer"}},
                "Link": {"description": "The first, previous, next and last page (RFC 8288).", "schema": TEXT},
            },
            "securitySchemes": {"OAuth2CC": security(operations)},
        },
    }


def paths(operations: list[Operation]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for operation in operations:
        found.setdefault(braced(operation.path), {})[operation.method.lower()] = described(operation)
    return found


def security(operations: list[Operation]) -> Schema:
    scopes = dict.fromkeys(scope for operation in operations for scope in operation.scopes)
    named = {scope: short_scope(scope) for scope in scopes}
    flow = {"tokenUrl": f"{HERE}/oauth2/token", "scopes": named}
    return {"type": "oauth2", "flows": {"clientCredentials": flow}}


def described(operation: Operation) -> Schema:
    """The operation object. Any one of the scopes is enough, hence a list of requirements."""
    parts = [path_parameter(name) for name in re.findall(r":(\w+)>", operation.path)]
    return {
        "operationId": operation.id,
        "tags": [operation.collection.many],
        "security": [{"OAuth2CC": [scope]} for scope in operation.scopes],
        "parameters": parts + [{"$ref": f"#/components/parameters/{name}"} for name in asked(operation)],
        **(body(operation) if operation.method in ("PUT", "PATCH", "POST") else {}),
        "responses": answers(operation),
    }


def answers(operation: Operation) -> dict[str, Schema]:
    if operation.is_read:
        read = {"200": found(operation), "304": {"description": "The client has it already."}}
        return {**read, **{str(status): refused(status) for status in REFUSALS}}
    done = {WRITTEN[operation.method]: written(operation)}
    return {**done, **{str(status): refused(status) for status in WRITE_REFUSALS}}


def body(operation: Operation) -> Schema:
    one, many = operation.collection.one, operation.collection.many
    if operation.id == "postAgents":
        return {"requestBody": {"required": True, **content(object_of({"agentSourcedId": TEXT}))}}
    single = object_of({one: {"$ref": schema_of(f"{one}.{'changes' if operation.method == 'PATCH' else 'input'}")}})
    listed = object_of({many: {**list_of({"$ref": schema_of(f"{one}.input")}), "minItems": 1}})
    accepted = {"anyOf": [single, listed]} if operation.method == "POST" else single
    return {"requestBody": {"required": True, **content(accepted)}}


def written(operation: Operation) -> Schema:
    if operation.method == "DELETE":
        return {"description": "It is deleted."}
    if operation.method == "POST" and operation.id != "postAgents":
        pair = {"$ref": schema_of("sourcedIdPair")}
        pairs = object_of({"sourcedIdPairs": {"anyOf": [list_of(pair), pair]}})
        return {"description": "The sourcedIds that they got.", **content(pairs)}
    return {"description": "The object.", **content({"$ref": schema_of(f"{operation.collection.one}.single")})}


def asked(operation: Operation) -> list[str]:
    if operation.write is not None and operation.write.answer:  # adding or removing an agent is repeatable as it is
        return []
    if operation.method == "POST":
        return ["Idempotency-Key"]
    if not operation.is_read:
        return ["If-Match", *(["cascade"] if operation.method == "DELETE" else ["If-None-Match"])]
    fields, sort = f"fields.{operation.collection.one}", f"sort.{operation.collection.one}"
    return [fields] if operation.single else ["limit", "offset", sort, "orderBy", "filter", fields]


def found(operation: Operation) -> Schema:
    if operation.single:
        return {"description": "The object.", **content({"$ref": schema_of(f"{operation.collection.one}.single")})}
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Total-Count", "Link")}
    body = content({"$ref": schema_of(f"{operation.collection.one}.list")})
    return {"description": "A page of the list.", "headers": headers, **body}


def refused(status: int) -> Schema:
    # Not by reference alone: in OpenAPI 3.0 what stands beside a reference does not count.
    return {"description": HTTPStatus(status).phrase, **content({"$ref": schema_of("statusInfo")})}


def parameters(collections: list[Collection], settings: Settings) -> dict[str, Schema]:
    limit = {"type": "integer", "minimum": 1, "maximum": settings.page_limit_max, "default": settings.page_limit}
    shared: dict[str, Schema] = {
        "limit": query("limit", limit),
        "offset": query("offset", {"type": "integer", "minimum": 0, "default": 0}),
        "orderBy": query("orderBy", {**words(("asc", "desc")), "default": "asc"}),
        "filter": query("filter", {**TEXT, "maxLength": settings.filter_length_max}),
        "cascade": query("cascade", words(("true", "false"))),
        **{name: {**query(name, TEXT), "in": "header"} for name in ("If-Match", "If-None-Match", "Idempotency-Key")},
    }
    for each in collections:
        sortable = ["sourcedId", *(name for name in each.fields if each.sort_key(name) is not None)]
        shared[f"sort.{each.one}"] = query("sort", words(sortable))
        names = {**list_of(words(each.fields)), "minItems": 1}
        shared[f"fields.{each.one}"] = {**query("fields", names), "style": "form", "explode": False}
    return shared


def query(name: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def path_parameter(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {**TEXT, "minLength": 1, "maxLength": 255}}


def schemas(collections: list[Collection]) -> dict[str, Schema]:
    named: dict[str, Schema] = {}
    for each in collections:
        named[each.one] = object_schema(each.fields)
        named[f"{each.one}.single"] = object_of({each.one: {"$ref": schema_of(each.one)}})
        named[f"{each.one}.list"] = object_of({each.many: list_of({"$ref": schema_of(each.one)})})
    return named


def inputs(operations: list[Operation]) -> dict[str, Schema]:
    named: dict[str, Schema] = {}
    for operation in operations:
        if operation.write is not None:
            one, writable = operation.collection.one, operation.write.writable
            named[f"{one}.input"] = input_schema(writable, required=True)
            named[f"{one}.changes"] = input_schema(writable, required=False)
            named["sourcedIdPair"] = object_of({"suppliedSourcedId": TEXT, "allocatedSourcedId": TEXT})
    return named


def status_info(version: str) -> Schema:
    """The payload of every refusal (`service.errors.payload`)."""
    kinds: list[type[Problem]] = [Problem, *Problem.__subclasses__()]
    codes = {"internal_server_error", *(each.code for each in kinds)}
    older = version == "1.1"
    codes = {OLDER_CODES.get(code, code) for code in codes} if older else codes
    minor = object_of({"imsx_codeMinorFieldName": TEXT, "imsx_codeMinorFieldValue": words(sorted(codes))})
    members = {
        "imsx_codeMajor": words(("failure",)),
        "imsx_severity": words(("error",)),
        **({"imsx_messageRefIdentifier": TEXT} if older else {}),
        "imsx_description": TEXT,
        "imsx_CodeMinor": object_of({"imsx_codeMinorField": list_of(minor)}),
    }
    return object_of(members)


def content(body: Schema) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": body}}}


def schema_of(name: str) -> str:
    return f"#/components/schemas/{name}"


def braced(path: str) -> str:
    return re.sub(r"<path:(\w+)>", r"{\1}", path)
