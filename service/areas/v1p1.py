"""OneRoster 1.1: how each kind of record looked there, by what differs from 1.2.

docs/oneroster-1.1.md says the same to who writes a client.
"""

from collections.abc import Mapping

from sqlalchemy import Double, case, func, literal_column, select
from sqlalchemy.orm import aliased

from models import AcademicSession, Class, Demographics, Enrollment, LineItem, Org, Result, Role, User
from models.academic_sessions import SESSION_TYPES
from models.base import ACTIVE
from models.classes import CLASS_TYPES
from models.gradebook import SCORE_STATUSES
from models.orgs import ORG_TYPES
from models.resources import RESOURCE_ROLES
from service.areas.academic_sessions import ACADEMIC_SESSIONS
from service.areas.classes import CLASSES, COURSES
from service.areas.enrollments import ENROLLMENTS
from service.areas.gradebook import (
    CATEGORIES,
    CATEGORY_WRITES,
    LINE_ITEM_WRITES,
    LINE_ITEMS,
    RESULT_WRITES,
    RESULTS,
)
from service.areas.orgs import ORGS
from service.areas.references import ACADEMIC_SESSION, ORG
from service.areas.resources import RESOURCES
from service.areas.users import DEMOGRAPHICS, USERS
from service.lists.collection import Collection
from service.lists.fields import Ref, Refs, Value
from service.lists.json_text import Column
from service.lists.older import Words, older
from service.records.writable import Writable

V1P1 = "v1p1"
ROLES = RESOURCE_ROLES  # users had these, too; the roles of a resource stayed as they were
ADMINISTRATORS = ("districtAdministrator", "principal", "siteAdministrator", "systemAdministrator")
# A counselor, and whoever a district has a word of its own for (`ext:nurse`), works in a school without teaching.
AIDE = "aide"
NOBODY = "relative"  # of no role at all: to systems in the field the one with the fewest rights

# Of several roles the primary one counts, and of several of these the one in the primary organisation, which also comes
# first among the user's. (The owner is joined as SQLite's ORDER BY sees no table outside its query.)
owner = aliased(User)
of_user = (
    select(Role)
    .join(owner, owner.sourced_id == Role.user_sourced_id)
    .where(Role.user_sourced_id == User.sourced_id, Role.status == ACTIVE)
    .correlate(User)
)
at_home = case((Role.org_sourced_id == owner.primary_org_sourced_id, 0), else_=1)
first_role = (
    of_user.with_only_columns(Role.role)
    .order_by(Role.role_type, at_home, Role.org_sourced_id, Role.sourced_id)
    .limit(1)
    .scalar_subquery()
)
orgs_of_user = (
    of_user.with_only_columns(Role.org_sourced_id)
    .group_by(Role.org_sourced_id)
    .order_by(func.min(Role.role_type), func.min(at_home), Role.org_sourced_id)
)
# A user whose organisation the roster does not say has no roles, but may well be in a class.
first_enrollment = (
    select(Enrollment.role)
    .where(Enrollment.user_sourced_id == User.sourced_id, Enrollment.status == ACTIVE)
    .order_by(Enrollment.sourced_id)
    .limit(1)
    .correlate(User)
    .scalar_subquery()
)


def role(column: Column) -> Words:
    names = {**dict.fromkeys(ADMINISTRATORS, "administrator"), "": NOBODY}
    return Words(column, known=ROLES, names=names, otherwise=AIDE)


OLDER: Mapping[Collection, Collection] = {
    ORGS: older(ORGS, V1P1, fields={"type": Words(Org.type, known=ORG_TYPES, otherwise="local")}),
    ACADEMIC_SESSIONS: older(
        ACADEMIC_SESSIONS,
        V1P1,
        fields={"type": Words(AcademicSession.type, known=SESSION_TYPES, otherwise="term")},
    ),
    COURSES: older(COURSES, V1P1),
    CLASSES: older(CLASSES, V1P1, fields={"classType": Words(Class.class_type, known=CLASS_TYPES)}),
    USERS: older(
        USERS,
        V1P1,
        without=(
            "userMasterIdentifier",
            "preferredFirstName",
            "preferredMiddleName",
            "preferredLastName",
            "pronouns",
            "roles",
            "userProfiles",
            "primaryOrg",
            "resources",
        ),
        fields={
            "username": Value(User.username, instead=User.sourced_id),  # required there, optional since
            "role": role(func.coalesce(first_role, first_enrollment, literal_column("''"))),
            "orgs": Refs(orgs_of_user, ORG, required=True),
        },
    ),
    DEMOGRAPHICS: older(DEMOGRAPHICS, V1P1, fields={"sex": Words(Demographics.sex, known=("male", "female"))}),
    ENROLLMENTS: older(ENROLLMENTS, V1P1, fields={"role": role(Enrollment.role)}),
    RESOURCES: older(RESOURCES, V1P1),
    CATEGORIES: older(CATEGORIES, V1P1, without=("weight",)),
    LINE_ITEMS: older(
        LINE_ITEMS,
        V1P1,
        without=("school", "academicSession", "scoreScale", "learningObjectiveSet"),
        fields={
            # The one session that a line item has there; what else than a grading period it is now, it shows, too.
            "gradingPeriod": Ref(LineItem.academic_session_sourced_id, ACADEMIC_SESSION),
            "resultValueMin": Value(LineItem.result_value_min, instead=literal_column("0.0", Double())),
        },
    ),
    RESULTS: older(
        RESULTS,
        V1P1,
        without=(
            "class",
            "scoreScale",
            "textScore",
            "learningObjectiveSet",
            "inProgress",
            "incomplete",
            "late",
            "missing",
        ),
        fields={"scoreStatus": Words(Result.score_status, known=SCORE_STATUSES, otherwise="submitted")},
    ),
}

# What 1.1 has no member for, a PUT of 1.1 leaves as it is.
OLDER_WRITES: Mapping[Writable, Writable] = {
    each: Writable(OLDER[each.collection], told=each.told)
    for each in (CATEGORY_WRITES, LINE_ITEM_WRITES, RESULT_WRITES)
}
