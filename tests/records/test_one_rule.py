"""A cell of a CSV file and a member of JSON are refused by the same rule, under the same name.

Each case comes through both doors: an import of a bundle that repairs nothing, and a PUT.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from quart import Quart

from models import ApiClient
from models.database import Database
from service.access import SCOPES
from service.records.rules import Rule
from tests.api.calls import GRADEBOOK, ROSTERING, Caller
from tests.bundles.making import TakeIn, contents, lines, springfield
from tests.doors import CLIENT_ID


@dataclass(frozen=True)
class Case:
    """The cell goes into the first row of the file; `wrong` into the member at `path`, of an object that is right."""

    rule: Rule
    file: str
    column: str
    cell: str
    path: str
    wrong: Any

    def __str__(self) -> str:
        return f"{self.rule.label}-{self.path}-{str(self.wrong)[:12]}"


OBJECTIVE = "lineItem.learningObjectiveSet[0]"
EARLY = "0001-01-01T00:00:00+05:00"
ID_CASES = [
    (Rule.ID, "a b", "a b"),
    (Rule.ID, "é", "é"),
    (Rule.ID, 'a"b', 'a"b'),
    (Rule.ID, "a\x1fb", "a\x1fb"),
    (Rule.ID_LENGTH, "x" * 256, "x" * 256),
]
CASES = [
    # what must be there, of every kind
    Case(Rule.REQUIRED, "users", "givenName", "", "user.givenName", ""),
    Case(Rule.REQUIRED, "users", "givenName", " \t", "user.givenName", " \t"),
    Case(Rule.REQUIRED, "users", "enabledUser", "", "user.enabledUser", None),
    Case(Rule.REQUIRED, "classes", "termSourcedIds", "", "class.terms", []),
    Case(Rule.REQUIRED, "classes", "courseSourcedId", "", "class.course", {}),
    Case(Rule.REQUIRED, "roles", "orgSourcedId", "", "user.roles[0].org", None),
    Case(Rule.REQUIRED, "scoreScales", "scoreScaleValue", "", "scoreScale.scoreScaleValue", []),
    Case(Rule.REQUIRED, "lineItems", "dueDate", "", "lineItem.dueDate", ""),
    Case(
        Rule.REQUIRED,
        "lineItemLearningObjectiveIds",
        "learningObjectiveId",
        "",
        f"{OBJECTIVE}.learningObjectiveIds[0].learningObjectiveId",
        [""],
    ),
    # ids, of the row itself and of what it refers to, in a list too
    *(Case(rule, "orgs", "parentSourcedId", cell, "org.parent.sourcedId", wrong) for rule, cell, wrong in ID_CASES),
    *(Case(rule, "orgs", "sourcedId", cell, "org.sourcedId", wrong) for rule, cell, wrong in ID_CASES),
    *(
        Case(rule, "classes", "termSourcedIds", cell, "class.terms[0].sourcedId", wrong)
        for rule, cell, wrong in ID_CASES
    ),
    Case(Rule.UNKNOWN_REFERENCE, "enrollments", "userSourcedId", "nobody", "enrollment.user.sourcedId", "nobody"),
    Case(Rule.UNKNOWN_REFERENCE, "classes", "termSourcedIds", "fall,winter", "class.terms[1].sourcedId", "winter"),
    Case(Rule.UNKNOWN_REFERENCE, "users", "agentSourcedIds", "nobody", "user.agents[0].sourcedId", "nobody"),
    Case(Rule.PARENT_LOOP, "orgs", "parentSourcedId", "district", "org.parent.sourcedId", "district"),
    Case(Rule.PARENT_LOOP, "orgs", "parentSourcedId", "school", "org.parent.sourcedId", "school"),
    Case(Rule.UNKNOWN_REFERENCE, "roles", "userProfileSourcedId", "none", "user.roles[0].userProfile", "none"),
    # words, and what may be said instead of one
    Case(Rule.STATUS, "orgs", "status", "gone", "org.status", "gone"),
    Case(Rule.STATUS, "orgs", "status", "Active", "org.status", "Active"),
    Case(Rule.WORD, "roles", "role", "pupil", "user.roles[0].role", "pupil"),
    Case(Rule.WORD, "roles", "role", "ext:", "user.roles[0].role", "ext:"),
    Case(Rule.WORD, "roles", "role", "ext:a b", "user.roles[0].role", "ext:a b"),
    Case(Rule.WORD, "roles", "roleType", "ext:third", "user.roles[0].roleType", "ext:third"),
    Case(Rule.WORD, "orgs", "type", "shop", "org.type", "shop"),
    Case(Rule.WORD, "results", "scoreStatus", "done", "result.scoreStatus", "done"),
    Case(Rule.WORD, "lineItemLearningObjectiveIds", "source", "x", f"{OBJECTIVE}.source", "x"),
    # booleans, dates, date-times, numbers
    Case(Rule.BOOLEAN, "users", "enabledUser", "1", "user.enabledUser", 1),
    Case(Rule.BOOLEAN, "users", "enabledUser", "yes", "user.enabledUser", "yes"),
    Case(Rule.BOOLEAN, "demographics", "asian", "0", "demographics.asian", "0"),
    Case(Rule.DATE, "demographics", "birthDate", "2012-02-30", "demographics.birthDate", "2012-02-30"),
    Case(Rule.DATE, "demographics", "birthDate", "5/6/2012", "demographics.birthDate", "5/6/2012"),
    Case(Rule.DATE, "demographics", "birthDate", "20120131", "demographics.birthDate", 20120131),
    Case(Rule.DATE, "roles", "beginDate", "soon", "user.roles[0].beginDate", "soon"),
    Case(Rule.MOMENT, "lineItems", "dueDate", "tomorrow", "lineItem.dueDate", "tomorrow"),
    Case(Rule.MOMENT, "lineItems", "dueDate", EARLY, "lineItem.dueDate", EARLY),
    Case(Rule.NUMBER, "results", "score", "nan", "result.score", "nan"),
    Case(Rule.NUMBER, "results", "score", "1e999", "result.score", "1e999"),
    Case(Rule.NUMBER, "results", "score", "9,5", "result.score", "9,5"),
    Case(Rule.NUMBER, "results", "score", "1_000", "result.score", "1_000"),
    Case(Rule.NUMBER, "categories", "weight", "٣", "category.weight", "٣"),
    # pairs, and words in lists
    Case(Rule.PAIRS, "users", "userIds", "LDAP:zoe", "user.userIds", [{"identifier": "zoe"}]),
    Case(Rule.PAIRS, "users", "userIds", "{LDAP:{zoe}}", "user.userIds", [{"type": "LDAP", "identifier": "{zoe}"}]),
    Case(
        Rule.PAIRS,
        "scoreScales",
        "scoreScaleValue",
        "{:A}",
        "scoreScale.scoreScaleValue",
        [{"itemValueLHS": "", "itemValueRHS": "A"}],
    ),
    # text
    Case(Rule.NUL, "orgs", "name", "a\0b", "org.name", "a\0b"),
]
# Rules that single values cannot break, or not in a PUT, and those of JSON alone.
OTHERS = {
    Rule.VERSION, Rule.FILE_ABSENT, Rule.FILE_UNANNOUNCED, Rule.FILE_NAME, Rule.COLUMN_REQUIRED, Rule.COLUMN_NAME,
    Rule.COLUMN_TWICE, Rule.CSV_SYNTAX, Rule.CELL_COUNT, Rule.DUPLICATE, Rule.REFUSED_REFERENCE, Rule.RETIRE_LIMIT,
    Rule.NOT_UTF8,  # of the bytes of a row; JSON has surrogates
    Rule.TYPE, Rule.PATH, Rule.DEPTH,
}  # fmt: skip

OBJECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "org": (f"{ROSTERING}/orgs/district", {"name": "Springfield", "type": "district"}),
    "class": (
        f"{ROSTERING}/classes/algebra-1",
        {
            "title": "Algebra 1",
            "course": {"sourcedId": "algebra"},
            "school": {"sourcedId": "school"},
            "terms": [{"sourcedId": "fall"}, {"sourcedId": "spring"}],
        },
    ),
    "user": (
        f"{ROSTERING}/users/zoe",
        {
            "enabledUser": "true",
            "givenName": "Zoë",
            "familyName": "O'Brien",
            "roles": [{"roleType": "primary", "role": "student", "org": {"sourcedId": "school"}}],
            "agents": [{"sourcedId": "ann"}],
        },
    ),
    "enrollment": (
        f"{ROSTERING}/enrollments/zoe-algebra",
        {"user": {"sourcedId": "zoe"}, "class": {"sourcedId": "algebra-1"}, "role": "student"},
    ),
    "demographics": (f"{ROSTERING}/demographics/zoe", {}),
    "category": (f"{GRADEBOOK}/categories/homework", {"title": "Homework"}),
    "scoreScale": (
        f"{GRADEBOOK}/scoreScales/letters",
        {"title": "Letters", "type": "letters", "class": {"sourcedId": "algebra-1"}},
    ),
    "lineItem": (
        f"{GRADEBOOK}/lineItems/sheet",
        {
            "title": "Sheet 1",
            "assignDate": "2026-08-20",
            "dueDate": "2026-08-27",
            "class": {"sourcedId": "algebra-1"},
            "category": {"sourcedId": "homework"},
            "learningObjectiveSet": [{"source": "unknown", "learningObjectiveIds": ["LO1"]}],
        },
    ),
    "result": (
        f"{GRADEBOOK}/results/zoe-sheet",
        {
            "lineItem": {"sourcedId": "sheet"},
            "student": {"sourcedId": "zoe"},
            "scoreStatus": "fully graded",
            "scoreDate": "2026-08-28",
        },
    ),
}


@pytest.fixture
async def api(app: Quart, database: Database, tmp_path: Path) -> Caller:
    """The API on the database of the import, which has taken in the bundle that is right."""
    report = await TakeIn(database, tmp_path / "right")(contents(springfield()))
    assert report.loaded
    async with database.transaction() as session:
        session.add(ApiClient(client_id=CLIENT_ID, name=CLIENT_ID, secret_sha256="", scopes=list(SCOPES)))
    return Caller(app)


async def test_a_cell_and_a_member_are_refused_by_the_same_rule(
    api: Caller, database: Database, tmp_path: Path
) -> None:
    take_in = TakeIn(database, tmp_path / "wrong")
    for case in CASES:
        assert case.rule in await rules_of_cell(take_in, case), case
        assert case.rule.label in await rules_of_member(api, case), case


async def rules_of_cell(take_in: TakeIn, case: Case) -> list[Rule]:
    files = springfield()
    files[case.file][0][case.column] = case.cell
    report = await take_in(contents(files), strict=True)
    assert not report.loaded, case
    places = {(f"{case.file}.csv", case.column), (f"{case.file}.csv", "")}  # a NUL is told of the row
    return [rule for rule in report.found if places & {(file, column) for file, _, column, _ in lines(report, rule)}]


async def rules_of_member(api: Caller, case: Case) -> list[str]:
    """By the names that the answer gives for the member."""
    name = case.path.partition(".")[0].partition("[")[0]
    path, right = OBJECTS[name]
    answer = await api.put(path, {name: with_wrong(right, case.path.split(".")[1:], case.wrong)})
    assert answer.status == 422, (case, answer.text)
    told = [each.partition(": ") for each in answer.json["imsx_description"].split("; ")]
    return [rule.split(" (")[0] for at, _, rule in told if at == case.path]


def with_wrong(given: Any, path: list[str], wrong: Any) -> Any:
    """The object with another value in this place; `terms[0]` is the first of a list."""
    if not path:
        return wrong
    name, _, index = path[0].removesuffix("]").partition("[")
    if name == "learningObjectiveIds":  # a plain id stands for the object that the path tells of
        return {**given, name: wrong}
    if not index:
        return {**given, name: with_wrong(given.get(name, {}), path[1:], wrong)}
    listed = list(given.get(name, []))
    listed[int(index)] = with_wrong(listed[int(index)], path[1:], wrong)
    return {**given, name: listed}


def test_every_rule_that_refuses_a_value_has_a_case() -> None:
    refusing = {rule for rule in Rule if rule.is_error}

    assert {case.rule for case in CASES} | OTHERS == refusing
