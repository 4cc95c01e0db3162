"""Digital resources, and those that a class, a course or a person uses."""

from models import ClassResource, CourseResource, UserResource
from service.api.services import resources
from service.areas.classes import course
from service.areas.resources import RESOURCES, used_by
from service.areas.users import class_, user
from service.lists.collection import given

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
