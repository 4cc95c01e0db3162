"""Who is in which class, and as what."""

from datetime import date

from sqlalchemy.orm import Mapped, relationship

from models.base import Base, Record, one_of, reference
from models.classes import Class
from models.orgs import Org
from models.users import User

ENROLLMENT_ROLES = ("administrator", "proctor", "student", "teacher")


class Enrollment(Record, Base):
    """A person in a class. `primary` marks the teacher in charge."""

    __tablename__ = "enrollments"
    class_sourced_id: Mapped[str] = reference("classes")
    school_sourced_id: Mapped[str] = reference("orgs")
    user_sourced_id: Mapped[str] = reference("users")
    role: Mapped[str] = one_of(ENROLLMENT_ROLES)
    primary: Mapped[bool | None]
    begin_date: Mapped[date | None]
    end_date: Mapped[date | None]

    class_: Mapped[Class] = relationship(lazy="raise")
    school: Mapped[Org] = relationship(lazy="raise")
    user: Mapped[User] = relationship(lazy="raise")
