"""A small school as a program sends it."""

from typing import Any

from tests.writes.program import Program

Body = dict[str, Any]


def ref(sourced_id: str) -> Body:
    return {"sourcedId": sourced_id}


def an_org(name: str = "Lincoln", **rest: Any) -> Body:
    return {"org": {"name": name, "type": "school", **rest}}


def a_term(**rest: Any) -> Body:
    given = {"title": "Fall", "type": "term", "startDate": "2026-09-01", "endDate": "2026-12-20", "schoolYear": "2027"}
    return {"academicSession": {**given, **rest}}


def a_class(title: str = "Algebra 1", school: str = "lincoln", **rest: Any) -> Body:
    given = {"title": title, "course": ref("algebra"), "school": ref(school), "terms": [ref("fall")]}
    return {"class": {**given, **rest}}


def a_user(name: str = "Ana", roles: tuple[tuple[str, str], ...] = (("student", "lincoln"),), **rest: Any) -> Body:
    listed = [{"roleType": "primary", "role": role, "org": ref(org)} for role, org in roles]
    return {"user": {"enabledUser": "true", "givenName": name, "familyName": "Smith", "roles": listed, **rest}}


def an_enrollment(class_: str, user: str = "ana") -> Body:
    return {"enrollment": {"class": ref(class_), "user": ref(user), "role": "student"}}


def a_line_item(title: str = "Homework 1", class_: str = "algebra-1") -> Body:
    dates = {"assignDate": "2026-09-01T00:00:00.000Z", "dueDate": "2026-09-08T00:00:00.000Z"}
    return {"lineItem": {"title": title, **dates, "class": ref(class_), "category": ref("homework")}}


def a_result(line_item: str, student: str = "ana", **rest: Any) -> Body:
    given = {"lineItem": ref(line_item), "student": ref(student), "scoreStatus": "submitted", "scoreDate": "2026-09-09"}
    return {"result": {**given, **rest}}


# Lincoln, where Ana learns algebra in fall.
FIRST: tuple[tuple[str, str, Body], ...] = (
    ("orgs", "lincoln", an_org()),
    ("academicSessions", "fall", a_term()),
    ("courses", "algebra", {"course": {"title": "Algebra", "org": ref("lincoln")}}),
    ("classes", "algebra-1", a_class()),
    ("users", "ana", a_user()),
    ("categories", "homework", {"category": {"title": "Homework"}}),
)


async def found_school(program: Program) -> None:
    for kind, sourced_id, body in FIRST:
        answer = await program.put(kind, sourced_id, body)
        assert answer.status == 201, answer.json
