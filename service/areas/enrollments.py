"""Enrollments: who is in which class, and as what."""

from sqlalchemy import false, select

from models import Enrollment
from service.areas.classes import school_of_class
from service.areas.references import CLASS, ORG, USER
from service.lists.collection import Collection, given
from service.lists.fields import Ref, Value
from service.records.writable import Writable

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

ENROLLMENT_WRITES = Writable(
    ENROLLMENTS,
    told={"school_sourced_id": school_of_class},
)

in_school = select(Enrollment).where(Enrollment.school_sourced_id == given("schoolSourcedId"))
