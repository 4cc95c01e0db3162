"""Organisations, and schools among them."""

from service.api.services import rostering
from service.areas.orgs import ORGS, schools

rostering.many("getAllOrgs", "/orgs", ORGS)
rostering.one("getOrg", "/orgs/<path:sourcedId>", ORGS)
rostering.many("getAllSchools", "/schools", ORGS, schools)
rostering.one("getSchool", "/schools/<path:sourcedId>", ORGS, schools)
