"""OneRoster 1.1: its files, and how their rows become those of 1.2."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from models.base import ACTIVE
from service.bundles.fields import Field, Kind, Vocabulary, field_of
from service.bundles.files import FILE, File

DERIVED_ROLE = "role-1.1-"  # what the sourcedId of a role made here starts with
NAMESPACE = UUID("5d1f4c0e-7a53-4a0b-9a0b-6f6d6f2f4c11")
DISTRICT_ADMINISTRATOR, SITE_ADMINISTRATOR = "districtAdministrator", "siteAdministrator"
ADMINISTRATOR = "administrator"
SAME_ROLES = ("aide", "guardian", "parent", "proctor", "relative", "student", "teacher")
ROLES_1_1 = Vocabulary((ADMINISTRATOR, *SAME_ROLES))
SCORED, UNSCORED = "fully graded", "not submitted"


def without(name: str, *left_out: str) -> tuple[Field, ...]:
    return tuple(field for field in FILE[name].fields if field.name not in left_out)


def users() -> File:
    """`orgSourcedIds` and `role` stood in users.csv, before there was a roles.csv."""
    fields = without(
        "users",
        "userMasterIdentifier",
        "preferredGivenName",
        "preferredMiddleName",
        "preferredFamilyName",
        "primaryOrgSourcedId",
        "pronouns",
    )
    orgs = Field(name="orgSourcedIds", kind=Kind.LINKS, expected=True, refers_to="orgs")
    role = Field(name="role", kind=Kind.WORD, required=True, vocabulary=ROLES_1_1)
    return replace(FILE["users"], fields=(*fields[:4], orgs, role, *fields[4:]))


def line_items() -> File:
    file = FILE["lineItems"]
    session = field_of(file.table, "gradingPeriodSourcedId", column_name="academic_session_sourced_id")
    fields = {field.name: field for field in without("lineItems", "schoolSourcedId")}
    fields["academicSessionSourcedId"] = session
    return replace(file, fields=tuple(fields.values()))


def results() -> File:
    newer = ("textScore", "classSourcedId", "inProgress", "incomplete", "late", "missing")
    fields = without("results", *newer)
    # A blank one is taken from the score, see `score_statuses`.
    return replace(
        FILE["results"],
        fields=tuple(
            replace(field, required=False) if field.name == "scoreStatus" else field for field in fields
        ),
    )


FILES_1_1 = (
    *(FILE[name] for name in ("orgs", "academicSessions", "courses", "classes")),
    users(),
    *(FILE[name] for name in ("demographics", "enrollments")),
    replace(FILE["categories"], fields=without("categories", "weight")),
    line_items(),
    results(),
    *(FILE[name] for name in ("resources", "classResources", "courseResources")),
)


def role_rows(
    lines: Sequence[int],
    users: Sequence[str | None],
    orgs: Sequence[Sequence[str] | None],
    roles: Sequence[str | None],
) -> Iterator[tuple[object, ...]]:
    """One role for each org of a user, the first one primary; its sourcedId is the same at every import."""
    for line, user, listed, role in zip(lines, users, orgs, roles, strict=True):
        for index, org in enumerate(listed or ()):
            if user and role:
                made = f"{DERIVED_ROLE}{uuid5(NAMESPACE, f'{user} {org}')}"
                yield line, False, made, ACTIVE, user, "secondary" if index else "primary", role, org


def score_statuses(given: Sequence[str | None], scores: Sequence[float | None]) -> list[str]:
    return [
        status or (UNSCORED if score is None else SCORED) for status, score in zip(given, scores, strict=True)
    ]
