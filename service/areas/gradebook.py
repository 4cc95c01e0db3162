"""The gradebook: categories, score scales, line items and results, and the assessment pair."""

from sqlalchemy import or_, select

from models import (
    AcademicSession,
    AssessmentLineItem,
    AssessmentResult,
    Category,
    Class,
    LineItem,
    LineItemLearningObjective,
    LineItemScoreScale,
    Result,
    ResultLearningObjective,
    ResultScoreScale,
    ScoreScale,
)
from models.academic_sessions import GRADING_PERIOD
from models.base import ACTIVE
from service.areas import objectives
from service.areas.classes import school_of_class
from service.areas.references import (
    ACADEMIC_SESSION,
    ASSESSMENT_LINE_ITEM,
    CATEGORY,
    CLASS,
    COURSE,
    LINE_ITEM,
    ORG,
    SCORE_SCALE,
    USER,
)
from service.lists.collection import Collection, given
from service.lists.fields import Objects, Ref, Value
from service.records.parts import objectives_part, reference_part
from service.records.writable import Writable

# Of the session that a line item counts in, the standard has two views: any session, and a grading period.
grading_period = (
    select(AcademicSession.sourced_id)
    .where(
        AcademicSession.sourced_id == LineItem.academic_session_sourced_id,
        AcademicSession.type == GRADING_PERIOD,
    )
    .correlate(LineItem)
    .scalar_subquery()
)
scale_of_line_item = (
    select(LineItemScoreScale.score_scale_sourced_id)
    .where(LineItemScoreScale.line_item_sourced_id == LineItem.sourced_id, LineItemScoreScale.status == ACTIVE)
    .order_by(LineItemScoreScale.sourced_id)
    .limit(1)
    .correlate(LineItem)
    .scalar_subquery()
)
scale_of_result = (
    select(ResultScoreScale.score_scale_sourced_id)
    .where(ResultScoreScale.result_sourced_id == Result.sourced_id, ResultScoreScale.status == ACTIVE)
    .order_by(ResultScoreScale.sourced_id)
    .limit(1)
    .correlate(Result)
    .scalar_subquery()
)


CATEGORIES = Collection(
    one="category",
    many="categories",
    entity=Category,
    own={"title": Value(Category.title), "weight": Value(Category.weight)},
)

SCORE_SCALES = Collection(
    one="scoreScale",
    many="scoreScales",
    entity=ScoreScale,
    own={
        "title": Value(ScoreScale.title),
        "type": Value(ScoreScale.type),
        "course": Ref(ScoreScale.course_sourced_id, COURSE),
        "class": Ref(ScoreScale.class_sourced_id, CLASS),
        "scoreScaleValue": Objects(ScoreScale.score_scale_value, ("itemValueLHS", "itemValueRHS")),
    },
)

LINE_ITEMS = Collection(
    one="lineItem",
    many="lineItems",
    entity=LineItem,
    own={
        "title": Value(LineItem.title),
        "description": Value(LineItem.description),
        "assignDate": Value(LineItem.assign_date),
        "dueDate": Value(LineItem.due_date),
        "class": Ref(LineItem.class_sourced_id, CLASS),
        "school": Ref(LineItem.school_sourced_id, ORG),
        "category": Ref(LineItem.category_sourced_id, CATEGORY),
        "gradingPeriod": Ref(grading_period, ACADEMIC_SESSION),
        "academicSession": Ref(LineItem.academic_session_sourced_id, ACADEMIC_SESSION),
        "scoreScale": Ref(scale_of_line_item, SCORE_SCALE),
        "resultValueMin": Value(LineItem.result_value_min),
        "resultValueMax": Value(LineItem.result_value_max),
        "learningObjectiveSet": objectives.OF_LINE_ITEM,
    },
)

RESULTS = Collection(
    one="result",
    many="results",
    entity=Result,
    own={
        "lineItem": Ref(Result.line_item_sourced_id, LINE_ITEM),
        "student": Ref(Result.student_sourced_id, USER),
        "class": Ref(Result.class_sourced_id, CLASS),
        "scoreScale": Ref(scale_of_result, SCORE_SCALE),
        "scoreStatus": Value(Result.score_status),
        "score": Value(Result.score),
        "textScore": Value(Result.text_score),
        "scoreDate": Value(Result.score_date),
        "comment": Value(Result.comment),
        "learningObjectiveSet": objectives.OF_RESULT,
        "inProgress": Value(Result.in_progress),
        "incomplete": Value(Result.incomplete),
        "late": Value(Result.late),
        "missing": Value(Result.missing),
    },
)

ASSESSMENT_LINE_ITEMS = Collection(
    one="assessmentLineItem",
    many="assessmentLineItems",
    entity=AssessmentLineItem,
    own={
        "title": Value(AssessmentLineItem.title),
        "description": Value(AssessmentLineItem.description),
        "class": Ref(AssessmentLineItem.class_sourced_id, CLASS),
        "parentAssessmentLineItem": Ref(
            AssessmentLineItem.parent_assessment_line_item_sourced_id, ASSESSMENT_LINE_ITEM
        ),
        "scoreScale": Ref(AssessmentLineItem.score_scale_sourced_id, SCORE_SCALE),
        "resultValueMin": Value(AssessmentLineItem.result_value_min),
        "resultValueMax": Value(AssessmentLineItem.result_value_max),
        "learningObjectiveSet": Objects(AssessmentLineItem.learning_objective_set, ("source",), objectives.SET_OF_IDS),
    },
)

ASSESSMENT_RESULTS = Collection(
    one="assessmentResult",
    many="assessmentResults",
    entity=AssessmentResult,
    own={
        "assessmentLineItem": Ref(AssessmentResult.assessment_line_item_sourced_id, ASSESSMENT_LINE_ITEM),
        "student": Ref(AssessmentResult.student_sourced_id, USER),
        "score": Value(AssessmentResult.score),
        "textScore": Value(AssessmentResult.text_score),
        "scoreDate": Value(AssessmentResult.score_date),
        "scoreScale": Ref(AssessmentResult.score_scale_sourced_id, SCORE_SCALE),
        "scorePercentile": Value(AssessmentResult.score_percentile),
        "scoreStatus": Value(AssessmentResult.score_status),
        "comment": Value(AssessmentResult.comment),
        "learningObjectiveSet": Objects(
            AssessmentResult.learning_objective_set, ("source",), objectives.SET_OF_RESULTS
        ),
        "inProgress": Value(AssessmentResult.in_progress),
        "incomplete": Value(AssessmentResult.incomplete),
        "late": Value(AssessmentResult.late),
        "missing": Value(AssessmentResult.missing),
    },
)

CATEGORY_WRITES = Writable(CATEGORIES)
SCORE_SCALE_WRITES = Writable(SCORE_SCALES)
LINE_ITEM_WRITES = Writable(
    LINE_ITEMS,
    parts=(
        reference_part(
            "scoreScale", LineItemScoreScale.line_item_sourced_id, LineItemScoreScale.score_scale_sourced_id
        ),
        objectives_part(
            "learningObjectiveSet", LineItemLearningObjective.line_item_sourced_id, objectives.IDS_OF_LINE_ITEM
        ),
    ),
    names={"gradingPeriod": "academicSession"},  # one column keeps both views of it
    told={"school_sourced_id": school_of_class},
)
RESULT_WRITES = Writable(
    RESULTS,
    parts=(
        reference_part("scoreScale", ResultScoreScale.result_sourced_id, ResultScoreScale.score_scale_sourced_id),
        objectives_part(
            "learningObjectiveSet", ResultLearningObjective.result_sourced_id, objectives.RESULTS_OF_RESULT
        ),
    ),
    told={
        "class_sourced_id": lambda sent: (
            select(LineItem.class_sourced_id)
            .where(LineItem.sourced_id == sent("line_item_sourced_id"))
            .scalar_subquery()
        )
    },
)
ASSESSMENT_LINE_ITEM_WRITES = Writable(
    ASSESSMENT_LINE_ITEMS, readers={"learningObjectiveSet": objectives.IDS_OF_LINE_ITEM.document}
)
ASSESSMENT_RESULT_WRITES = Writable(
    ASSESSMENT_RESULTS, readers={"learningObjectiveSet": objectives.RESULTS_OF_RESULT.document}
)

of_class = LineItem.class_sourced_id == given("classSourcedId")
line_item_in_class = select(LineItem).where(
    LineItem.sourced_id == given("lineItemSourcedId"), of_class, LineItem.status == ACTIVE
)
results_in_class = select(Result).where(
    Result.line_item_sourced_id.in_(select(LineItem.sourced_id).where(of_class, LineItem.status == ACTIVE))
)
classes_of_school = select(Class.sourced_id).where(Class.school_sourced_id == given("schoolSourcedId"))
categories_of_class = select(Category).where(
    Category.sourced_id.in_(select(LineItem.category_sourced_id).where(of_class, LineItem.status == ACTIVE))
)
score_scales_of_class = select(ScoreScale).where(ScoreScale.class_sourced_id == given("classSourcedId"))
score_scales_of_school = select(ScoreScale).where(
    or_(
        ScoreScale.org_sourced_id == given("schoolSourcedId"),
        ScoreScale.class_sourced_id.in_(classes_of_school),
    )
)
line_items_of_class = select(LineItem).where(of_class)
