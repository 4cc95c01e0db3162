"""Digital resources and the courses, classes and people that use them."""

from sqlalchemy.orm import Mapped

from models.base import Base, Record, one_of, reference

# Who a resource is for; not quite the roles that a user can have.
RESOURCE_ROLES = ("administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher")
IMPORTANCES = ("primary", "secondary")


class Resource(Record, Base):
    """Something to learn with, known to its vendor as `vendor_resource_id`."""

    __tablename__ = "resources"
    vendor_resource_id: Mapped[str]
    title: Mapped[str | None]
    roles: Mapped[list[str] | None] = one_of(RESOURCE_ROLES, check=False)
    importance: Mapped[str | None] = one_of(IMPORTANCES, extensible=False)
    vendor_id: Mapped[str | None]
    application_id: Mapped[str | None]


class ClassResource(Record, Base):
    """A class uses a resource."""

    __tablename__ = "class_resources"

    title: Mapped[str | None]
    class_sourced_id: Mapped[str] = reference("classes", part=True)
    resource_sourced_id: Mapped[str] = reference("resources")


class CourseResource(Record, Base):
    """A course uses a resource."""

    __tablename__ = "course_resources"

    title: Mapped[str | None]
    course_sourced_id: Mapped[str] = reference("courses", part=True)
    resource_sourced_id: Mapped[str] = reference("resources")


class UserResource(Record, Base):
    """A person uses a resource, in an organisation or a class where these are named."""

    __tablename__ = "user_resources"

    user_sourced_id: Mapped[str] = reference("users", part=True)
    org_sourced_id: Mapped[str | None] = reference("orgs")
    class_sourced_id: Mapped[str | None] = reference("classes")
    resource_sourced_id: Mapped[str] = reference("resources")
