"""People: users, and students and teachers among them, with their roles; and demographics."""

from service.api.services import demographics, rostering
from service.areas.orgs import school
from service.areas.users import (
    DEMOGRAPHICS,
    USERS,
    class_,
    class_in_school,
    students,
    teachers,
    users_in_class,
    users_in_school,
)

rostering.many("getAllUsers", "/users", USERS)
rostering.one("getUser", "/users/<path:sourcedId>", USERS)
for people, role, having_role in (("Students", "student", students), ("Teachers", "teacher", teachers)):
    name = people.lower()
    rostering.many(f"getAll{people}", f"/{name}", USERS, having_role)
    rostering.one(f"get{people[:-1]}", f"/{name}/<path:sourcedId>", USERS, having_role)
    rostering.many(
        f"get{people}ForSchool",
        f"/schools/<path:schoolSourcedId>/{name}",
        USERS,
        users_in_school(role),
        parents=(school,),
    )
    rostering.many(
        f"get{people}ForClass",
        f"/classes/<path:classSourcedId>/{name}",
        USERS,
        users_in_class(role),
        parents=(class_,),
    )
    rostering.many(
        f"get{people}ForClassInSchool",
        f"/schools/<path:schoolSourcedId>/classes/<path:classSourcedId>/{name}",
        USERS,
        users_in_class(role),
        parents=(school, class_in_school),
    )
demographics.many("getAllDemographics", "/demographics", DEMOGRAPHICS)
demographics.one("getDemographics", "/demographics/<path:sourcedId>", DEMOGRAPHICS)
