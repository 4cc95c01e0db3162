"""Academic sessions, and terms and grading periods among them."""

from sqlalchemy import select
from sqlalchemy.orm import aliased

from models import AcademicSession, Class, ClassTerm
from models.academic_sessions import GRADING_PERIOD, TERM_TYPES
from models.base import ACTIVE
from service.areas.references import ACADEMIC_SESSION
from service.lists.collection import Collection, given
from service.lists.fields import Ref, Refs, Value
from service.records.writable import Writable

child = aliased(AcademicSession)

ACADEMIC_SESSIONS = Collection(
    one="academicSession",
    many="academicSessions",
    entity=AcademicSession,
    own={
        "title": Value(AcademicSession.title),
        "startDate": Value(AcademicSession.start_date),
        "endDate": Value(AcademicSession.end_date),
        "type": Value(AcademicSession.type),
        "parent": Ref(AcademicSession.parent_sourced_id, ACADEMIC_SESSION),
        "children": Refs(
            select(child.sourced_id)
            .where(child.parent_sourced_id == AcademicSession.sourced_id, child.status == ACTIVE)
            .where(child.sourced_id != AcademicSession.sourced_id)  # whatever it says, it is no child of its own
            .order_by(child.sourced_id)
            .correlate(AcademicSession),
            ACADEMIC_SESSION,
        ),
        "schoolYear": Value(AcademicSession.school_year),
    },
)

ACADEMIC_SESSION_WRITES = Writable(ACADEMIC_SESSIONS)

terms = select(AcademicSession).where(AcademicSession.type.in_(TERM_TYPES))
term = terms.where(AcademicSession.sourced_id == given("termSourcedId"), AcademicSession.status == ACTIVE)
grading_periods = select(AcademicSession).where(AcademicSession.type == GRADING_PERIOD)
taught_at_school = (
    select(ClassTerm.term_sourced_id)
    .join(Class, Class.sourced_id == ClassTerm.class_sourced_id)
    .where(Class.school_sourced_id == given("schoolSourcedId"), Class.status == ACTIVE)
)
