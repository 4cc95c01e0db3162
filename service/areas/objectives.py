"""Learning objectives: what a line item measures, how a student did in it. A table inside, sets by source outside."""

from typing import Any

from sqlalchemy import ColumnElement, Select, select

from models import LineItem, LineItemLearningObjective, Result, ResultLearningObjective
from models.base import ACTIVE
from service.lists.fields import Given, Rows, Value, json_fields
from service.lists.json_schema import NUMBER, TEXT, list_of, object_of
from service.lists.json_text import joined, json_array, json_items, json_scalar, text
from service.records.parts import objectives

IDS, RESULTS = "learningObjectiveIds", "learningObjectiveResults"

result_schema = object_of({"learningObjectiveId": TEXT, "score": NUMBER, "textScore": TEXT}, ["learningObjectiveId"])
SET_OF_IDS = object_of({"source": TEXT, IDS: list_of(TEXT)})
SET_OF_RESULTS = object_of({"source": TEXT, RESULTS: list_of(result_schema)})


def sets_by_source(
    objective: type[LineItemLearningObjective | ResultLearningObjective],
    rows: Select[Any],
    list_name: str,
    item: ColumnElement[str],
) -> ColumnElement[str]:
    """`[{"source": …, list_name: [item, …]}]`: the objectives that `rows` selects, put together by who numbers them."""
    each = (
        rows.with_only_columns(objective.source, item.label("item"))
        .order_by(objective.source, objective.learning_objective_id)
        .subquery()
    )
    source, items = json_scalar(each.c.source), json_items(each.c.item)
    sets = (
        select(joined([text('{"source":'), source, text(f',"{list_name}":['), items, text("]}")]))
        .group_by(each.c.source)
        .order_by(each.c.source)
    )
    return json_array(sets)


measured = (
    select(LineItemLearningObjective)
    .where(
        LineItemLearningObjective.line_item_sourced_id == LineItem.sourced_id,
        LineItemLearningObjective.status == ACTIVE,
    )
    .correlate(LineItem)
)
objective_id = Value(LineItemLearningObjective.learning_objective_id)
OF_LINE_ITEM = Given(
    sets_by_source(LineItemLearningObjective, measured, IDS, objective_id.json),
    schema=list_of(SET_OF_IDS),
    asked=Rows(measured, {"source": Value(LineItemLearningObjective.source), IDS: objective_id}),
)

reached = (
    select(ResultLearningObjective)
    .where(
        ResultLearningObjective.result_sourced_id == Result.sourced_id,
        ResultLearningObjective.status == ACTIVE,
    )
    .correlate(Result)
)
objective_result = {
    "learningObjectiveId": Value(ResultLearningObjective.learning_objective_id),
    "score": Value(ResultLearningObjective.score),
    "textScore": Value(ResultLearningObjective.text_score),
}
OF_RESULT = Given(
    sets_by_source(ResultLearningObjective, reached, RESULTS, json_fields(objective_result)),
    schema=list_of(SET_OF_RESULTS),
    asked=Rows(reached, {"source": Value(ResultLearningObjective.source), **objective_result}),
)

# … and how they are read when they are sent.
IDS_OF_LINE_ITEM = objectives(LineItemLearningObjective, IDS)
RESULTS_OF_RESULT = objectives(ResultLearningObjective, RESULTS, "score", "textScore")
