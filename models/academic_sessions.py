"""School years, semesters, terms and grading periods, one inside the other."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import YEAR, Base, Record, one_of, reference

GRADING_PERIOD = "gradingPeriod"
TERM_TYPES = ("semester", "term")
SESSION_TYPES = (GRADING_PERIOD, "schoolYear", *TERM_TYPES)


class AcademicSession(Record, Base):
    """A span of the school calendar. `school_year` is the year in which the school year ends, `2027` for 2026-27."""

    __tablename__ = "academic_sessions"
    title: Mapped[str]
    type: Mapped[str] = one_of(SESSION_TYPES)
    start_date: Mapped[date]
    end_date: Mapped[date]
    parent_sourced_id: Mapped[str | None] = reference("academic_sessions")
    school_year: Mapped[str] = mapped_column(info={YEAR: True})

    parent: Mapped["AcademicSession | None"] = relationship(remote_side="AcademicSession.sourced_id", lazy="raise")
