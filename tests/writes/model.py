"""What a write means, in plain Python: a school's records, how they refer to each other, and what becomes of those that
refer to what is deleted. `test_model.py` holds the service to it.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

ACTIVE, DELETED = "active", "tobedeleted"
NO_VALUE = {"no": "value"}  # what a program sends that holds nothing a member may hold
Key = tuple[str, str]  # kind, sourcedId
Body = dict[str, Any]  # members; a reference is the plain sourcedId, a list of them a list


class Tie(Enum):
    """What becomes of a record when one that it refers to is deleted."""

    OWNED = "it goes along"
    NEEDED = "it forbids that; in a cascade it goes along"
    LOOSE = "it forbids that; in a cascade it loses the reference"
    LISTED = "it forbids that; in a cascade its list loses the one"
    ALL_NEEDED = "the same; and if the list is empty then, it goes along"


@dataclass(frozen=True)
class Ref:
    """A member that refers to records of a kind."""

    kind: str
    tie: Tie

    @property
    def is_list(self) -> bool:
        return self.tie in (Tie.LISTED, Tie.ALL_NEEDED)


@dataclass(frozen=True)
class Kind:
    """`values`: what each member may be, the first of them first. `told`: members that are known by what another one
    refers to, where they are left out. `instead`: what is shown where there is no value; None is the sourcedId."""

    one: str
    values: Mapping[str, tuple[Any, ...]]
    refs: Mapping[str, Ref] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    told: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    instead: Mapping[str, Any] = field(default_factory=dict)

    @property
    def members(self) -> tuple[str, ...]:
        return (*self.values, *self.refs, *(("roles",) if self.one == "user" else ()))


METADATA = (None, {"room": "12", "seats": 30})
DAYS = ("2026-09-01", "2027-01-31")
A_SCALE = [{"itemValueLHS": "90-100", "itemValueRHS": "A"}, {"itemValueLHS": "0-89", "itemValueRHS": "B"}]
PARTS: Mapping[str, Any] = {"roles": [], "scoreScale": None}  # members that go with their record, and what is left
KINDS: Mapping[str, Kind] = {
    "orgs": Kind(
        "org",
        {"name": ("North", "Söuth"), "type": ("school", "district"), "identifier": (None, "17"), "metadata": METADATA},
        {"parent": Ref("orgs", Tie.NEEDED)},
        required=("name", "type"),
        instead={"identifier": None},
    ),
    "academicSessions": Kind(
        "academicSession",
        {
            "title": ("Fall", "Spring"),
            "type": ("term", "gradingPeriod"),
            "startDate": DAYS,
            "endDate": DAYS,
            "schoolYear": ("2027", "2028"),
        },
        {"parent": Ref("academicSessions", Tie.NEEDED)},
        required=("title", "type", "startDate", "endDate", "schoolYear"),
    ),
    "courses": Kind(
        "course",
        {"title": ("Algebra", "Art"), "courseCode": (None, "A1"), "grades": (None, ["09", "10"])},
        {"schoolYear": Ref("academicSessions", Tie.LOOSE), "org": Ref("orgs", Tie.LOOSE)},
        required=("title",),
        instead={"courseCode": None},
    ),
    "classes": Kind(
        "class",
        {"title": ("Algebra 1", "Art 2"), "classType": (None, "homeroom"), "periods": (None, ["1", "3"])},
        {
            "course": Ref("courses", Tie.NEEDED),
            "school": Ref("orgs", Tie.NEEDED),
            "terms": Ref("academicSessions", Tie.ALL_NEEDED),
        },
        required=("title", "course", "school", "terms"),
    ),
    "users": Kind(
        "user",
        {"enabledUser": ("true", "false"), "givenName": ("Ana", "Zoë"), "familyName": ("Smith",), "metadata": METADATA},
        {"primaryOrg": Ref("orgs", Tie.LOOSE), "agents": Ref("users", Tie.LISTED)},
        required=("enabledUser", "givenName", "familyName", "roles"),
    ),
    "enrollments": Kind(
        "enrollment",
        {"role": ("student", "teacher"), "primary": (None, "true"), "beginDate": (None, *DAYS)},
        {"user": Ref("users", Tie.NEEDED), "class": Ref("classes", Tie.NEEDED), "school": Ref("orgs", Tie.NEEDED)},
        required=("role", "user", "class"),
        told={"school": ("class", "school")},
        instead={"primary": "false"},
    ),
    "categories": Kind("category", {"title": ("Homework", "Quiz"), "weight": (None, 12.5)}, required=("title",)),
    "scoreScales": Kind(
        "scoreScale",
        {"title": ("Marks", "Points"), "type": ("letters",), "scoreScaleValue": (A_SCALE, A_SCALE[:1])},
        {"class": Ref("classes", Tie.NEEDED), "course": Ref("courses", Tie.LOOSE)},
        required=("title", "type", "scoreScaleValue", "class"),
    ),
    "lineItems": Kind(
        "lineItem",
        {
            "title": ("Sheet", "Essay"),
            "assignDate": ("2026-09-01T00:00:00.000Z",),
            "dueDate": ("2026-09-08T12:30:00.000Z",),
            "resultValueMax": (None, 100),
        },
        {
            "class": Ref("classes", Tie.NEEDED),
            "school": Ref("orgs", Tie.NEEDED),
            "category": Ref("categories", Tie.NEEDED),
            "academicSession": Ref("academicSessions", Tie.LOOSE),
            "scoreScale": Ref("scoreScales", Tie.LOOSE),
        },
        required=("title", "assignDate", "dueDate", "class", "category"),
        told={"school": ("class", "school")},
    ),
    "results": Kind(
        "result",
        {"scoreStatus": ("submitted", "fully graded"), "scoreDate": DAYS, "score": (None, 87.25)},
        {
            "lineItem": Ref("lineItems", Tie.OWNED),
            "student": Ref("users", Tie.NEEDED),
            "class": Ref("classes", Tie.LOOSE),
            "scoreScale": Ref("scoreScales", Tie.LOOSE),
        },
        required=("scoreStatus", "scoreDate", "lineItem", "student"),
        told={"class": ("lineItem", "class")},
    ),
}


class Refused(Exception):
    """The status that a write is refused with. It has changed nothing."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass
class School:
    """Every record there is or was. What the last write did is in `changes`: of each record what, one after the other.

    A write that raises Refused may be done by half, so a write is tried on a `copy`, which takes the place of the
    school when it is done.
    """

    records: dict[Key, Body] = field(default_factory=dict)
    changes: dict[Key, list[str]] = field(default_factory=dict)

    def copy(self) -> "School":
        return School(deepcopy(self.records))

    def is_active(self, key: Key) -> bool:
        return key in self.records and self.records[key]["status"] == ACTIVE

    def active(self, kind: str) -> list[str]:
        """Their sourcedIds, the oldest first."""
        return [
            sourced_id for other, sourced_id in self.records if other == kind and self.is_active((kind, sourced_id))
        ]

    # --- the writes ---

    def put(self, key: Key, body: Body, *, matches: bool = True, cascade: bool = False) -> None:
        """The record is what the body says; it is made, or made again, where it is not there."""
        expect_values(key[0], whole(key[0], body))
        self.write(key, whole(key[0], body), matches, cascade)

    def patch(self, key: Key, body: Body, *, matches: bool = True, cascade: bool = False) -> None:
        """The members that the body names are what it says."""
        expect_values(key[0], body)
        self.expect_active(key)
        self.write(key, body, matches, cascade)

    def write(self, key: Key, body: Body, matches: bool, cascade: bool) -> None:
        if not matches:
            raise Refused(412)
        self.expect_no_loop(key, body.get("parent"))
        self.expect_references(key[0], body)
        self.store(key, {**body, "status": ACTIVE})
        if body.get("status") == DELETED:
            self.delete(key, cascade=cascade)

    def post(self, kind: str, bodies: list[Body]) -> None:
        """New records, all of them or none. Each body has a sourcedId, that it was given."""
        wholes = [whole(kind, body) for body in bodies]
        for each in wholes:
            expect_values(kind, each)
        for each in wholes:
            self.expect_references(kind, each)
        for each in wholes:
            self.store((kind, each["sourcedId"]), {**each, "status": ACTIVE})
        for each in wholes:
            if each.get("status") == DELETED:
                self.remove((kind, each["sourcedId"]))

    def delete(self, key: Key, *, matches: bool = True, cascade: bool = False) -> None:
        self.expect_active(key)
        if not matches:
            raise Refused(412)
        if not cascade and any(tie is not Tie.OWNED for other, _, tie in self.referring(key) if other != key):
            raise Refused(409)
        self.remove(key)

    def add_agent(self, key: Key, agent: str) -> None:
        self.expect_active(key)
        self.expect_references("users", {"agents": [agent]})
        self.store(key, {"agents": [*self.agents(key), agent]})

    def drop_agent(self, key: Key, agent: str) -> None:
        self.expect_active(key)
        if agent not in self.agents(key):
            raise Refused(404)
        self.store(key, {"agents": [each for each in self.agents(key) if each != agent]})

    def agents(self, key: Key) -> list[str]:
        return self.records[key]["agents"] or []

    # --- what they consist of ---

    def expect_active(self, key: Key) -> None:
        if not self.is_active(key):
            raise Refused(404)

    def expect_references(self, kind: str, body: Body) -> None:
        for _, target in targets(kind, body):
            if not self.is_active(target):
                raise Refused(422)

    def expect_no_loop(self, key: Key, parent: str | None) -> None:
        """What is deleted still has the parent that it had."""
        passed: set[str] = set()
        while parent is not None and parent not in passed:
            if parent == key[1]:
                raise Refused(422)
            passed.add(parent)
            parent = self.records.get((key[0], parent), {}).get("parent")

    def store(self, key: Key, body: Body) -> None:
        kind = KINDS[key[0]]
        self.changes.setdefault(key, []).append("updated" if key in self.records else "created")
        record = self.records.setdefault(key, dict.fromkeys(kind.members))
        record |= body
        for member, (through, wanted) in kind.told.items():
            if member in body and record[member] is None:
                record[member] = self.records[kind.refs[through].kind, record[through]][wanted]

    def remove(self, key: Key) -> None:
        """Mark it as deleted, and do to those that refer to it what their tie says."""
        record = self.records[key]
        if record["status"] == DELETED:
            return
        record["status"] = DELETED
        referring = list(self.referring(key))
        record |= {member: nothing for member, nothing in PARTS.items() if member in record}
        for other, member, tie in referring:
            self.lose(other, member, key[1], tie)
        self.changes.setdefault(key, []).append("deleted")

    def lose(self, key: Key, member: str, sourced_id: str, tie: Tie) -> None:
        record = self.records[key]
        if tie in (Tie.OWNED, Tie.NEEDED) or (tie is Tie.ALL_NEEDED and record[member] == [sourced_id]):
            self.remove(key)
            return
        if record["status"] == DELETED:
            return
        if member == "roles":
            record[member] = [role for role in record[member] if role["org"] != sourced_id]
        elif tie is Tie.LOOSE:
            record[member] = None
        else:
            record[member] = [each for each in record[member] if each != sourced_id]
        self.changes.setdefault(key, []).append("updated")

    def referring(self, key: Key) -> Iterator[tuple[Key, str, Tie]]:
        """The active records that refer to it, by which member and tie. A role is a part of its user."""
        for other, record in list(self.records.items()):
            if record["status"] == ACTIVE:
                for member, target in targets(other[0], record):
                    if target == key:
                        yield other, member, Tie.LISTED if member == "roles" else KINDS[other[0]].refs[member].tie

    # --- what is shown ---

    def shown(self, key: Key) -> Body:
        """The JSON of the record; its address and its stamp left out."""
        kind, record = KINDS[key[0]], self.records[key]
        body = {name: on_wire(kind, name, record[name]) for name in kind.members}
        body |= {name: key[1] if value is None else value for name, value in kind.instead.items() if body[name] is None}
        body |= {"sourcedId": key[1], "status": record["status"]}
        if parent := kind.refs.get("parent"):
            below = [each for each in self.active(key[0]) if self.records[key[0], each]["parent"] == key[1] != each]
            body["children"] = [reference(parent.kind, each) for each in sorted(below)]
        if (
            self.records.get(("academicSessions", str(record.get("academicSession"))), {}).get("type")
            == "gradingPeriod"
        ):
            body["gradingPeriod"] = body["academicSession"]
        always = {"roles", "terms"}
        return {name: value for name, value in body.items() if value not in (None, []) or name in always}


def whole(kind: str, body: Body) -> Body:
    """What a body leaves out has no value."""
    return dict.fromkeys(KINDS[kind].members) | body


def expect_values(kind: str, body: Body) -> None:
    """Of the body alone, whatever there is: that each member holds what it may."""
    for member, value in body.items():
        if value == NO_VALUE or (member in KINDS[kind].required and value in (None, [])):
            raise Refused(422)


def targets(kind: str, body: Body) -> Iterator[tuple[str, Key]]:
    """What it refers to, by which member."""
    for member, ref in KINDS[kind].refs.items():
        value = body.get(member)
        for sourced_id in (value or []) if ref.is_list else [] if value is None else [value]:
            yield member, (ref.kind, sourced_id)
    for role in body.get("roles") or []:
        yield "roles", ("orgs", role["org"])


def reference(kind: str, sourced_id: str) -> Body:
    return {"sourcedId": sourced_id, "type": KINDS[kind].one}


def on_wire(kind: Kind, member: str, value: Any) -> Any:
    """As a program sends it, and as it is shown."""
    if value is None or value == NO_VALUE:
        return value
    if member == "roles":
        return [{**role, "org": reference("orgs", role["org"])} for role in value]
    if (ref := kind.refs.get(member)) is None:
        return value
    return [reference(ref.kind, each) for each in sorted(set(value))] if ref.is_list else reference(ref.kind, value)
