"""What a program may come to write: mostly what makes sense, and now and then what does not."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.writes.model import A_SCALE, DELETED, KINDS, NO_VALUE, Body, Key, School

Draw = Callable[[st.SearchStrategy[Any]], Any]
FALL = {"type": "term", "startDate": "2026-09-01", "endDate": "2027-01-31", "schoolYear": "2027"}
ANA = {"enabledUser": "true", "givenName": "Ana", "familyName": "Smith"}
STUDENT = {"roleType": "primary", "role": "student", "org": "org-1"}
SHEET = {"title": "Sheet", "assignDate": "2026-09-01T00:00:00.000Z", "dueDate": "2026-09-08T12:30:00.000Z"}
TERMS = ["academicSession-1", "academicSession-2"]
# A school to begin with: something of each kind, and a list of each kind.
AT_FIRST: tuple[tuple[Key, Body], ...] = (
    (("orgs", "org-1"), {"name": "Lincoln", "type": "school"}),
    (("academicSessions", "academicSession-1"), {"title": "Fall", **FALL}),
    (("academicSessions", "academicSession-2"), {"title": "Spring", **FALL}),
    (("courses", "course-1"), {"title": "Algebra", "org": "org-1"}),
    (("classes", "class-1"), {"title": "Algebra 1", "course": "course-1", "school": "org-1", "terms": TERMS}),
    (("users", "user-1"), {**ANA, "roles": [STUDENT]}),
    (("users", "user-2"), {**ANA, "roles": [STUDENT], "agents": ["user-1"]}),
    (("enrollments", "enrollment-1"), {"role": "student", "user": "user-1", "class": "class-1"}),
    (("categories", "category-1"), {"title": "Homework"}),
    (
        ("scoreScales", "scoreScale-1"),
        {"title": "Marks", "type": "letters", "scoreScaleValue": A_SCALE, "class": "class-1"},
    ),
    (
        ("lineItems", "lineItem-1"),
        {**SHEET, "class": "class-1", "category": "category-1", "scoreScale": "scoreScale-1"},
    ),
    (
        ("results", "result-1"),
        {"scoreStatus": "submitted", "scoreDate": "2026-09-01", "lineItem": "lineItem-1", "student": "user-2"},
    ),
)


def keys(school: School, kinds: list[str]) -> st.SearchStrategy[Key]:
    """Mostly of what is there; few, so that they are met again. What a POST made is met too."""
    listed = [key for key in school.records if key[0] in kinds]
    new = [(kind, f"{KINDS[kind].one}{end}") for kind in kinds for end in ("-1", "-2", "/3@x")]
    return st.sampled_from([*listed, *listed, *new])


def ids(school: School, kind: str) -> st.SearchStrategy[str]:
    """Of what can be referred to; rarely of what cannot."""
    gone = [
        sourced_id for other, sourced_id in school.records if other == kind and not school.is_active((kind, sourced_id))
    ]
    return st.sampled_from([*school.active(kind) * 6, *gone, "nowhere"])


def roles(school: School) -> st.SearchStrategy[list[Body]]:
    pairs = st.tuples(st.sampled_from(["student", "aide"]), ids(school, "orgs"))
    listed = st.lists(pairs, min_size=1, max_size=2, unique=True)
    return listed.map(lambda found: [{"roleType": "primary", "role": role, "org": org} for role, org in found])


def values(school: School, kind: str, member: str) -> st.SearchStrategy[Any]:
    known = KINDS[kind]
    if member == "roles":
        return roles(school)
    if member in known.values:
        return st.sampled_from(known.values[member])
    ref = known.refs[member]
    if ref.is_list:
        return st.lists(ids(school, ref.kind), min_size=1, max_size=2, unique=True).map(sorted)
    return ids(school, ref.kind)


@st.composite
def bodies(draw: Draw, school: School, kind: str, *, partial: bool = False) -> Body:
    """One in twelve is not as it should be; one in twelve says that it is to be deleted."""
    known = KINDS[kind]
    needed = () if partial else known.required
    optional = [member for member in known.members if member not in needed]
    chosen = [*needed, *draw(st.lists(st.sampled_from(optional), max_size=3, unique=True) if optional else st.just([]))]
    body = {member: draw(values(school, kind, member)) for member in chosen}
    special = draw(st.integers(0, 11))
    if special == 11:
        body["status"] = DELETED
    elif special == 10:
        flawed = draw(st.sampled_from([member for member in known.members if member != "metadata"]))
        body[flawed] = draw(st.sampled_from([NO_VALUE, None]))
    return body
