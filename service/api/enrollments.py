"""Enrollments: who is in which class, and as what."""

from sqlalchemy import false, select

from models import Enrollment
from service.api.orgs import school
from service.api.references import CLASS, ORG, USER
from service.api.services import rostering
from service.api.users import class_in_school
from service.listing import Collection, given
from service.wire import Ref, Value

ENROLLMENTS = Collection(
    one="enrollment",
    many="enrollments",
    entity=Enrollment,
    own={
        "user": Ref(Enrollment.user_sourced_id, USER),
        "class": Ref(Enrollment.class_sourced_id, CLASS),
        "school": Ref(Enrollment.school_sourced_id, ORG),
        "role": Value(Enrollment.role),
        "primary": Value(Enrollment.primary, instead=false()),  # some clients insist on it
        "beginDate": Value(Enrollment.begin_date),
        "endDate": Value(Enrollment.end_date),
    },
)

in_school = select(Enrollment).where(Enrollment.school_sourced_id == given("schoolSourcedId"))

rostering.many("getAllEnrollments", "/enrollments", ENROLLMENTS)
rostering.one("getEnrollment", "/enrollments/<path:sourcedId>", ENROLLMENTS)
rostering.many(
    "getEnrollmentsForSchool",
    "/schools/<path:schoolSourcedId>/enrollments",
    ENROLLMENTS,
    in_school,
    parents=(school,),
)
rostering.many(
    "getEnrollmentsForClassInSchool",
    "/schools/<path:schoolSourcedId>/classes/<path:classSourcedId>/enrollments",
    ENROLLMENTS,
    in_school.where(Enrollment.class_sourced_id == given("classSourcedId")),
    parents=(school, class_in_school),
)
