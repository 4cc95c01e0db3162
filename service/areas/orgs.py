"""Organisations, and schools among them."""

from sqlalchemy import select
from sqlalchemy.orm import aliased

from models import Org
from models.base import ACTIVE
from service.areas.references import ORG
from service.lists.collection import Collection, given
from service.lists.fields import Ref, Refs, Value
from service.records.writable import Writable

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
            .where(child.sourced_id != Org.sourced_id)  # whatever it says, it is no child of its own
            .order_by(child.sourced_id)
            .correlate(Org),
            ORG,
        ),
    },
)

ORG_WRITES = Writable(ORGS)

schools = select(Org).where(Org.type == "school")
school = schools.where(Org.sourced_id == given("schoolSourcedId"), Org.status == ACTIVE)
