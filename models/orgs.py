"""Organisations: districts, schools, departments."""

from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import EXPECTED, Base, Record, one_of, reference

ORG_TYPES = ("department", "district", "local", "national", "school", "state")


class Org(Record, Base):
    """An organisation; its `parent` is the district or school that runs it."""

    __tablename__ = "orgs"
    name: Mapped[str]
    type: Mapped[str] = one_of(ORG_TYPES)
    identifier: Mapped[str | None] = mapped_column(info={EXPECTED: True})
    parent_sourced_id: Mapped[str | None] = reference("orgs")

    parent: Mapped["Org | None"] = relationship(remote_side="Org.sourced_id", lazy="raise")
