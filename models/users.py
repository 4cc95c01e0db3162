"""People: users, the roles they have in organisations, their profiles in other systems, their demographics."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import PAIR, Base, Record, one_of, reference
from models.orgs import Org

ROLES = (
    "aide",
    "counselor",
    "districtAdministrator",
    "guardian",
    "parent",
    "principal",
    "proctor",
    "relative",
    "siteAdministrator",
    "student",
    "systemAdministrator",
    "teacher",
)
ROLE_TYPES = ("primary", "secondary")
SEXES = ("male", "female", "unspecified", "other")


class User(Record, Base):
    """A person. What the person is (student, teacher, guardian) stands in `roles`, for each organisation.

    `user_ids` is `[{"type": "LDAP", "identifier": "zoe"}]`. A password is never stored.
    """

    __tablename__ = "users"

    enabled_user: Mapped[bool]
    username: Mapped[str | None]
    user_ids: Mapped[list[dict[str, Any]] | None] = mapped_column(info={PAIR: ("type", "identifier")})
    given_name: Mapped[str]
    family_name: Mapped[str]
    middle_name: Mapped[str | None]
    identifier: Mapped[str | None]
    email: Mapped[str | None]
    sms: Mapped[str | None]
    phone: Mapped[str | None]
    grades: Mapped[list[str] | None]
    user_master_identifier: Mapped[str | None]
    preferred_given_name: Mapped[str | None]
    preferred_middle_name: Mapped[str | None]
    preferred_family_name: Mapped[str | None]
    primary_org_sourced_id: Mapped[str | None] = reference("orgs")
    pronouns: Mapped[str | None]

    primary_org: Mapped[Org | None] = relationship(lazy="raise")
    roles: Mapped[list["Role"]] = relationship(back_populates="user", lazy="raise")
    agents: Mapped[list["User"]] = relationship(
        secondary="user_agents",
        primaryjoin="User.sourced_id == UserAgent.user_sourced_id",
        secondaryjoin="User.sourced_id == UserAgent.agent_sourced_id",
        lazy="raise",
    )


class UserAgent(Base):
    """A person who acts for another, as a guardian does for a student (`agentSourcedIds` in users.csv)."""

    __tablename__ = "user_agents"

    user_sourced_id: Mapped[str] = reference("users", primary_key=True, index=False)
    agent_sourced_id: Mapped[str] = reference("users", primary_key=True)


class UserProfile(Record, Base):
    """An account that a person has in another system. The password that may come with it is never stored."""

    __tablename__ = "user_profiles"

    user_sourced_id: Mapped[str] = reference("users", part=True)
    profile_type: Mapped[str]
    vendor_id: Mapped[str]
    application_id: Mapped[str | None]
    description: Mapped[str | None]
    credential_type: Mapped[str | None]
    username: Mapped[str | None]


class Role(Record, Base):
    """What a person is in an organisation, and from when to when."""

    __tablename__ = "roles"
    user_sourced_id: Mapped[str] = reference("users", part=True)
    role_type: Mapped[str] = one_of(ROLE_TYPES, extensible=False)
    role: Mapped[str] = one_of(ROLES)
    begin_date: Mapped[date | None]
    end_date: Mapped[date | None]
    org_sourced_id: Mapped[str] = reference("orgs")
    user_profile_sourced_id: Mapped[str | None] = reference("user_profiles")

    user: Mapped[User] = relationship(back_populates="roles", lazy="raise")
    org: Mapped[Org] = relationship(lazy="raise")


class Demographics(Record, Base):
    """What only those may read who were granted it. `sourced_id` is that of the user."""

    __tablename__ = "demographics"
    birth_date: Mapped[date | None]
    sex: Mapped[str | None] = one_of(SEXES)
    american_indian_or_alaska_native: Mapped[bool | None]
    asian: Mapped[bool | None]
    black_or_african_american: Mapped[bool | None]
    native_hawaiian_or_other_pacific_islander: Mapped[bool | None]
    white: Mapped[bool | None]
    demographic_race_two_or_more_races: Mapped[bool | None]
    hispanic_or_latino_ethnicity: Mapped[bool | None]
    country_of_birth_code: Mapped[str | None]
    state_of_birth_abbreviation: Mapped[str | None]
    city_of_birth: Mapped[str | None]
    public_school_residence_status: Mapped[str | None]
