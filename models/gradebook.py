"""The gradebook: categories, score scales, line items and results, and the assessment pair."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.academic_sessions import AcademicSession
from models.base import PAIR, Base, Record, one_of, reference
from models.classes import Class
from models.users import User

OBJECTIVE_SOURCES = ("case", "unknown")
SCORE_STATUSES = ("exempt", "fully graded", "not submitted", "partially graded", "submitted")


class Category(Record, Base):
    """A kind of work, such as homework; `weight` is its share of the mark in percent."""

    __tablename__ = "categories"

    title: Mapped[str]
    weight: Mapped[float | None]


class ScoreScale(Record, Base):
    """How scores become marks. `score_scale_value` is `[{"itemValueLHS": "90-100", "itemValueRHS": "A"}]`.

    The left side is an inclusive range, or one number that is an inclusive lower bound.
    """

    __tablename__ = "score_scales"

    title: Mapped[str]
    type: Mapped[str]
    org_sourced_id: Mapped[str | None] = reference("orgs")
    course_sourced_id: Mapped[str | None] = reference("courses")
    class_sourced_id: Mapped[str] = reference("classes")
    score_scale_value: Mapped[list[dict[str, Any]]] = mapped_column(info={PAIR: ("itemValueLHS", "itemValueRHS")})


class LineItem(Record, Base):
    """A column of the gradebook. Its session is the grading period or term that it counts in."""

    __tablename__ = "line_items"

    title: Mapped[str]
    description: Mapped[str | None]
    assign_date: Mapped[datetime]
    due_date: Mapped[datetime]
    class_sourced_id: Mapped[str] = reference("classes")
    category_sourced_id: Mapped[str] = reference("categories")
    academic_session_sourced_id: Mapped[str | None] = reference("academic_sessions")
    result_value_min: Mapped[float | None]
    result_value_max: Mapped[float | None]
    school_sourced_id: Mapped[str] = reference("orgs")

    class_: Mapped[Class] = relationship(lazy="raise")
    category: Mapped[Category] = relationship(lazy="raise")
    academic_session: Mapped[AcademicSession | None] = relationship(lazy="raise")


class Result(Record, Base):
    """One student's score in one line item. `class_sourced_id` repeats that of the line item."""

    __tablename__ = "results"
    line_item_sourced_id: Mapped[str] = reference("line_items")
    student_sourced_id: Mapped[str] = reference("users")
    score_status: Mapped[str] = one_of(SCORE_STATUSES)
    score: Mapped[float | None]
    score_date: Mapped[date]
    comment: Mapped[str | None]
    text_score: Mapped[str | None]
    class_sourced_id: Mapped[str | None] = reference("classes")
    in_progress: Mapped[bool | None]
    incomplete: Mapped[bool | None]
    late: Mapped[bool | None]
    missing: Mapped[bool | None]

    line_item: Mapped[LineItem] = relationship(lazy="raise")
    student: Mapped[User] = relationship(lazy="raise")


class LineItemScoreScale(Record, Base):
    """A line item is marked by a score scale."""

    __tablename__ = "line_item_score_scales"

    title: Mapped[str | None]
    line_item_sourced_id: Mapped[str] = reference("line_items", part=True)
    score_scale_sourced_id: Mapped[str] = reference("score_scales")


class ResultScoreScale(Record, Base):
    """A result is marked by a score scale."""

    __tablename__ = "result_score_scales"

    title: Mapped[str | None]
    result_sourced_id: Mapped[str] = reference("results", part=True)
    score_scale_sourced_id: Mapped[str] = reference("score_scales")


class LineItemLearningObjective(Record, Base):
    """A line item measures a learning objective; `source` says who numbers it (`case` or `unknown`)."""

    __tablename__ = "line_item_learning_objective_ids"

    line_item_sourced_id: Mapped[str] = reference("line_items", part=True)
    source: Mapped[str] = one_of(OBJECTIVE_SOURCES, extensible=False, check=False)
    learning_objective_id: Mapped[str]


class ResultLearningObjective(Record, Base):
    """How a student did in one learning objective of a line item."""

    __tablename__ = "result_learning_objective_ids"

    result_sourced_id: Mapped[str] = reference("results", part=True)
    source: Mapped[str] = one_of(OBJECTIVE_SOURCES, extensible=False, check=False)
    learning_objective_id: Mapped[str]
    score: Mapped[float | None]
    text_score: Mapped[str | None]


class AssessmentLineItem(Record, Base):
    """A test or a part of one (Assessment Results profile). No CSV file carries it.

    `learning_objective_set` is kept as the wire has it: `[{"source": "case", "learningObjectiveIds": ["…"]}]`.
    """

    __tablename__ = "assessment_line_items"

    title: Mapped[str]
    description: Mapped[str | None]
    class_sourced_id: Mapped[str | None] = reference("classes")
    parent_assessment_line_item_sourced_id: Mapped[str | None] = reference("assessment_line_items")
    score_scale_sourced_id: Mapped[str | None] = reference("score_scales")
    result_value_min: Mapped[float | None]
    result_value_max: Mapped[float | None]
    learning_objective_set: Mapped[list[dict[str, Any]] | None]


class AssessmentResult(Record, Base):
    """One student's score in an assessment line item.

    `learning_objective_set` is kept as the wire has it:
    `[{"source": "case", "learningObjectiveResults": [{"learningObjectiveId": "…", "score": 1}]}]`.
    """

    __tablename__ = "assessment_results"
    assessment_line_item_sourced_id: Mapped[str] = reference("assessment_line_items")
    student_sourced_id: Mapped[str] = reference("users")
    score: Mapped[float | None]
    text_score: Mapped[str | None]
    score_date: Mapped[date]
    score_scale_sourced_id: Mapped[str | None] = reference("score_scales")
    score_percentile: Mapped[float | None]
    score_status: Mapped[str] = one_of(SCORE_STATUSES)
    comment: Mapped[str | None]
    learning_objective_set: Mapped[list[dict[str, Any]] | None]
    in_progress: Mapped[bool | None]
    incomplete: Mapped[bool | None]
    late: Mapped[bool | None]
    missing: Mapped[bool | None]
