"""A person of whom there is something in every table that holds people's rows, in Springfield.

Whatever is a word about her has MARK in it, so that a search finds all of it; her sourcedIds have not.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any

from sqlalchemy import JSON, String, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import (
    ApiClient,
    AssessmentResult,
    Base,
    Demographics,
    Enrollment,
    Result,
    ResultLearningObjective,
    ResultScoreScale,
    UserAgent,
    UserProfile,
    UserResource,
)
from models.database import Database
from service.access import SCOPES, secret_hash
from tests.samples import GONE, a_district, a_result, a_role, a_user, an_enrollment

MARK = "quux"
PERSON = "p/17@x"
NOTE = {"note": f"{MARK} sits in front"}
SETS = [
    {
        "source": "case",
        "learningObjectiveResults": [{"learningObjectiveId": "urn:0", "score": 3.5, "textScore": f"{MARK} did well"}],
    }
]


async def a_district_with_her(session: AsyncSession) -> None:
    await a_district(session)
    session.add(ApiClient(client_id="a-test", name="a test", secret_sha256=secret_hash("x"), scopes=list(SCOPES)))
    for row in (*herself(), *her_marks()):
        session.add(row)
        await session.flush()


def herself() -> Iterator[Base]:
    names: dict[str, Any] = {"username": f"{MARK}y", "email": f"{MARK}@example.org", "phone": f"555-{MARK}"}
    yield a_user(PERSON, f"{MARK.title()}a", f"O'{MARK.title()}ley", grades=["09"], metadata_=NOTE, **names)
    yield UserAgent(user_sourced_id=PERSON, agent_sourced_id="maria")
    yield UserAgent(user_sourced_id="sean", agent_sourced_id=PERSON)
    profile = {"profile_type": "mail", "vendor_id": "vendor", "username": f"{MARK}@mail"}
    yield UserProfile(sourced_id="p-17-mail", user_sourced_id=PERSON, **profile)
    yield a_role(PERSON, "student", user_profile_sourced_id="p-17-mail", metadata_=NOTE)
    yield a_role(PERSON, "aide", metadata_=NOTE, **GONE)
    yield a_role("sean", "aide", user_profile_sourced_id="p-17-mail")  # an odd thing that no constraint forbids
    yield a_role("sean", "proctor", user_profile_sourced_id="p-17-mail", **GONE)
    yield Demographics(sourced_id=PERSON, birth_date=date(2011, 5, 5), city_of_birth=f"{MARK}ville")
    yield UserResource(sourced_id="p-17-film", user_sourced_id=PERSON, resource_sourced_id="film", metadata_=NOTE)


def her_marks() -> Iterator[Base]:
    yield an_enrollment("algebra-1", PERSON, metadata_=NOTE)
    yield an_enrollment("algebra-2", PERSON, **GONE)
    words: dict[str, Any] = {"comment": f"{MARK} did well", "text_score": f"{MARK}!", "metadata_": NOTE}
    yield a_result("hw-1", PERSON, 61.5, 1, **words)
    yield a_result("hw-2", PERSON, 7.0, 9)
    yield ResultScoreScale(
        sourced_id="p-17-scale",
        title=f"for {MARK}",
        result_sourced_id=f"hw-2-{PERSON}",
        score_scale_sourced_id="letters",
    )
    objective = {"source": "case", "learning_objective_id": "urn:0", "score": 2.5, "text_score": f"{MARK} knows"}
    yield ResultLearningObjective(sourced_id="p-17-objective", result_sourced_id=f"hw-1-{PERSON}", **objective)
    yield AssessmentResult(
        sourced_id="p-17-test",
        assessment_line_item_sourced_id="state-test",
        student_sourced_id=PERSON,
        score=500.0,
        score_date=date(2027, 4, 1),
        score_status="fully graded",
        learning_objective_set=SETS,
    )


async def with_many_results(session: AsyncSession, many: int) -> None:
    """Marks enough that nobody should handle them one by one."""
    for number in range(many):
        row = a_result("hw-2", PERSON, 1.0, 3, comment=f"{MARK} again")
        row.sourced_id = f"many-{number}"
        session.add(row)


async def with_mark(database: Database) -> set[str]:
    """The tables in which some text or JSON still has the mark."""
    return {table async for table, text in every_text(database) if MARK in text.lower()}


async def every_text(database: Database) -> AsyncIterator[tuple[str, str]]:
    async with database.read_session() as session:
        for table in Base.metadata.sorted_tables:
            columns = [column for column in table.columns if isinstance(column.type, (String, JSON))]
            for row in await session.execute(select(*columns)):
                yield table.name, str(tuple(row))


async def totals(database: Database) -> list[tuple[Any, ...]]:
    """Who is in the classes, and what was scored."""
    results = select(Result.line_item_sourced_id, Result.score, Result.score_date, Result.score_status)
    sorted_results = results.order_by(Result.line_item_sourced_id, Result.score)
    assessed = select(AssessmentResult.assessment_line_item_sourced_id, AssessmentResult.score).order_by("score")
    objectives = select(ResultLearningObjective.learning_objective_id, ResultLearningObjective.score).order_by("score")
    enrolled = select(Enrollment.class_sourced_id, Enrollment.role, Enrollment.status).order_by(Enrollment.sourced_id)
    async with database.read_session() as session:
        statements = (sorted_results, assessed, objectives, enrolled)
        return [tuple(row) for statement in statements for row in await session.execute(statement)]
