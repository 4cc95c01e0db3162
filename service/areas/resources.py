"""Digital resources, and those that a class, a course or a person uses."""

from sqlalchemy import ColumnElement, Select, select

from models import ClassResource, CourseResource, Resource, UserResource
from models.base import ACTIVE
from service.lists.collection import Collection
from service.lists.fields import Texts, Value

RESOURCES = Collection(
    one="resource",
    many="resources",
    entity=Resource,
    own={
        "title": Value(Resource.title),
        "roles": Texts(Resource.roles),
        "importance": Value(Resource.importance),
        "vendorResourceId": Value(Resource.vendor_resource_id),
        "vendorId": Value(Resource.vendor_id),
        "applicationId": Value(Resource.application_id),
    },
)


def used_by(link: type[ClassResource | CourseResource | UserResource], owner: ColumnElement[bool]) -> Select[Resource]:
    ids = select(link.resource_sourced_id).where(owner, link.status == ACTIVE)
    return select(Resource).where(Resource.sourced_id.in_(ids))
