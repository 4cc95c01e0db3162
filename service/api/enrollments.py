"""Enrollments: who is in which class, and as what."""

from models import Enrollment
from service.api.services import rostering
from service.areas.enrollments import ENROLLMENT_WRITES, ENROLLMENTS, in_school
from service.areas.orgs import school
from service.areas.users import class_in_school
from service.lists.collection import given

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

rostering.change("Enrollment", "/enrollments", ENROLLMENT_WRITES)
rostering.post("postEnrollments", "/enrollments", ENROLLMENT_WRITES)
for role in ("student", "teacher"):
    rostering.post(
        f"post{role.capitalize()}sForClass",
        f"/classes/<path:classSourcedId>/{role}s",
        ENROLLMENT_WRITES,
        allowed={"role": (role,)},
        from_path={"class": "classSourcedId"},
        parents={"classSourcedId": "classes"},
    )
