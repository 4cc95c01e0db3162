"""The discovery documents, and the page that leads to them."""

import re

import pytest

from service.api.operations import Operation, Service
from tests.api.calls import DOCUMENTS, EVERY, Caller, name_of

each_operation = pytest.mark.parametrize(("service", "operation"), EVERY, ids=name_of)


@pytest.mark.parametrize("service", ["rostering", "gradebook", "resources"])
async def test_a_document_lies_open_under_both_names(service: str, offline: Caller) -> None:
    anybody = Caller(offline.app, headers={})
    binding = await anybody.get(DOCUMENTS[service])
    guide = await anybody.get(f"/ims/oneroster/{service}/v1p2/discovery/imsorv1p2_{service}_openapi3_v1p0.json")

    assert binding.status == guide.status == 200
    assert binding.json == guide.json
    assert binding.json["openapi"].startswith("3.0")


@each_operation
async def test_the_documents_describe_every_operation(service: Service, operation: Operation, offline: Caller) -> None:
    document = (await offline.get(DOCUMENTS[service.name])).json
    found = document["paths"][re.sub(r"<path:(\w+)>", r"{\1}", operation.path)]["get"]
    [token_url] = [flow["tokenUrl"] for flow in document["components"]["securitySchemes"]["OAuth2CC"]["flows"].values()]

    assert found["operationId"] == operation.id
    assert [scope for each in found["security"] for [scope] in each.values()] == list(operation.scopes)
    assert [each["name"] for each in found["parameters"] if "name" in each] == re.findall(r":(\w+)>", operation.path)
    assert token_url == "http://localhost/oauth2/token"


async def test_the_documents_know_the_limits_and_the_vocabularies(offline: Caller) -> None:
    parts = (await offline.get(DOCUMENTS["rostering"])).json["components"]
    role = parts["schemas"]["user"]["properties"]["roles"]["items"]["properties"]["role"]

    assert parts["parameters"]["limit"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 10_000,
        "default": 100,
    }
    assert "teacher" in role["anyOf"][0]["enum"]
    assert role["anyOf"][1]["pattern"] == "^ext:"


async def test_a_document_need_not_be_sent_twice(offline: Caller) -> None:
    first = await offline.get(DOCUMENTS["rostering"])
    second = await offline.get(DOCUMENTS["rostering"], headers={"If-None-Match": first.headers["ETag"]})

    assert (second.status, second.text) == (304, "")
    assert first.headers["Cache-Control"] == "public, max-age=3600"


async def test_the_index_leads_to_the_documents_without_a_script(offline: Caller) -> None:
    page = await Caller(offline.app, headers={}).get("/")
    links = re.findall('href="http://localhost([^"]*)"', page.text)

    assert sorted(links) == ["/docs", "/homeroom/v1/openapi.json", *sorted(DOCUMENTS.values())]
    assert "<script" not in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")


async def test_the_index_repeats_nothing_that_the_client_made_up(offline: Caller) -> None:
    assert (await offline.get("/", headers={"Host": "<b>"})).status == 400
