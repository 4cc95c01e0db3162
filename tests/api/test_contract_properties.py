"""Whatever is sent to any operation of our documents, the answer is one that they declare, and never a 500."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.calls import DOCUMENTS, Answer, Caller
from tests.api.test_contract import validator
from tests.samples import SLASHED

Schema = dict[str, Any]
METHODS = ("get", "put", "patch", "post", "delete")
# Some of Springfield, by what refers to it: a member of an object, a part of a path.
KNOWN = {
    "org": "springfield lincoln lab",
    "school": "lincoln shelbyville",
    "primaryOrg": "lincoln",
    "academicSession": "2026-27 fall q1",
    "schoolYear": "2026-27",
    "term": "fall spring",
    "gradingPeriod": "q1 q2 retired-q",
    "parent": "springfield 2026-27 fall",
    "course": "algebra art",
    "class": "algebra-1 algebra-2 bare-class",
    "user": f"ana sean li turing {SLASHED}",
    "student": f"ana sean li {SLASHED}",
    "teacher": "turing noether",
    "agent": "maria turing",
    "enrollment": "algebra-1-ana algebra-2-sean new",
    "demographic": "ana turing retired-student",
    "category": "homework tests extra",
    "scoreScale": "letters smileys",
    "lineItem": "hw-1 hw-2 bare-item retired-item new",
    "result": "hw-1-ana quiz-sean new",
    "assessmentLineItem": "state-test retired-test new",
    "parentAssessmentLineItem": "state-test",
    "assessmentResult": "state-test-ana new",
    "resource": "book film",
    "": "new",
}
PLURALS = {"categories": "category", "classes": "class"}
TEXTS = st.text(st.characters(exclude_categories=()), max_size=12)  # surrogates and NUL among them
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
FORMATS = {
    "date": st.dates().map(str),
    "date-time": st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z"),
    "uri": st.just("https://example.org/x#ana-lms"),
}
HEADERS = st.sampled_from(["*", '"x"', "x", 'W/"x"', "", "é"])
QUERIES = st.sampled_from(
    ["limit=1", "limit=x", "offset=2", "sort=title", "orderBy=desc", "fields=x", "after=x", "filter=%00"]
) | st.sampled_from(["cascade=true", "filter=status='active'", "filter=dateLastModified>'2026-09-01'", ""])


class Requests:
    """Makes requests that the document describes; `wild` ones have something else in some places."""

    def __init__(self, document: Schema, data: st.DataObject) -> None:
        self.document = document
        self.draw = data.draw
        self.wild = self.draw(st.integers(0, 2)) == 0

    def sourced_id(self, what: str) -> str:
        if self.draw(st.integers(0, 29)) == 0:
            return str(
                self.draw(
                    st.sampled_from(["nowhere", "retired-class", "retired-term"]) | st.text(min_size=1, max_size=8)
                )
            )
        name = what.removesuffix("SourcedId")
        known = KNOWN.get(PLURALS.get(name, name.removesuffix("s") if name not in KNOWN else name), "new")
        return str(self.draw(st.sampled_from(known.split())))

    def value(self, schema: Schema, name: str = "") -> Any:
        if self.wild and self.draw(st.integers(0, 9)) == 0:
            return self.draw(ANYTHING)
        if "$ref" in schema:
            return self.value(self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], name)
        if "anyOf" in schema:
            return self.value(self.draw(st.sampled_from(schema["anyOf"])), name)
        if "enum" in schema:
            return self.draw(st.sampled_from(schema["enum"]))
        return getattr(self, schema["type"])(schema, name)

    def object(self, schema: Schema, name: str) -> Any:
        needed = schema.get("required", [])
        members = schema.get("properties", {})
        if list(members) == ["sourcedId"]:
            return {"sourcedId": self.sourced_id(name)}
        chosen = [each for each in members if each in needed or (each != "sourcedId" and self.draw(st.booleans()))]
        if not members:
            return self.draw(st.dictionaries(TEXTS, ANYTHING, max_size=3))
        return {each: self.value(members[each], each) for each in chosen}

    def array(self, schema: Schema, name: str) -> Any:
        return [self.value(schema["items"], name) for _ in range(self.draw(st.integers(schema.get("minItems", 0), 3)))]

    def string(self, schema: Schema, name: str) -> Any:
        if schema.get("pattern") == "^ext:":
            return "ext:" + self.draw(st.text("abc.-_09", min_size=1, max_size=5))
        if name.endswith("SourcedId"):
            return self.sourced_id(name)
        return self.draw(FORMATS.get(schema.get("format", ""), TEXTS if self.wild else st.text(min_size=1, max_size=8)))

    def number(self, _schema: Schema, _name: str) -> Any:
        return self.draw(st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False))

    def path(self, template: str) -> str:
        collection = template.split("/")[1]
        for name in [each.split("}")[0] for each in template.split("{")[1:]]:
            found = self.sourced_id(collection if name == "sourcedId" else name)
            template = template.replace(f"{{{name}}}", quote(found, safe=""))
        return template

    async def send(self, caller: Caller, method: str, template: str, operation: Schema) -> Answer:
        query = "&".join(self.draw(st.lists(QUERIES, max_size=2)))
        address = self.document["servers"][0]["url"].removeprefix("http://localhost") + self.path(template)
        names = self.draw(st.lists(st.sampled_from(["If-Match", "If-None-Match", "Idempotency-Key"]), max_size=1))
        headers = {name: self.draw(HEADERS) for name in names}
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        sent = None if body is None else json.dumps(self.value(body, "body"))
        kind = {"Content-Type": "application/json"} if sent else {}
        return await caller.send(method.upper(), f"{address}?{query}", headers={**headers, **kind}, data=sent)


@pytest.mark.parametrize("service", DOCUMENTS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_every_answer_is_one_that_the_document_declares(
    service: str, data: st.DataObject, writer: Caller
) -> None:
    document = (await writer.get(DOCUMENTS[service])).json
    there = {method: [path for path, each in document["paths"].items() if method in each] for method in METHODS}
    method = data.draw(st.sampled_from([each for each in METHODS if there[each]]))
    path = data.draw(st.sampled_from(there[method]))
    operation = document["paths"][path][method]
    answer = await Requests(document, data).send(writer, method, path, operation)

    assert answer.status != 500, answer.text
    declared = operation["responses"].get(str(answer.status))
    assert declared, (answer.status, answer.text)
    if "content" in declared:
        assert (
            list(validator(document, declared["content"]["application/json"]["schema"]).iter_errors(answer.json)) == []
        )
    else:
        assert answer.text == ""
