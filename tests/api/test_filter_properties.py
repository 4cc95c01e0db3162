"""Filters by the thousand: none breaks the service, and each finds what plain Python finds in what is served."""

import operator as operators
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from service.lists.collection import SHOWS_DELETED
from tests.api.calls import GRADEBOOK, RESOURCES, ROSTERING, Caller

EXAMPLES = settings(max_examples=80, deadline=None)
Item = dict[str, Any]


def moment(text: str) -> datetime:
    """OneRoster's moments have milliseconds; what is finer is cut."""
    found = datetime.fromisoformat(text).astimezone(UTC)
    return found.replace(microsecond=found.microsecond // 1000 * 1000)


# How the values of a field are compared; text is compared as it is.
KINDS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "boolean": str,
    "number": float,
    "day": date.fromisoformat,
    "moment": moment,
}
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "=": operators.eq,
    ">": operators.gt,
    ">=": operators.ge,
    "<": operators.lt,
    "<=": operators.le,
    "~": lambda hay, needle: str(needle).lower() in str(hay).lower(),
}
SHARED = {"sourcedId": "text", "status": "text", "dateLastModified": "moment"}
FIELDS: dict[str, dict[str, str]] = {
    f"{ROSTERING}/orgs": {
        "name": "text",
        "type": "text",
        "identifier": "text",
        "parent": "text",
        "children.sourcedId": "text",
        "metadata.phone": "text",
        "metadata.n": "text",
        "metadata.open": "text",
        "metadata.homeroom.seats": "text",
    },
    f"{ROSTERING}/users": {
        "givenName": "text",
        "familyName": "text",
        "middleName": "text",
        "username": "text",
        "email": "text",
        "enabledUser": "boolean",
        "primaryOrg.sourcedId": "text",
        "agents": "text",
        "grades": "text",
        "userIds.type": "text",
        "userIds.identifier": "text",
        "roles.role": "text",
        "roles.roleType": "text",
        "roles.org.sourcedId": "text",
        "roles.beginDate": "day",
        "userProfiles.profileType": "text",
        "metadata.bus": "text",
    },
    f"{ROSTERING}/classes/algebra-1/students": {"givenName": "text", "enabledUser": "boolean", "grades": "text"},
    f"{ROSTERING}/academicSessions": {"title": "text", "startDate": "day", "endDate": "day", "parent": "text"},
    f"{ROSTERING}/classes": {"title": "text", "terms.sourcedId": "text", "periods": "text", "resources": "text"},
    f"{ROSTERING}/demographics": {"birthDate": "day", "sex": "text", "white": "boolean", "asian": "boolean"},
    f"{ROSTERING}/enrollments": {"primary": "boolean", "role": "text", "user": "text", "endDate": "day"},
    f"{GRADEBOOK}/lineItems": {
        "dueDate": "moment",
        "resultValueMax": "number",
        "gradingPeriod": "text",
        "scoreScale": "text",
        "learningObjectiveSet.learningObjectiveIds": "text",
    },
    f"{GRADEBOOK}/results": {
        "score": "number",
        "scoreDate": "day",
        "scoreStatus": "text",
        "comment": "text",
        "late": "boolean",
        "student.sourcedId": "text",
        "class": "text",
        "scoreScale.sourcedId": "text",
        "learningObjectiveSet.source": "text",
    },
    f"{GRADEBOOK}/scoreScales": {"title": "text", "scoreScaleValue.itemValueLHS": "text"},
    f"{RESOURCES}/resources": {"roles": "text", "importance": "text", "vendorResourceId": "text"},
}


@dataclass(frozen=True)
class Clause:
    path: str
    kind: str
    operator: str
    value: str
    bare: bool

    def __str__(self) -> str:
        quoted = "'" + self.value.replace("'", "''") + "'"
        return f"{self.path}{self.operator}{self.value if self.bare else quoted}"

    def holds(self, item: Item) -> bool:
        read = KINDS[self.kind]
        wanted, found = read(self.value), [read(text) for text in texts(item, self.path.split("."))]
        if self.operator == "!=":
            return wanted not in found
        return any(ORDER[self.operator](each, wanted) for each in found)

    def names(self) -> set[str]:
        return {self.path.split(".")[0]}


@dataclass(frozen=True)
class Joined:
    word: str
    parts: tuple["Clause | Joined", ...]

    def __str__(self) -> str:
        """AND binds closer, so it needs no parentheses inside OR."""
        return f" {self.word} ".join(
            f"({part})" if isinstance(part, Joined) and self.word.upper() == "AND" else str(part) for part in self.parts
        )

    def holds(self, item: Item) -> bool:
        several = all if self.word.upper() == "AND" else any
        return several(part.holds(item) for part in self.parts)

    def names(self) -> set[str]:
        return set().union(*(part.names() for part in self.parts))


def texts(value: Any, path: list[str]) -> Iterator[str]:
    """Every value that the path leads to, through lists too; a reference stands for its sourcedId."""
    if isinstance(value, list):
        for each in value:
            yield from texts(each, path)
    elif isinstance(value, dict):
        if path[:1] == ["metadata"]:
            yield from scalars((value.get("metadata") or {}).get(".".join(path[1:])))
        else:
            name, rest = (path[0], path[1:]) if path else ("sourcedId", [])
            yield from texts(value.get(name), rest)
    else:
        yield from scalars(value)


def scalars(value: Any) -> Iterator[str]:
    if isinstance(value, bool):
        yield str(value).lower()
    elif isinstance(value, (str, int, float)):
        yield str(value)


def near(kind: str, value: str) -> list[str]:
    """The value itself, and such as are easily taken for it."""
    if kind == "boolean":
        return ["true", "false"]
    if kind == "number":
        return [value, str(float(value) + 0.5), str(-float(value)), f"{float(value):e}"]
    if kind == "day":
        day = date.fromisoformat(value)
        return [value, str(day + timedelta(days=1)), str(day - timedelta(days=1))]
    if kind == "moment":
        at = moment(value)
        elsewhere = at.astimezone(UTC) + timedelta(microseconds=999)
        return [value, elsewhere.isoformat(), (at - timedelta(milliseconds=1)).isoformat(), value[:10]]
    return [value, value.swapcase(), value[1:], value[:2], value + " ", f"{value}'", ""]


FALLBACKS = {"number": "1", "day": "2026-09-01", "moment": "2026-09-01T00:00:00Z"}


@st.composite
def clauses(draw: st.DrawFn, fields: dict[str, str], items: list[Item]) -> Clause:
    path, kind = draw(st.sampled_from(sorted(fields.items())))
    seen = sorted({text for item in items for text in texts(item, path.split("."))}) or [FALLBACKS.get(kind, "x")]
    value = draw(st.sampled_from(seen).flatmap(lambda text: st.sampled_from(near(kind, text))))
    if kind == "moment" and "+" not in value and not value.endswith("Z"):
        value += "T00:00:00Z" if len(value) == 10 else "Z"
    allowed = ["=", "!="] if kind == "boolean" else [each for each in ("!=", *ORDER) if each != "~" or kind == "text"]
    bare = draw(st.booleans()) and kind in ("number", "boolean")
    return Clause(path, kind, draw(st.sampled_from(allowed)), value, bare)


def filters(fields: dict[str, str], items: list[Item]) -> st.SearchStrategy[Clause | Joined]:
    words = st.sampled_from(["AND", "OR", "and", "Or"])
    return st.recursive(
        clauses(fields, items),
        lambda parts: st.builds(Joined, words, st.lists(parts, min_size=2, max_size=3).map(tuple)),
        max_leaves=5,
    )


PIECES = ["givenName", "score", "roles.role", "=", "!=", "~", ">", "'", "''", "'x'", "(", ")", "AND", "OR", " ", "true"]
PIECES += [
    "1",
    "-1.5e3",
    "metadata.a",
    "dateLastModified",
    "'2026-09-01'",
    "\0",
    "\n",
    "é",
    "%",
    "\\",
    ".",
    "status",
    "1e999",
]


@EXAMPLES
@given(text=st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
async def test_any_text_is_a_filter_or_is_refused(text: str, caller: Caller) -> None:
    for path in (f"{ROSTERING}/users", f"{GRADEBOOK}/results"):
        answer = await caller.get(path, filter=text, fields="sourcedId")

        assert answer.status in (200, 400), answer.text


@EXAMPLES
@given(drawn=st.data())
async def test_a_filter_finds_what_python_finds(drawn: st.DataObject, caller: Caller) -> None:
    path, own = drawn.draw(st.sampled_from(sorted(FIELDS.items())))
    items = (await caller.get(path, filter="status!='unknown'", limit=10_000)).items()
    tree = drawn.draw(filters({**SHARED, **own}, items))

    answer = await caller.get(path, filter=str(tree), fields="sourcedId", limit=10_000)

    deleted_too = tree.names() & SHOWS_DELETED
    expected = [item["sourcedId"] for item in items if tree.holds(item) and (deleted_too or item["status"] == "active")]
    assert answer.status == 200, (str(tree), answer.text)
    assert answer.ids() == sorted(expected), str(tree)
