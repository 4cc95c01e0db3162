"""The gradebook: categories, score scales, line items and results, and the assessment pair."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models import LineItem, Result
from service.api.bodies import Path
from service.api.services import assessments, gradebook
from service.areas.gradebook import (
    ASSESSMENT_LINE_ITEM_WRITES,
    ASSESSMENT_LINE_ITEMS,
    ASSESSMENT_RESULT_WRITES,
    ASSESSMENT_RESULTS,
    CATEGORIES,
    CATEGORY_WRITES,
    LINE_ITEM_WRITES,
    LINE_ITEMS,
    RESULT_WRITES,
    RESULTS,
    SCORE_SCALE_WRITES,
    SCORE_SCALES,
    categories_of_class,
    line_item_in_class,
    line_items_of_class,
    results_in_class,
    score_scales_of_class,
    score_scales_of_school,
)
from service.areas.orgs import school
from service.areas.users import class_, student
from service.lists.collection import given
from service.records.parsing import Record, refused
from service.records.rules import Rule

gradebook.many("getAllCategories", "/categories", CATEGORIES)
gradebook.one("getCategory", "/categories/<path:sourcedId>", CATEGORIES)
gradebook.many(
    "getCategoriesForClass",
    "/classes/<path:classSourcedId>/categories",
    CATEGORIES,
    categories_of_class,
    parents=(class_,),
)
gradebook.many("getAllScoreScales", "/scoreScales", SCORE_SCALES)
gradebook.one("getScoreScale", "/scoreScales/<path:sourcedId>", SCORE_SCALES)
gradebook.many(
    "getScoreScalesForClass",
    "/classes/<path:classSourcedId>/scoreScales",
    SCORE_SCALES,
    score_scales_of_class,
    parents=(class_,),
)
gradebook.many(
    "getScoreScalesForSchool",
    "/schools/<path:schoolSourcedId>/scoreScales",
    SCORE_SCALES,
    score_scales_of_school,
    parents=(school,),
)
gradebook.many("getAllLineItems", "/lineItems", LINE_ITEMS)
gradebook.one("getLineItem", "/lineItems/<path:sourcedId>", LINE_ITEMS)
gradebook.many(
    "getLineItemsForClass",
    "/classes/<path:classSourcedId>/lineItems",
    LINE_ITEMS,
    line_items_of_class,
    parents=(class_,),
)
gradebook.many("getAllResults", "/results", RESULTS)
gradebook.one("getResult", "/results/<path:sourcedId>", RESULTS)
gradebook.many(
    "getResultsForClass",
    "/classes/<path:classSourcedId>/results",
    RESULTS,
    results_in_class,
    parents=(class_,),
)
gradebook.many(
    "getResultsForLineItemForClass",
    "/classes/<path:classSourcedId>/lineItems/<path:lineItemSourcedId>/results",
    RESULTS,
    results_in_class.where(Result.line_item_sourced_id == given("lineItemSourcedId")),
    parents=(class_, line_item_in_class),
)
gradebook.many(
    "getResultsForStudentForClass",
    "/classes/<path:classSourcedId>/students/<path:studentSourcedId>/results",
    RESULTS,
    results_in_class.where(Result.student_sourced_id == given("studentSourcedId")),
    parents=(class_, student),
)
assessments.many("getAllAssessmentLineItems", "/assessmentLineItems", ASSESSMENT_LINE_ITEMS)
assessments.one("getAssessmentLineItem", "/assessmentLineItems/<path:sourcedId>", ASSESSMENT_LINE_ITEMS)
assessments.many("getAllAssessmentResults", "/assessmentResults", ASSESSMENT_RESULTS)
assessments.one("getAssessmentResult", "/assessmentResults/<path:sourcedId>", ASSESSMENT_RESULTS)

for name, path, writable in (
    ("Category", "/categories", CATEGORY_WRITES),
    ("ScoreScale", "/scoreScales", SCORE_SCALE_WRITES),
    ("LineItem", "/lineItems", LINE_ITEM_WRITES),
    ("Result", "/results", RESULT_WRITES),
):
    gradebook.change(name, path, writable)
    gradebook.post(f"post{path[1].upper()}{path[2:]}", path, writable)
for name, writable in (
    ("AssessmentLineItem", ASSESSMENT_LINE_ITEM_WRITES),
    ("AssessmentResult", ASSESSMENT_RESULT_WRITES),
):
    assessments.change(name, f"/{writable.collection.many}", writable)
    assessments.post(f"post{name}s", f"/{writable.collection.many}", writable)


async def expect_line_items_of_class(session: AsyncSession, path: Path, records: list[Record]) -> None:
    """Raises InvalidData for results of what another class did."""
    wanted = {str(record.values["line_item_sourced_id"]) for record in records}
    of_path = select(LineItem.sourced_id).where(LineItem.class_sourced_id == path["classSourcedId"])
    known = set(await session.scalars(of_path.where(LineItem.sourced_id.in_(wanted))))
    strange = [record for record in records if record.values["line_item_sourced_id"] not in known]
    if strange:
        raise refused([(f"{record.at}.lineItem.sourcedId", Rule.PATH) for record in strange])


gradebook.post(
    "postLineItemsForClass",
    "/classes/<path:classSourcedId>/lineItems",
    LINE_ITEM_WRITES,
    from_path={"class": "classSourcedId"},
    parents={"classSourcedId": "classes"},
)
gradebook.post(
    "postLineItemsForSchool",
    "/schools/<path:schoolSourcedId>/lineItems",
    LINE_ITEM_WRITES,
    from_path={"school": "schoolSourcedId"},
    parents={"schoolSourcedId": "orgs"},
)
gradebook.post(
    "postResultsForLineItem",
    "/lineItems/<path:lineItemSourcedId>/results",
    RESULT_WRITES,
    from_path={"lineItem": "lineItemSourcedId"},
    parents={"lineItemSourcedId": "line_items"},
)
gradebook.post(
    "postResultsForAcademicSessionForClass",
    "/classes/<path:classSourcedId>/academicSessions/<path:academicSessionSourcedId>/results",
    RESULT_WRITES,
    from_path={"class": "classSourcedId"},
    parents={"classSourcedId": "classes", "academicSessionSourcedId": "academic_sessions"},
    check=expect_line_items_of_class,
)
