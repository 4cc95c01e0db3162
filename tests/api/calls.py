"""How the tests of the API ask: one reader of everything, and where each operation of it is found."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quart import Quart
from quart.testing import QuartClient
from werkzeug.datastructures import Headers

from service.access import SCOPES
from service.api import v1p1
from service.api.operations import Operation, Service
from service.api.services import ALL
from tests.doors import bearer

ROSTERING = "/ims/oneroster/rostering/v1p2"
GRADEBOOK = "/ims/oneroster/gradebook/v1p2"
RESOURCES = "/ims/oneroster/resources/v1p2"
V1P1 = "/ims/oneroster/v1p1"

DOCUMENTS = {
    "rostering": f"{ROSTERING}/discovery/onerosterv1p2rostersservice_openapi3_v1p0.json",
    "gradebook": f"{GRADEBOOK}/discovery/onerosterv1p2gradebookservice_openapi3_v1p0.json",
    "resources": f"{RESOURCES}/discovery/onerosterv1p2resourcesservice_openapi3_v1p0.json",
    "v1p1": f"{V1P1}/openapi.json",
}

# Parts of a path below which Springfield has rows.
FULL = {
    "schoolSourcedId": "lincoln",
    "classSourcedId": "algebra-1",
    "courseSourcedId": "algebra",
    "termSourcedId": "fall",
    "studentSourcedId": "ana",
    "teacherSourcedId": "turing",
    "userSourcedId": "ana",
    "lineItemSourcedId": "hw-1",
}
# … and those below which it has none.
BARE = {
    "schoolSourcedId": "bare-school",
    "classSourcedId": "bare-class",
    "courseSourcedId": "bare-course",
    "termSourcedId": "bare-term",
    "studentSourcedId": "bare-student",
    "teacherSourcedId": "bare-teacher",
    "userSourcedId": "maria",
    "lineItemSourcedId": "bare-item",
}
Pair = tuple[Service, Operation]
BOTH_VERSIONS = (*ALL, v1p1.service())
EVERY: list[Pair] = [(service, each) for service in BOTH_VERSIONS for each in service.operations if each.is_read]
LISTS = [(service, operation) for service, operation in EVERY if not operation.single]
SINGLES = [(service, operation) for service, operation in EVERY if operation.single]
NESTED = [(service, operation) for service, operation in LISTS if operation.parents]


def name_of(value: object) -> str | None:
    """The id of a test about one operation."""
    if isinstance(value, Service):
        return "" if value.version == "1.2" else value.name
    return value.id if isinstance(value, Operation) else None


def place(service: Service, operation: Operation, parts: Mapping[str, str]) -> str:
    """The operation's path, with `parts` in the places of its parameters."""
    return service.prefix + re.sub(r"<path:(\w+)>", lambda found: parts[found[1]], operation.path)


def bare_parts(operation: Operation) -> dict[str, str]:
    """Of a path that has no rows; what is bare itself lies in something that is not."""
    if "/lineItems/<" in operation.path:
        return {**BARE, "classSourcedId": "algebra-1"}
    if "classSourcedId" in operation.path:
        return {**BARE, "schoolSourcedId": "shelbyville"}
    return BARE


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Headers
    text: str
    json: Any

    def items(self) -> list[dict[str, Any]]:
        [found] = self.json.values()
        return list(found)

    def ids(self) -> list[str]:
        return [item["sourcedId"] for item in self.items()]

    def link(self, name: str) -> str | None:
        """The address of another page, without the host."""
        for url, kind in re.findall(r'<http://localhost([^>]*)>; rel="(\w+)"', self.headers.get("Link", "")):
            if kind == name:
                return str(url)
        return None

    def refusal(self) -> str:
        """The code in the standard's error payload."""
        assert self.json["imsx_codeMajor"] == "failure", self.text
        [minor] = self.json["imsx_CodeMinor"]["imsx_codeMinorField"]
        return str(minor["imsx_codeMinorFieldValue"])


def expect_refusal(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.refusal()) == (status, code), answer.text


def named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True)
class Caller:
    """A program that was granted every scope."""

    app: Quart
    headers: dict[str, str] = field(default_factory=lambda: bearer(*SCOPES))

    async def get(
        self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None, **query: Any
    ) -> Answer:
        return await self.send(method, path, headers=headers, query_string=query or None)

    async def put(self, path: str, body: Any, **headers: str) -> Answer:
        """`If_Match="…"` is the header If-Match, and so with the others."""
        return await self.send("PUT", path, json=body, headers=named(headers))

    async def patch(self, path: str, body: Any, **headers: str) -> Answer:
        return await self.send("PATCH", path, json=body, headers=named(headers))

    async def post(self, path: str, body: Any, **headers: str) -> Answer:
        return await self.send("POST", path, json=body, headers=named(headers))

    async def delete(self, path: str, **headers: str) -> Answer:
        return await self.send("DELETE", path, headers=named(headers))

    async def send(self, method: str, path: str, headers: Mapping[str, str] | None = None, **rest: Any) -> Answer:
        response = await QuartClient(self.app).open(
            path, method=method, headers={**self.headers, **(headers or {})}, **rest
        )
        text = await response.get_data(as_text=True)
        decoded = await response.get_json() if response.mimetype == "application/json" and text else None
        return Answer(response.status_code, response.headers, text, decoded)

    async def walk(self, path: str, **query: Any) -> list[str]:
        """The sourcedIds of a whole list, by its `next` links."""
        answer = await self.get(path, **query)
        assert answer.status == 200, answer.text
        seen = answer.ids()
        while following := answer.link("next"):
            answer = await self.get(following)
            assert answer.ids(), "a next link leads to a page with rows"
            assert not set(seen).intersection(answer.ids()), "a walk sees no row twice"
            seen += answer.ids()
        return seen
