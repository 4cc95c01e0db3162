"""The standard's services and their scopes. The areas (`orgs.py`, `users.py`, …) add their operations."""

from service.access import full_scope
from service.api.operations import Service

rostering = Service(
    "rostering",
    all_scopes=(full_scope("roster.readonly"),),
    core_scopes=(full_scope("roster.readonly"), full_scope("roster-core.readonly")),
)
demographics = Service(  # a part of rostering whose scope stands alone: no other scope opens it
    "rostering",
    all_scopes=(full_scope("roster-demographics.readonly"),),
    core_scopes=(full_scope("roster-demographics.readonly"),),
)
gradebook = Service(
    "gradebook",
    all_scopes=(full_scope("gradebook.readonly"),),
    core_scopes=(full_scope("gradebook.readonly"), full_scope("gradebook-core.readonly")),
)
assessments = Service(
    "gradebook",
    all_scopes=(full_scope("assessment.readonly"),),
    core_scopes=(full_scope("assessment.readonly"),),
)
resources = Service(
    "resources",
    all_scopes=(full_scope("resource.readonly"),),
    core_scopes=(full_scope("resource.readonly"), full_scope("resource-core.readonly")),
    strict_sort=True,
)
ALL = (rostering, demographics, gradebook, assessments, resources)
