"""The gradebook: categories, score scales, line items and results, and the assessment pair."""

from models import Result
from service.api.services import assessments, gradebook
from service.areas.gradebook import (
    ASSESSMENT_LINE_ITEMS,
    ASSESSMENT_RESULTS,
    CATEGORIES,
    LINE_ITEMS,
    RESULTS,
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
