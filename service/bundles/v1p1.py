"""OneRoster 1.1: its files, and how their rows become those of 1.2."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from models.base import ACTIVE, Vocabulary
from models.users import ROLE_TYPES
from service.bundles.files import FILE, File
from service.records.kinds import Field, Kind, field_of

DERIVED_ROLE = "role-1.1-"  # what the sourcedId of a role made here starts with
NAMESPACE = UUID("5d1f4c0e-7a53-4a0b-9a0b-6f6d6f2f4c11")
ADMINISTRATOR = "administrator"
ROLES_1_1 = Vocabulary((ADMINISTRATOR, "aide", "guardian", "parent", "proctor", "relative", "student", "teacher"))
PRIMARY, SECONDARY = ROLE_TYPES
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
    return replace(
        FILE["users"], fields=(*fields[:4], orgs, role, *fields[4:]), derived={"primaryOrgSourcedId": "orgSourcedIds"}
    )


def line_items() -> File:
    file = FILE["lineItems"]
    session = field_of(file.table, "gradingPeriodSourcedId", column_name="academic_session_sourced_id")
    fields = {field.name: field for field in without("lineItems", "schoolSourcedId")}
    fields["academicSessionSourcedId"] = session
    return replace(file, fields=tuple(fields.values()), derived={"schoolSourcedId": "sourcedId"})


def results() -> File:
    newer = ("textScore", "classSourcedId", "inProgress", "incomplete", "late", "missing")
    fields = {field.name: field for field in without("results", *newer)}
    fields["scoreStatus"] = replace(fields["scoreStatus"], required=False, expected=True)
    return replace(FILE["results"], fields=tuple(fields.values()), derived={"scoreStatus": "sourcedId"})


FILES_1_1 = (
    *(FILE[name] for name in ("orgs", "academicSessions", "courses", "classes")),
    users(),
    *(FILE[name] for name in ("demographics", "enrollments")),
    replace(FILE["categories"], fields=without("categories", "weight")),
    line_items(),
    results(),
    *(FILE[name] for name in ("resources", "classResources", "courseResources")),
)


def derive(file: File, values: dict[str, list[Any]]) -> None:
    """Add, column by column, what `file` lacks for 1.2. The schools of line items follow in SQL."""
    nothing = [None] * len(values["sourcedId"])
    if "primaryOrgSourcedId" in file.derived:
        listed = values.get("orgSourcedIds", nothing)
        values["primaryOrgSourcedId"] = [orgs[0] if orgs else None for orgs in listed]
    if "schoolSourcedId" in file.derived:
        values["schoolSourcedId"] = nothing
    if "scoreStatus" in file.derived:
        pairs = zip(values.get("scoreStatus", nothing), values.get("score", nothing), strict=True)
        values["scoreStatus"] = [status or (UNSCORED if score is None else SCORED) for status, score in pairs]


def role_rows(lines: Sequence[int], values: Mapping[str, list[Any]]) -> Iterator[tuple[Any, ...]]:
    """One role for each org of a user, the first one primary; its sourcedId is the same at every import."""
    columns = (values.get(name, [None] * len(lines)) for name in ("sourcedId", "role", "orgSourcedIds"))
    for line, user, role, orgs in zip(lines, *columns, strict=True):
        for index, org in enumerate(orgs or ()):
            made = f"{DERIVED_ROLE}{uuid5(NAMESPACE, f'{user} {org}')}"
            yield line, False, made, ACTIVE, user, SECONDARY if index else PRIMARY, role, org
