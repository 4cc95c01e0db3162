"""Courses and classes."""

from models import Class, Enrollment
from service.api.services import rostering
from service.areas.academic_sessions import term
from service.areas.classes import (
    CLASS_WRITES,
    CLASSES,
    COURSE_WRITES,
    COURSES,
    classes,
    course,
    courses_of_school,
    enrolled,
    in_term,
)
from service.areas.orgs import school
from service.areas.users import student, teacher, user
from service.lists.collection import given

rostering.many("getAllCourses", "/courses", COURSES)
rostering.one("getCourse", "/courses/<path:sourcedId>", COURSES)
rostering.many(
    "getCoursesForSchool",
    "/schools/<path:schoolSourcedId>/courses",
    COURSES,
    courses_of_school,
    parents=(school,),
)
rostering.many("getAllClasses", "/classes", CLASSES)
rostering.one("getClass", "/classes/<path:sourcedId>", CLASSES)
rostering.many(
    "getClassesForSchool",
    "/schools/<path:schoolSourcedId>/classes",
    CLASSES,
    classes.where(Class.school_sourced_id == given("schoolSourcedId")),
    parents=(school,),
)
rostering.many(
    "getClassesForCourse",
    "/courses/<path:courseSourcedId>/classes",
    CLASSES,
    classes.where(Class.course_sourced_id == given("courseSourcedId")),
    parents=(course,),
)
rostering.many(
    "getClassesForTerm",
    "/terms/<path:termSourcedId>/classes",
    CLASSES,
    classes.where(Class.sourced_id.in_(in_term)),
    parents=(term,),
)
rostering.many(
    "getClassesForUser",
    "/users/<path:userSourcedId>/classes",
    CLASSES,
    classes.where(Class.sourced_id.in_(enrolled.where(Enrollment.user_sourced_id == given("userSourcedId")))),
    parents=(user,),
)
for role, parent in (("student", student), ("teacher", teacher)):
    as_role = enrolled.where(Enrollment.user_sourced_id == given(f"{role}SourcedId"), Enrollment.role == role)
    rostering.many(
        f"getClassesFor{role.capitalize()}",
        f"/{role}s/<path:{role}SourcedId>/classes",
        CLASSES,
        classes.where(Class.sourced_id.in_(as_role)),
        parents=(parent,),
    )

rostering.change("Course", "/courses", COURSE_WRITES)
rostering.post("postCourses", "/courses", COURSE_WRITES)
rostering.change("Class", "/classes", CLASS_WRITES)
rostering.post("postClasses", "/classes", CLASS_WRITES)
