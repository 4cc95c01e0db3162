"""A program that writes: what it sends, what it is answered, and that it comes again where it is told to."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quart import Quart
from quart.testing import QuartClient
from werkzeug.datastructures import Headers

from models import ApiClient
from service.access import SCOPES, secret_hash
from tests.doors import bearer

ROSTERING = "/ims/oneroster/rostering/v1p2"
GRADEBOOK = "/ims/oneroster/gradebook/v1p2"
PATHS = {
    "orgs": f"{ROSTERING}/orgs",
    "academicSessions": f"{ROSTERING}/academicSessions",
    "courses": f"{ROSTERING}/courses",
    "classes": f"{ROSTERING}/classes",
    "users": f"{ROSTERING}/users",
    "enrollments": f"{ROSTERING}/enrollments",
    "categories": f"{GRADEBOOK}/categories",
    "scoreScales": f"{GRADEBOOK}/scoreScales",
    "lineItems": f"{GRADEBOOK}/lineItems",
    "results": f"{GRADEBOOK}/results",
}
ATTEMPTS = 30


def a_program() -> ApiClient:
    """The client whose tokens `tests.doors.bearer` gives."""
    return ApiClient(client_id="a-test", name="A test", secret_sha256=secret_hash("none"), scopes=list(SCOPES))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Headers
    json: Any

    @property
    def object(self) -> dict[str, Any]:
        [found] = self.json.values()
        return dict(found)


@dataclass(frozen=True)
class Program:
    """Granted every scope. `app` is in this process."""

    app: Quart
    headers: Mapping[str, str] = field(default_factory=lambda: bearer(*SCOPES))

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """The answer. After 503 it comes again, as it may with every write that was not done."""
        for _ in range(ATTEMPTS):
            answer = await self.send_once(method, path, body, **headers)
            if answer.status != 503:
                return answer
            assert int(answer.headers["Retry-After"]) > 0
            await asyncio.sleep(0.1)
        raise AssertionError(f"{method} {path} was refused {ATTEMPTS} times")

    async def send_once(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else json.dumps(body)
        typed = {} if body is None else {"Content-Type": "application/json"}
        response = await QuartClient(self.app).open(
            path, method=method, data=data, headers={**self.headers, **typed, **named}
        )
        text = await response.get_data(as_text=True)
        return Answer(response.status_code, response.headers, json.loads(text) if text else None)

    async def put(self, kind: str, sourced_id: str, body: Any, **headers: str) -> Answer:
        return await self.send("PUT", place(kind, sourced_id), body, **headers)

    async def get(self, kind: str, sourced_id: str) -> Answer:
        return await self.send("GET", place(kind, sourced_id))

    async def delete(self, kind: str, sourced_id: str, *, cascade: bool = False) -> Answer:
        return await self.send("DELETE", place(kind, sourced_id, cascade=cascade))


def place(kind: str, sourced_id: str, *, cascade: bool = False) -> str:
    return f"{PATHS[kind]}/{sourced_id}" + "?cascade=true" * cascade
