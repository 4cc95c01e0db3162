"""Digital resources, and those that a class, a course or a person uses."""

from sqlalchemy import ColumnElement, Select, select

from models import ClassResource, CourseResource, Resource, UserResource
from models.base import ACTIVE
from service.api.classes import course
from service.api.services import resources
from service.api.users import class_, user
from service.listing import Collection, given
from service.wire import Texts, Value

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


resources.many("getAllResources", "/resources", RESOURCES)
resources.one("getResource", "/resources/<path:sourcedId>", RESOURCES)
resources.many(
    "getResourcesForClass",
    "/classes/<path:classSourcedId>/resources",
    RESOURCES,
    used_by(ClassResource, ClassResource.class_sourced_id == given("classSourcedId")),
    parents=(class_,),
)
resources.many(
    "getResourcesForCourse",
    "/courses/<path:courseSourcedId>/resources",
    RESOURCES,
    used_by(CourseResource, CourseResource.course_sourced_id == given("courseSourcedId")),
    parents=(course,),
)
resources.many(
    "getResourcesForUser",
    "/users/<path:userSourcedId>/resources",
    RESOURCES,
    used_by(UserResource, UserResource.user_sourced_id == given("userSourcedId")),
    parents=(user,),
)
