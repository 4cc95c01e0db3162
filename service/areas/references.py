"""What references point to: the standard's word for each kind of thing, and where it is served."""

from service.lists.fields import Target

ACADEMIC_SESSION = Target("academicSession", "rostering/v1p2/academicSessions")
CLASS = Target("class", "rostering/v1p2/classes")
COURSE = Target("course", "rostering/v1p2/courses")
ORG = Target("org", "rostering/v1p2/orgs")
USER = Target("user", "rostering/v1p2/users")
CATEGORY = Target("category", "gradebook/v1p2/categories")
LINE_ITEM = Target("lineItem", "gradebook/v1p2/lineItems")
SCORE_SCALE = Target("scoreScale", "gradebook/v1p2/scoreScales")
ASSESSMENT_LINE_ITEM = Target("assessmentLineItem", "gradebook/v1p2/assessmentLineItems")
RESOURCE = Target("resource", "resources/v1p2/resources")
