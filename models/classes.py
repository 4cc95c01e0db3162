"""Courses and the classes that teach them."""

from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.academic_sessions import AcademicSession
from models.base import EXPECTED, Base, Record, one_of, reference
from models.orgs import Org

CLASS_TYPES = ("homeroom", "scheduled")


class Course(Record, Base):
    """What can be taught: a class is one teaching of it. `subject_codes` match `subjects` one to one."""

    __tablename__ = "courses"

    school_year_sourced_id: Mapped[str | None] = reference("academic_sessions")
    title: Mapped[str]
    course_code: Mapped[str | None] = mapped_column(info={EXPECTED: True})
    grades: Mapped[list[str] | None]
    org_sourced_id: Mapped[str | None] = reference("orgs")
    subjects: Mapped[list[str] | None]
    subject_codes: Mapped[list[str] | None]

    org: Mapped[Org | None] = relationship(lazy="raise")


class Class(Record, Base):
    """A group of students who are taught a course in one or more terms (`class_terms`)."""

    __tablename__ = "classes"
    title: Mapped[str]
    grades: Mapped[list[str] | None]
    course_sourced_id: Mapped[str] = reference("courses")
    class_code: Mapped[str | None]
    class_type: Mapped[str | None] = one_of(CLASS_TYPES)
    location: Mapped[str | None]
    school_sourced_id: Mapped[str] = reference("orgs")
    subjects: Mapped[list[str] | None]
    subject_codes: Mapped[list[str] | None]
    periods: Mapped[list[str] | None]

    course: Mapped[Course] = relationship(lazy="raise")
    school: Mapped[Org] = relationship(lazy="raise")
    terms: Mapped[list[AcademicSession]] = relationship(secondary="class_terms", lazy="raise")


class ClassTerm(Base):
    """A class runs in a term (`termSourcedIds` in classes.csv)."""

    __tablename__ = "class_terms"

    class_sourced_id: Mapped[str] = reference("classes", primary_key=True, index=False)
    term_sourced_id: Mapped[str] = reference("academic_sessions", primary_key=True)
