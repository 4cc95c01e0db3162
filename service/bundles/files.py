"""The 21 CSV files of a bundle, and the fields of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import Table

from models import (
    AcademicSession,
    Category,
    Class,
    ClassResource,
    Course,
    CourseResource,
    Demographics,
    Enrollment,
    LineItem,
    LineItemLearningObjective,
    LineItemScoreScale,
    Org,
    Record,
    Resource,
    Result,
    ResultLearningObjective,
    ResultScoreScale,
    Role,
    ScoreScale,
    User,
    UserProfile,
    UserResource,
)
from models.base import Base
from service.records.kinds import Field, camel_case, field_of, table_of

COMMON = ("sourcedId", "status", "dateLastModified")
MANIFEST = "manifest.csv"
METADATA = "metadata."  # what the name of a column of one's own starts with


@dataclass(frozen=True, eq=False)
class File:
    """One CSV file; `name` is the manifest's, without `.csv`.

    `derived` names fields of 1.2 that a file of 1.1 lacks, and for each the field that they are made from.
    """

    name: str
    model: type[Record]
    fields: tuple[Field, ...]
    derived: Mapping[str, str] = field(default_factory=dict)

    @property
    def csv_name(self) -> str:
        return f"{self.name}.csv"

    @property
    def table(self) -> Table:
        return table_of(cast("type[Base]", self.model))

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.fields)

    def field(self, name: str) -> Field:
        return next(each for each in self.fields if each.name == name)


def declare(model: type[Record], header: str) -> File:
    """`header` names the fields after the three that every file starts with, in the standard's order."""
    table = table_of(cast("type[Base]", model))
    fields = (field_of(table, name) for name in (*COMMON, *header.split()))
    return File(camel_case(table.name), model, tuple(fields))


# Each file after those that it refers to.
FILES = (
    declare(Org, "name type identifier parentSourcedId"),
    declare(AcademicSession, "title type startDate endDate parentSourcedId schoolYear"),
    declare(Course, "schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes"),
    declare(
        Class,
        "title grades courseSourcedId classCode classType location schoolSourcedId termSourcedIds subjects"
        " subjectCodes periods",
    ),
    declare(
        User,
        "enabledUser username userIds givenName familyName middleName identifier email sms phone"
        " agentSourcedIds grades password userMasterIdentifier preferredGivenName"
        " preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns",
    ),
    declare(
        UserProfile,
        "userSourcedId profileType vendorId applicationId description credentialType username password",
    ),
    declare(Role, "userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId"),
    declare(
        Demographics,
        "birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican"
        " nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces hispanicOrLatinoEthnicity"
        " countryOfBirthCode stateOfBirthAbbreviation cityOfBirth publicSchoolResidenceStatus",
    ),
    declare(Enrollment, "classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate"),
    declare(Category, "title weight"),
    declare(ScoreScale, "title type orgSourcedId courseSourcedId classSourcedId scoreScaleValue"),
    declare(
        LineItem,
        "title description assignDate dueDate classSourcedId categorySourcedId academicSessionSourcedId"
        " resultValueMin resultValueMax schoolSourcedId",
    ),
    declare(
        Result,
        "lineItemSourcedId studentSourcedId scoreStatus score scoreDate comment textScore classSourcedId"
        " inProgress incomplete late missing",
    ),
    declare(LineItemScoreScale, "title lineItemSourcedId scoreScaleSourcedId"),
    declare(ResultScoreScale, "title resultSourcedId scoreScaleSourcedId"),
    declare(LineItemLearningObjective, "lineItemSourcedId source learningObjectiveId"),
    declare(ResultLearningObjective, "resultSourcedId source learningObjectiveId score textScore"),
    declare(Resource, "vendorResourceId title roles importance vendorId applicationId"),
    declare(ClassResource, "title classSourcedId resourceSourcedId"),
    declare(CourseResource, "title courseSourcedId resourceSourcedId"),
    declare(UserResource, "userSourcedId orgSourcedId classSourcedId resourceSourcedId"),
)
FILE = {file.name: file for file in FILES}
