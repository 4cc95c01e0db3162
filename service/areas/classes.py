"""Courses and classes."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from models import Class, ClassResource, ClassTerm, Course, CourseResource, Enrollment
from models.base import ACTIVE
from service.areas.references import ACADEMIC_SESSION, COURSE, ORG, RESOURCE
from service.lists.collection import Collection, given
from service.lists.fields import Ref, Refs, Texts, Value
from service.records.parts import references_part
from service.records.writable import Writable

COURSES = Collection(
    one="course",
    many="courses",
    entity=Course,
    own={
        "title": Value(Course.title),
        "schoolYear": Ref(Course.school_year_sourced_id, ACADEMIC_SESSION),
        "courseCode": Value(Course.course_code, instead=Course.sourced_id),  # required here, optional in courses.csv
        "grades": Texts(Course.grades),
        "subjects": Texts(Course.subjects),
        "org": Ref(Course.org_sourced_id, ORG),
        "subjectCodes": Texts(Course.subject_codes),
        "resources": Refs(
            select(CourseResource.resource_sourced_id)
            .where(CourseResource.course_sourced_id == Course.sourced_id, CourseResource.status == ACTIVE)
            .order_by(CourseResource.sourced_id)
            .correlate(Course),
            RESOURCE,
        ),
    },
)

CLASSES = Collection(
    one="class",
    many="classes",
    entity=Class,
    own={
        "title": Value(Class.title),
        "classCode": Value(Class.class_code),
        "classType": Value(Class.class_type),
        "location": Value(Class.location),
        "grades": Texts(Class.grades),
        "subjects": Texts(Class.subjects),
        "course": Ref(Class.course_sourced_id, COURSE),
        "school": Ref(Class.school_sourced_id, ORG),
        "terms": Refs(
            select(ClassTerm.term_sourced_id)
            .where(ClassTerm.class_sourced_id == Class.sourced_id)
            .order_by(ClassTerm.term_sourced_id)
            .correlate(Class),
            ACADEMIC_SESSION,
            required=True,
        ),
        "subjectCodes": Texts(Class.subject_codes),
        "periods": Texts(Class.periods),
        "resources": Refs(
            select(ClassResource.resource_sourced_id)
            .where(ClassResource.class_sourced_id == Class.sourced_id, ClassResource.status == ACTIVE)
            .order_by(ClassResource.sourced_id)
            .correlate(Class),
            RESOURCE,
        ),
    },
)

COURSE_WRITES = Writable(
    COURSES,
    parts=(references_part("resources", CourseResource.course_sourced_id, CourseResource.resource_sourced_id),),
)
CLASS_WRITES = Writable(
    CLASSES,
    parts=(
        references_part("terms", ClassTerm.class_sourced_id, ClassTerm.term_sourced_id, required=True),
        references_part("resources", ClassResource.class_sourced_id, ClassResource.resource_sourced_id),
    ),
    names={"org": "school"},  # what a client in the field calls it
)

course = select(Course).where(Course.sourced_id == given("courseSourcedId"), Course.status == ACTIVE)
classes = select(Class)
in_term = select(ClassTerm.class_sourced_id).where(ClassTerm.term_sourced_id == given("termSourcedId"))
enrolled = select(Enrollment.class_sourced_id).where(Enrollment.status == ACTIVE)
taught_at_school = select(Class.course_sourced_id).where(
    Class.school_sourced_id == given("schoolSourcedId"), Class.status == ACTIVE
)
courses_of_school = select(Course).where(
    or_(Course.org_sourced_id == given("schoolSourcedId"), Course.sourced_id.in_(taught_at_school))
)


def school_of_class(sent: Callable[[str], ColumnElement[Any]]) -> ColumnElement[Any]:
    """The school of a row that belongs to a class, where the client does not name it."""
    return select(Class.school_sourced_id).where(Class.sourced_id == sent("class_sourced_id")).scalar_subquery()
