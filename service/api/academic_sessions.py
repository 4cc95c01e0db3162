"""Academic sessions, and terms and grading periods among them."""

from models import AcademicSession
from models.academic_sessions import GRADING_PERIOD
from service.api.services import rostering
from service.areas.academic_sessions import (
    ACADEMIC_SESSION_WRITES,
    ACADEMIC_SESSIONS,
    grading_periods,
    taught_at_school,
    term,
    terms,
)
from service.areas.orgs import school
from service.lists.collection import given

rostering.many("getAllAcademicSessions", "/academicSessions", ACADEMIC_SESSIONS)
rostering.one("getAcademicSession", "/academicSessions/<path:sourcedId>", ACADEMIC_SESSIONS)
rostering.many("getAllTerms", "/terms", ACADEMIC_SESSIONS, terms)
rostering.one("getTerm", "/terms/<path:sourcedId>", ACADEMIC_SESSIONS, terms)
rostering.many("getAllGradingPeriods", "/gradingPeriods", ACADEMIC_SESSIONS, grading_periods)
rostering.one("getGradingPeriod", "/gradingPeriods/<path:sourcedId>", ACADEMIC_SESSIONS, grading_periods)
rostering.many(
    "getTermsForSchool",
    "/schools/<path:schoolSourcedId>/terms",
    ACADEMIC_SESSIONS,
    terms.where(AcademicSession.sourced_id.in_(taught_at_school)),
    parents=(school,),
)
rostering.many(
    "getGradingPeriodsForTerm",
    "/terms/<path:termSourcedId>/gradingPeriods",
    ACADEMIC_SESSIONS,
    grading_periods.where(AcademicSession.parent_sourced_id == given("termSourcedId")),
    parents=(term,),
)

A_TERM = {"allowed": {"type": ("term", "semester")}, "wrapped": ("term",)}
A_GRADING_PERIOD = {"allowed": {"type": (GRADING_PERIOD,)}, "wrapped": ("gradingPeriod",)}
rostering.change("AcademicSession", "/academicSessions", ACADEMIC_SESSION_WRITES)
rostering.post("postAcademicSessions", "/academicSessions", ACADEMIC_SESSION_WRITES)
rostering.change("Term", "/terms", ACADEMIC_SESSION_WRITES, **A_TERM)
rostering.post("postTerms", "/terms", ACADEMIC_SESSION_WRITES, **A_TERM)
rostering.change("GradingPeriod", "/gradingPeriods", ACADEMIC_SESSION_WRITES, **A_GRADING_PERIOD)
rostering.post("postGradingPeriods", "/gradingPeriods", ACADEMIC_SESSION_WRITES, **A_GRADING_PERIOD)
rostering.post(
    "postGradingPeriodsForTerm",
    "/terms/<path:termSourcedId>/gradingPeriods",
    ACADEMIC_SESSION_WRITES,
    from_path={"parent": "termSourcedId"},
    parents={"termSourcedId": "academic_sessions"},
    **A_GRADING_PERIOD,
)
