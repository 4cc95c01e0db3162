"""People: users, and students and teachers among them, with their roles; and demographics."""

from collections.abc import Mapping

from sqlalchemy import Select, exists, select, union

from models import Class, Demographics, Enrollment, Role, User, UserAgent, UserProfile, UserResource
from models.base import ACTIVE
from service.areas.references import ORG, RESOURCE, USER
from service.lists.collection import Collection, given
from service.lists.fields import SERVICES, Field, Given, Objects, Ref, Refs, Rows, Texts, Value
from service.lists.json_schema import TEXT, list_of, object_of
from service.lists.json_text import joined, json_scalar, text
from service.records.kinds import column_field, table_of
from service.records.members import Json
from service.records.parsing import Reader, Reference
from service.records.parts import objects_part, references_part
from service.records.writable import Row, Writable

# A profile has no address of its own in the standard; it is a part of its user's.
profile_of_role = joined(
    [SERVICES, text("/rostering/v1p2/users/"), Role.user_sourced_id, text("#"), Role.user_profile_sourced_id]
)
profile_of_user = joined(
    [SERVICES, text("/rostering/v1p2/users/"), UserProfile.user_sourced_id, text("#"), UserProfile.sourced_id]
)
credential_type, username = json_scalar(UserProfile.credential_type), json_scalar(UserProfile.username)

ROLE_FIELDS: dict[str, Field] = {
    "roleType": Value(Role.role_type),
    "role": Value(Role.role),
    "org": Ref(Role.org_sourced_id, ORG),
    "userProfile": Value(profile_of_role),
    "beginDate": Value(Role.begin_date),
    "endDate": Value(Role.end_date),
}
PROFILE_FIELDS: dict[str, Field] = {
    "profileId": Value(profile_of_user),
    "profileType": Value(UserProfile.profile_type),
    "vendorId": Value(UserProfile.vendor_id),
    "applicationId": Value(UserProfile.application_id),
    "description": Value(UserProfile.description),
    "credentials": Given(
        joined([text('[{"type":'), credential_type, text(',"username":'), username, text("}]")]),
        schema=list_of(object_of({"type": TEXT, "username": TEXT})),
    ),
}

USERS = Collection(
    one="user",
    many="users",
    entity=User,
    own={
        "userMasterIdentifier": Value(User.user_master_identifier),
        "username": Value(User.username),
        "userIds": Objects(User.user_ids, ("type", "identifier")),
        "enabledUser": Value(User.enabled_user),
        "givenName": Value(User.given_name),
        "familyName": Value(User.family_name),
        "middleName": Value(User.middle_name),
        "preferredFirstName": Value(User.preferred_given_name),
        "preferredMiddleName": Value(User.preferred_middle_name),
        "preferredLastName": Value(User.preferred_family_name),
        "pronouns": Value(User.pronouns),
        "roles": Rows(
            select(Role)
            .where(Role.user_sourced_id == User.sourced_id, Role.status == ACTIVE)
            .order_by(Role.role_type, Role.sourced_id)
            .correlate(User),
            ROLE_FIELDS,
            required=True,
        ),
        "userProfiles": Rows(
            select(UserProfile)
            .where(UserProfile.user_sourced_id == User.sourced_id, UserProfile.status == ACTIVE)
            .order_by(UserProfile.sourced_id)
            .correlate(User),
            PROFILE_FIELDS,
        ),
        "primaryOrg": Ref(User.primary_org_sourced_id, ORG),
        "identifier": Value(User.identifier),
        "email": Value(User.email),
        "sms": Value(User.sms),
        "phone": Value(User.phone),
        "agents": Refs(
            select(UserAgent.agent_sourced_id)
            .where(UserAgent.user_sourced_id == User.sourced_id)
            .order_by(UserAgent.agent_sourced_id)
            .correlate(User),
            USER,
        ),
        "grades": Texts(User.grades),
        "resources": Refs(
            select(UserResource.resource_sourced_id)
            .where(UserResource.user_sourced_id == User.sourced_id, UserResource.status == ACTIVE)
            .order_by(UserResource.sourced_id)
            .correlate(User),
            RESOURCE,
        ),
    },
    aliases={("role",): ("roles", "role")},  # a user had one role in OneRoster 1.1, and clients still ask for it so
)

DEMOGRAPHICS = Collection(
    one="demographics",
    many="demographics",
    entity=Demographics,
    own={
        "birthDate": Value(Demographics.birth_date),
        "sex": Value(Demographics.sex),
        "americanIndianOrAlaskaNative": Value(Demographics.american_indian_or_alaska_native),
        "asian": Value(Demographics.asian),
        "blackOrAfricanAmerican": Value(Demographics.black_or_african_american),
        "nativeHawaiianOrOtherPacificIslander": Value(Demographics.native_hawaiian_or_other_pacific_islander),
        "white": Value(Demographics.white),
        "demographicRaceTwoOrMoreRaces": Value(Demographics.demographic_race_two_or_more_races),
        "hispanicOrLatinoEthnicity": Value(Demographics.hispanic_or_latino_ethnicity),
        "countryOfBirthCode": Value(Demographics.country_of_birth_code),
        "stateOfBirthAbbreviation": Value(Demographics.state_of_birth_abbreviation),
        "cityOfBirth": Value(Demographics.city_of_birth),
        "publicSchoolResidenceStatus": Value(Demographics.public_school_residence_status),
    },
)


def profile_of(reader: Reader, given: Mapping[str, Json], row: Row, at: str) -> Row:
    """A profile is known by what its URI ends with: for one of ours that is its sourcedId."""
    credentials = reader.objects(given.get("credentials"), f"{at}.credentials")
    first = credentials[0][1] if credentials else {}
    return {
        **row,
        "sourced_id": profile_id(reader, given.get("profileId"), f"{at}.profileId"),
        "credential_type": reader.read(CREDENTIAL_TYPE, first.get("type"), f"{at}.credentials[0].type"),
        "username": reader.read(CREDENTIAL_NAME, first.get("username"), f"{at}.credentials[0].username"),
    }


def role_of(reader: Reader, given: Mapping[str, Json], row: Row, at: str) -> Row:
    profile = given.get("userProfile")
    place = f"{at}.userProfile"
    found = profile_id(reader, profile, place) if profile else None
    if found is not None:
        reader.references.append(Reference(place, "user_profiles", found))
    return {**row, "user_profile_sourced_id": found}


def profile_id(reader: Reader, given: Json, at: str) -> str | None:
    found: str | None = reader.id(given.rpartition("#")[2] if isinstance(given, str) else given, at)
    return found


CREDENTIAL_TYPE = column_field("type", table_of(UserProfile).c.credential_type)
CREDENTIAL_NAME = column_field("username", table_of(UserProfile).c.username)
AGENTS = references_part("agents", UserAgent.user_sourced_id, UserAgent.agent_sourced_id)
USER_WRITES = Writable(
    USERS,
    parts=(  # profiles first: roles refer to them
        objects_part("userProfiles", UserProfile.user_sourced_id, PROFILE_FIELDS, ("sourced_id",), finish=profile_of),
        objects_part(
            "roles",
            Role.user_sourced_id,
            ROLE_FIELDS,
            ("role_type", "role", "org_sourced_id"),
            finish=role_of,
            required=True,
        ),
        AGENTS,
        references_part("resources", UserResource.user_sourced_id, UserResource.resource_sourced_id),
    ),
)
DEMOGRAPHICS_WRITES = Writable(DEMOGRAPHICS)


def users_with_role(role: str) -> Select[User]:
    """Who has this role in any organisation."""
    return select(User).where(
        exists().where(Role.user_sourced_id == User.sourced_id, Role.role == role, Role.status == ACTIVE)
    )


def users_in_school(role: str) -> Select[User]:
    """Who has this role in the school, or is enrolled as such in one of its classes."""
    by_role = select(Role.user_sourced_id).where(
        Role.org_sourced_id == given("schoolSourcedId"), Role.role == role, Role.status == ACTIVE
    )
    by_enrollment = select(Enrollment.user_sourced_id).where(
        Enrollment.school_sourced_id == given("schoolSourcedId"),
        Enrollment.role == role,
        Enrollment.status == ACTIVE,
    )
    return select(User).where(User.sourced_id.in_(union(by_role, by_enrollment)))


def users_in_class(role: str) -> Select[User]:
    enrolled = select(Enrollment.user_sourced_id).where(
        Enrollment.class_sourced_id == given("classSourcedId"),
        Enrollment.role == role,
        Enrollment.status == ACTIVE,
    )
    return select(User).where(User.sourced_id.in_(enrolled))


students, teachers = users_with_role("student"), users_with_role("teacher")
user = select(User).where(User.sourced_id == given("userSourcedId"), User.status == ACTIVE)
student = students.where(User.sourced_id == given("studentSourcedId"), User.status == ACTIVE)
teacher = teachers.where(User.sourced_id == given("teacherSourcedId"), User.status == ACTIVE)
class_ = select(Class).where(Class.sourced_id == given("classSourcedId"), Class.status == ACTIVE)
class_in_school = class_.where(Class.school_sourced_id == given("schoolSourcedId"))
