"""The standard's services and their scopes. The areas (`orgs.py`, `users.py`, …) add their operations."""

from service.access import OUR_SCOPE_ROOT, full_scope
from service.api.operations import Service

# The standard only reads the roster: its writes have scopes of our own.
ROSTER_PUT, ROSTER_POST, ROSTER_DELETE = (
    f"{OUR_SCOPE_ROOT}roster.{name}" for name in ("createput", "createpost", "delete")
)

rostering = Service(
    "rostering",
    all_scopes=(full_scope("roster.readonly"),),
    core_scopes=(full_scope("roster.readonly"), full_scope("roster-core.readonly")),
    put_scope=ROSTER_PUT,
    post_scope=ROSTER_POST,
    delete_scope=ROSTER_DELETE,
)
demographics = Service(  # a part of rostering whose scope stands alone: no other scope opens it
    "rostering",
    all_scopes=(full_scope("roster-demographics.readonly"),),
    core_scopes=(full_scope("roster-demographics.readonly"),),
    put_scope=ROSTER_PUT,
    post_scope=ROSTER_POST,
    delete_scope=ROSTER_DELETE,
)
gradebook = Service(
    "gradebook",
    all_scopes=(full_scope("gradebook.readonly"),),
    core_scopes=(full_scope("gradebook.readonly"), full_scope("gradebook-core.readonly")),
    put_scope=full_scope("gradebook.createput"),
    post_scope=full_scope("gradebook.createpost"),
    delete_scope=full_scope("gradebook.delete"),
)
assessments = Service(
    "gradebook",
    all_scopes=(full_scope("assessment.readonly"),),
    core_scopes=(full_scope("assessment.readonly"),),
    put_scope=full_scope("assessment.createput"),
    post_scope=full_scope("assessment.createput"),  # the standard has no POST here, and so no scope for it
    delete_scope=full_scope("assessment.delete"),
)
resources = Service(
    "resources",
    all_scopes=(full_scope("resource.readonly"),),
    core_scopes=(full_scope("resource.readonly"), full_scope("resource-core.readonly")),
    strict_sort=True,
)
ALL = (rostering, demographics, gradebook, assessments, resources)
