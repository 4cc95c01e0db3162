"""Organisations, and schools among them."""

from service.api.services import rostering
from service.areas.orgs import ORG_WRITES, ORGS, schools

rostering.many("getAllOrgs", "/orgs", ORGS)
rostering.one("getOrg", "/orgs/<path:sourcedId>", ORGS)
rostering.many("getAllSchools", "/schools", ORGS, schools)
rostering.one("getSchool", "/schools/<path:sourcedId>", ORGS, schools)

rostering.change("Org", "/orgs", ORG_WRITES)
rostering.post("postOrgs", "/orgs", ORG_WRITES)
rostering.change("School", "/schools", ORG_WRITES, allowed={"type": ("school",)})
rostering.post("postSchools", "/schools", ORG_WRITES, allowed={"type": ("school",)})
