"""One small district, Springfield: every kind of record at least once, with the values that go wrong elsewhere.

What is retired is `tobedeleted`; what is `bare` has nothing below it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from models import (
    AcademicSession,
    ApiClient,
    AssessmentLineItem,
    AssessmentResult,
    Base,
    Category,
    Class,
    ClassResource,
    ClassTerm,
    Course,
    CourseResource,
    Demographics,
    Enrollment,
    LineItem,
    LineItemLearningObjective,
    LineItemScoreScale,
    Org,
    Record,
    Resource,
    Result,
    ResultLearningObjective,
    ResultScoreScale,
    Role,
    ScoreScale,
    User,
    UserAgent,
    UserProfile,
    UserResource,
)
from models.base import TO_BE_DELETED
from service.access import full_scope, secret_hash

VENDOR_SECRET = "what only the vendors of Springfield know"
SLASHED = "zoe/smith@sis"  # a sourcedId of all the characters that the standard allows and paths find hard
DAY_ONE = datetime(2026, 9, 1, 8, tzinfo=UTC)
GONE: dict[str, Any] = {"status": TO_BE_DELETED}


def at(hours: float) -> datetime:
    return DAY_ONE + timedelta(hours=hours)


def an_org(sourced_id: str, **rest: Any) -> Org:
    given: dict[str, Any] = {"name": sourced_id.title(), "type": "school", "parent_sourced_id": "springfield"}
    return Org(sourced_id=sourced_id, **{**given, **rest})


def a_session(sourced_id: str, kind: str, parent: str | None, begin: str, end: str, **rest: Any) -> AcademicSession:
    return AcademicSession(
        sourced_id=sourced_id,
        title=sourced_id.title(),
        type=kind,
        parent_sourced_id=parent,
        start_date=date.fromisoformat(begin),
        end_date=date.fromisoformat(end),
        school_year="2027",
        **rest,
    )


def a_class(sourced_id: str, course: str = "algebra", school: str = "lincoln", **rest: Any) -> Class:
    given = {"title": sourced_id.title(), "course_sourced_id": course, "school_sourced_id": school}
    return Class(sourced_id=sourced_id, **{**given, **rest})


def a_user(sourced_id: str, given_name: str, family_name: str, **rest: Any) -> User:
    given: dict[str, Any] = {"enabled_user": True, "username": sourced_id}
    names = {"given_name": given_name, "family_name": family_name}
    return User(sourced_id=sourced_id, **{**given, **names, **rest})


def a_role(user: str, role: str, org: str = "lincoln", **rest: Any) -> Role:
    return Role(
        sourced_id=f"{user}-{role}-{org}",
        user_sourced_id=user,
        role=role,
        org_sourced_id=org,
        **{"role_type": "primary", **rest},
    )


def an_enrollment(class_: str, user: str, role: str = "student", school: str = "lincoln", **rest: Any) -> Enrollment:
    return Enrollment(
        sourced_id=f"{class_}-{user}",
        class_sourced_id=class_,
        user_sourced_id=user,
        school_sourced_id=school,
        role=role,
        **rest,
    )


def a_line_item(sourced_id: str, title: str, **rest: Any) -> LineItem:
    given = {
        "assign_date": at(24),
        "due_date": at(48.5),
        "class_sourced_id": "algebra-1",
        "category_sourced_id": "homework",
        "school_sourced_id": "lincoln",
    }
    return LineItem(sourced_id=sourced_id, title=title, **{**given, **rest})


def a_result(line_item: str, student: str, score: float | None, day: int, **rest: Any) -> Result:
    given: dict[str, Any] = {"class_sourced_id": "algebra-1", "score_status": "fully graded"}
    return Result(
        sourced_id=f"{line_item}-{student}",
        line_item_sourced_id=line_item,
        student_sourced_id=student,
        score=score,
        score_date=date(2026, 10, day),
        **{**given, **rest},
    )


async def a_district(session: AsyncSession) -> None:
    """Insert Springfield into an empty database; the caller commits."""
    everything = chain(places(), times(), people(), taught(), marked(), scored(), used())
    for number, row in enumerate(everything):
        if isinstance(row, Record) and row.date_last_modified is None:
            row.date_last_modified = at(number // 2)  # so that some share one
        session.add(row)
        await session.flush()  # in this order: what a row refers to is there already


def places() -> Iterator[Base]:
    yield an_org(
        "springfield",
        name="Springfield Unified, “the” district",
        type="district",
        identifier="0100",
        parent_sourced_id=None,
        metadata_={"homeroom.seats": {"open": 3, "by": ["grade", "class"]}, "phone": "555", "größe": "L", "n": 3},
    )
    yield an_org("lincoln", name="Lincoln High", identifier="0101", date_last_modified=at(0.5))
    yield an_org("shelbyville", name="Shelbyville's", type="school", metadata_={"phone": "556", "open": True})
    yield an_org("bare-school", name="Adams, née O'Hare", metadata_={})
    yield an_org("retired-school", name="Closed", **GONE)
    yield an_org("lab", type="ext:laboratory", parent_sourced_id="lincoln")


def times() -> Iterator[Base]:
    yield a_session("2026-27", "schoolYear", None, "2026-08-17", "2027-06-11")
    yield a_session("fall", "semester", "2026-27", "2026-08-17", "2026-12-18")
    yield a_session("spring", "term", "2026-27", "2027-01-04", "2027-06-11")
    yield a_session("bare-term", "term", "2026-27", "2027-06-14", "2027-07-30")
    yield a_session("retired-term", "term", "2026-27", "2027-06-14", "2027-07-30", **GONE)
    yield a_session("q1", "gradingPeriod", "fall", "2026-08-17", "2026-10-16")
    yield a_session("q2", "gradingPeriod", "fall", "2026-10-19", "2026-12-18")
    yield a_session("retired-q", "gradingPeriod", "fall", "2026-10-19", "2026-12-18", **GONE)


def people() -> Iterator[Base]:
    yield a_user("maria", "María", "Núñez", email="maria@example.org", sms="+1 555 0100", phone="555-0100")
    yield a_user(
        "ana",
        "Ana María",
        "Núñez",
        middle_name="Élodie",
        email="ana@example.org",
        identifier="100-1",
        user_master_identifier="m-1",
        user_ids=[{"type": "LDAP", "identifier": "ana"}, {"type": "SIS", "identifier": "7"}],
        grades=["09", "10"],
        preferred_given_name="Annie",
        preferred_middle_name="E.",
        preferred_family_name="Nunez",
        pronouns="she/her",
        primary_org_sourced_id="lincoln",
        metadata_={"bus": "12", "allergies": ["nuts"], "home": {"city": "Springfield"}},
    )
    yield a_user(
        "sean", "Seán", "O'Brien", email="sean@example.org", grades=["09"], user_ids=[], date_last_modified=at(2.25)
    )
    yield a_user(SLASHED, "Zoë", 'Smith, "Jr." \\ AND', grades=["10"], date_last_modified=at(2.25))
    yield a_user("li", "小龙", "李", enabled_user=False, username=None, primary_org_sourced_id="shelbyville")
    yield a_user("turing", "Alan", "Turing", email="turing@example.org", date_last_modified=at(3.123456))
    yield a_user("noether", "Emmy", "Noether", email="Emmy@Example.org", metadata_={"bus": "7"})
    yield a_user("bare-student", "Bob", "Bare", enabled_user=False, grades=[])
    yield a_user("bare-teacher", "Tess", "Bare", middle_name="ÉLODIE")
    yield a_user("retired-student", "Gone", "Student", email="gone@example.org", date_last_modified=at(4), **GONE)
    yield a_user("retired-teacher", "Gone", "Teacher", date_last_modified=at(4), **GONE)
    for child in ("ana", "sean"):
        yield UserAgent(user_sourced_id=child, agent_sourced_id="maria")
    yield UserProfile(
        sourced_id="ana-mail",
        user_sourced_id="ana",
        profile_type="mail",
        vendor_id="vendor",
        application_id="app",
        description='the "old" one',
        credential_type="password",
        username="ana@old",
    )
    yield UserProfile(sourced_id="ana-lms", user_sourced_id="ana", profile_type="lms", vendor_id="vendor")
    yield from roles()
    yield from demographics()


def roles() -> Iterator[Base]:
    yield a_role("maria", "parent")
    yield a_role("maria", "guardian", "shelbyville", role_type="secondary", begin_date=date(2026, 9, 1))
    yield a_role(
        "ana", "student", user_profile_sourced_id="ana-lms", begin_date=date(2026, 8, 17), end_date=date(2027, 6, 11)
    )
    for student in ("sean", SLASHED, "bare-student", "retired-student"):
        yield a_role(student, "student")
    yield a_role("li", "student", "shelbyville")
    yield a_role("li", "teacher", "lincoln", **GONE)
    yield a_role("turing", "teacher")
    yield a_role("noether", "teacher")
    yield a_role("noether", "ext:chair", "springfield", role_type="secondary")
    yield a_role("bare-teacher", "teacher", "shelbyville")
    yield a_role("retired-teacher", "teacher")


def demographics() -> Iterator[Base]:
    yield Demographics(
        sourced_id="ana",
        birth_date=date(2011, 2, 28),
        sex="female",
        american_indian_or_alaska_native=False,
        asian=False,
        black_or_african_american=True,
        native_hawaiian_or_other_pacific_islander=False,
        white=True,
        demographic_race_two_or_more_races=True,
        hispanic_or_latino_ethnicity=True,
        country_of_birth_code="US",
        state_of_birth_abbreviation="OR",
        city_of_birth="Coös Bay",
        public_school_residence_status="01652",
    )
    yield Demographics(sourced_id="sean", birth_date=date(2012, 2, 29), sex="ext:undisclosed", white=True)
    yield Demographics(sourced_id="li", sex="other")
    yield Demographics(sourced_id="bare-student")
    yield Demographics(sourced_id="retired-student", sex="male", **GONE)


def taught() -> Iterator[Base]:
    yield Course(
        sourced_id="algebra",
        title="Algebra I",
        course_code="MA-1",
        school_year_sourced_id="2026-27",
        grades=["09", "10"],
        org_sourced_id="lincoln",
        subjects=["Mathematics", "Álgebra"],
        subject_codes=["02052", "x"],
    )
    yield Course(sourced_id="art", title="Art, “free”", org_sourced_id="springfield")
    yield Course(sourced_id="bare-course", title="Greek", org_sourced_id="springfield")
    yield Course(sourced_id="retired-course", title="Latin", **GONE)
    yield a_class(
        "algebra-1",
        class_code="A1",
        class_type="scheduled",
        location="Room 1",
        grades=["09"],
        subjects=["Mathematics"],
        subject_codes=["02052"],
        periods=["1", "2"],
    )
    yield a_class("algebra-2", periods=["3"], metadata_={"seats": 30})
    yield a_class("art-1", "art", "shelbyville", class_type="homeroom")
    yield a_class("bare-class", "art", "shelbyville")
    yield a_class("retired-class", **GONE)
    for class_, term in [("algebra-1", "fall"), ("algebra-1", "spring"), ("algebra-2", "fall"), ("art-1", "spring")]:
        yield ClassTerm(class_sourced_id=class_, term_sourced_id=term)
    for class_ in ("bare-class", "retired-class"):
        yield ClassTerm(class_sourced_id=class_, term_sourced_id="2026-27")
    yield an_enrollment("algebra-1", "turing", "teacher", primary=True, begin_date=date(2026, 8, 17))
    yield an_enrollment("algebra-1", "ana", begin_date=date(2026, 8, 17), end_date=date(2027, 6, 11))
    yield an_enrollment("algebra-1", "sean", primary=False)
    yield an_enrollment("algebra-1", SLASHED)
    yield an_enrollment("algebra-2", "noether", "teacher", primary=True)
    yield an_enrollment("algebra-2", "ana", metadata_={"seat": "3"})
    yield an_enrollment("art-1", "li", school="shelbyville")
    yield an_enrollment("art-1", "noether", "ext:guest", school="shelbyville", end_date=date(2026, 12, 18))
    yield an_enrollment("algebra-2", "sean", **GONE)


def marked() -> Iterator[Base]:
    yield Category(sourced_id="homework", title="Homework", weight=40.0)
    yield Category(sourced_id="tests", title="Tests", weight=59.5)
    yield Category(sourced_id="extra", title="Extra “credit”")
    yield Category(sourced_id="retired-category", title="Attendance", weight=0.5, **GONE)
    letters = [{"itemValueLHS": "90-100", "itemValueRHS": "A"}, {"itemValueLHS": "0", "itemValueRHS": "F"}]
    yield ScoreScale(
        sourced_id="letters",
        title="Letters",
        type="grade",
        org_sourced_id="lincoln",
        course_sourced_id="algebra",
        class_sourced_id="algebra-1",
        score_scale_value=letters,
    )
    yield ScoreScale(
        sourced_id="smileys",
        title="Smileys",
        type="ext:fun",
        class_sourced_id="algebra-2",
        score_scale_value=[{"itemValueLHS": "1", "itemValueRHS": "☺"}],
    )
    yield ScoreScale(
        sourced_id="retired-scale",
        title="Old",
        type="x",
        class_sourced_id="algebra-1",
        score_scale_value=letters,
        **GONE,
    )
    yield a_line_item(
        "hw-1",
        "Fractions, part 1",
        description="Pages 1-3",
        academic_session_sourced_id="q1",
        result_value_min=0.0,
        result_value_max=100.0,
    )
    yield a_line_item(
        "hw-2", "Equations", academic_session_sourced_id="fall", assign_date=at(30.25), result_value_max=12.5
    )
    yield a_line_item("quiz", "O'Quiz", category_sourced_id="tests", class_sourced_id="algebra-2")
    yield a_line_item("bare-item", "Not yet marked", category_sourced_id="tests")
    yield a_line_item("retired-item", "Cancelled", **GONE)
    yield LineItemScoreScale(sourced_id="hw-1-letters", line_item_sourced_id="hw-1", score_scale_sourced_id="letters")
    for number, source in enumerate(("case", "case", "unknown")):
        yield LineItemLearningObjective(
            sourced_id=f"hw-1-{number}",
            line_item_sourced_id="hw-1",
            source=source,
            learning_objective_id=f"urn:{number}",
        )


def scored() -> Iterator[Base]:
    yield a_result("hw-1", "ana", 98.5, 1, comment="Très “bien”", late=False, missing=False, in_progress=False)
    yield a_result("hw-1", "sean", 0.1 + 0.2, 1, text_score="D", late=True, incomplete=True)
    yield a_result("hw-1", SLASHED, None, 2, score_status="not submitted", missing=True)
    yield a_result("hw-2", "ana", 12.5, 9, date_last_modified=at(200))
    yield a_result("hw-2", "sean", 12.5, 9, date_last_modified=at(200))
    yield a_result("hw-2", SLASHED, -1.0, 9, score_status="ext:disputed", comment="100%_sure\\")
    yield a_result("quiz", "ana", 300.0, 12, class_sourced_id=None)
    yield a_result("quiz", "sean", 77.0, 12, **GONE)
    yield ResultScoreScale(
        sourced_id="hw-1-ana-letters", result_sourced_id="hw-1-ana", score_scale_sourced_id="letters"
    )
    yield ResultLearningObjective(
        sourced_id="hw-1-ana-0", result_sourced_id="hw-1-ana", source="case", learning_objective_id="urn:0", score=4.0
    )
    yield ResultLearningObjective(
        sourced_id="hw-1-ana-2",
        result_sourced_id="hw-1-ana",
        source="unknown",
        learning_objective_id="urn:2",
        text_score="B",
    )
    yield AssessmentLineItem(
        sourced_id="state-test",
        title="State test",
        description="All of it",
        score_scale_sourced_id="letters",
        result_value_min=0.0,
        result_value_max=800.0,
    )
    yield AssessmentLineItem(
        sourced_id="state-test-reading",
        title="Reading",
        parent_assessment_line_item_sourced_id="state-test",
        class_sourced_id="algebra-1",
        learning_objective_set=[{"source": "case", "learningObjectiveIds": ["urn:0", "urn:1"]}],
    )
    yield AssessmentLineItem(sourced_id="retired-test", title="Old test", **GONE)
    for student, score in [("ana", 640.0), ("sean", None), ("retired-student", 1.5)]:
        yield AssessmentResult(
            sourced_id=f"state-test-{student}",
            assessment_line_item_sourced_id="state-test",
            student_sourced_id=student,
            score=score,
            score_date=date(2027, 4, 1),
            score_status="fully graded" if score else "exempt",
            score_percentile=score and score / 10,
            score_scale_sourced_id="letters",
            late=score is None,
            learning_objective_set=[
                {"source": "case", "learningObjectiveResults": [{"learningObjectiveId": "urn:0", "score": 3.5}]}
            ],
            **(GONE if student == "retired-student" else {}),
        )


def used() -> Iterator[Base]:
    yield Resource(
        sourced_id="book",
        title="The “Book”",
        vendor_resource_id="v-1",
        vendor_id="vendor",
        application_id="app",
        roles=["student", "teacher"],
        importance="primary",
    )
    yield Resource(sourced_id="film", vendor_resource_id="v-2")
    yield Resource(sourced_id="retired-resource", vendor_resource_id="v-3", **GONE)
    yield ClassResource(sourced_id="c", class_sourced_id="algebra-1", resource_sourced_id="book")
    yield CourseResource(sourced_id="k", course_sourced_id="algebra", resource_sourced_id="book")
    yield CourseResource(sourced_id="l", course_sourced_id="algebra", resource_sourced_id="film")
    yield UserResource(sourced_id="u", user_sourced_id="ana", resource_sourced_id="film", class_sourced_id="algebra-1")


def some_clients() -> Iterator[ApiClient]:
    """All with the same secret: one, one that was revoked, one with an id that headers find hard."""
    scopes = [full_scope("roster.readonly"), full_scope("roster-core.readonly")]
    for client_id, revoked_at in [("vendor", None), ("former", at(1)), ("a:b %ü+", None)]:
        yield ApiClient(
            client_id=client_id,
            name=client_id,
            secret_sha256=secret_hash(VENDOR_SECRET),
            scopes=scopes,
            revoked_at=revoked_at,
        )
