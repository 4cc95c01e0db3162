"""Organisations: districts, schools, departments."""

from sqlalchemy.orm import Mapped, relationship

from models.base import Base, Record, one_of, reference

ORG_TYPES = ("department", "district", "local", "national", "school", "state")


class Org(Record, Base):
    """An organisation; its `parent` is the district or school that runs it."""

    __tablename__ = "orgs"
    rules = (one_of("type", ORG_TYPES),)

    name: Mapped[str]
    type: Mapped[str]
    identifier: Mapped[str | None]
    parent_sourced_id: Mapped[str | None] = reference("orgs")

    parent: Mapped["Org | None"] = relationship(remote_side="Org.sourced_id", lazy="raise")
