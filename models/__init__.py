"""What is stored. Importing this package maps every table."""

from models.academic_sessions import AcademicSession
from models.access import ApiClient
from models.base import Base, Record
from models.changes import Change, Feed, IdempotentAnswer
from models.classes import Class, ClassTerm, Course
from models.enrollments import Enrollment
from models.gradebook import (
    AssessmentLineItem,
    AssessmentResult,
    Category,
    LineItem,
    LineItemLearningObjective,
    LineItemScoreScale,
    Result,
    ResultLearningObjective,
    ResultScoreScale,
    ScoreScale,
)
from models.orgs import Org
from models.resources import ClassResource, CourseResource, Resource, UserResource
from models.users import Demographics, Role, User, UserAgent, UserProfile

__all__ = [
    "AcademicSession",
    "ApiClient",
    "AssessmentLineItem",
    "AssessmentResult",
    "Base",
    "Category",
    "Change",
    "Class",
    "ClassResource",
    "ClassTerm",
    "Course",
    "CourseResource",
    "Demographics",
    "Enrollment",
    "Feed",
    "IdempotentAnswer",
    "LineItem",
    "LineItemLearningObjective",
    "LineItemScoreScale",
    "Org",
    "Record",
    "Resource",
    "Result",
    "ResultLearningObjective",
    "ResultScoreScale",
    "Role",
    "ScoreScale",
    "User",
    "UserAgent",
    "UserProfile",
    "UserResource",
]
