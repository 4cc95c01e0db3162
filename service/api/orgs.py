"""Organisations, and schools among them."""

from sqlalchemy import select
from sqlalchemy.orm import aliased

from models import Org
from models.base import ACTIVE
from service.api.references import ORG
from service.api.services import rostering
from service.listing import Collection, given
from service.wire import Ref, Refs, Value

child = aliased(Org)

ORGS = Collection(
    one="org",
    many="orgs",
    entity=Org,
    own={
        "name": Value(Org.name),
        "type": Value(Org.type),
        "identifier": Value(Org.identifier, instead=Org.sourced_id),  # required here, optional in orgs.csv
        "parent": Ref(Org.parent_sourced_id, ORG),
        "children": Refs(
            select(child.sourced_id)
            .where(child.parent_sourced_id == Org.sourced_id, child.status == ACTIVE)
            .order_by(child.sourced_id)
            .correlate(Org),
            ORG,
        ),
    },
)

schools = select(Org).where(Org.type == "school")
school = schools.where(Org.sourced_id == given("schoolSourcedId"), Org.status == ACTIVE)

rostering.many("getAllOrgs", "/orgs", ORGS)
rostering.one("getOrg", "/orgs/<path:sourcedId>", ORGS)
rostering.many("getAllSchools", "/schools", ORGS, schools)
rostering.one("getSchool", "/schools/<path:sourcedId>", ORGS, schools)
