"""The names that other systems give to columns of the standard, as far as no typing error explains them.

The names are in lower case, without what is neither letter nor digit. A plural in the singular (`grade`, `userId`,
`termSourcedId`, `courseSourceId`) is one letter away and needs no line here.
"""

from collections.abc import Callable, Mapping

# The members of the JSON binding, 1.1 and 1.2, which programs that turn answers into files use as headers.
JSON_NAMES: Mapping[str, Mapping[str, str]] = {
    "orgs": {"parent": "parentSourcedId"},
    "academicSessions": {"parent": "parentSourcedId"},
    "courses": {"org": "orgSourcedId"},
    "classes": {"course": "courseSourcedId", "school": "schoolSourcedId", "terms": "termSourcedIds"},
    "users": {
        "orgs": "orgSourcedIds",
        "agents": "agentSourcedIds",
        "primaryorg": "primaryOrgSourcedId",
        "preferredfirstname": "preferredGivenName",
        "preferredlastname": "preferredFamilyName",
    },
    "roles": {"user": "userSourcedId", "org": "orgSourcedId", "userprofile": "userProfileSourcedId"},
    "userProfiles": {"user": "userSourcedId"},
    "enrollments": {"user": "userSourcedId", "class": "classSourcedId", "school": "schoolSourcedId"},
    "lineItems": {"class": "classSourcedId", "category": "categorySourcedId", "school": "schoolSourcedId"},
    "results": {"lineitem": "lineItemSourcedId", "student": "studentSourcedId", "class": "classSourcedId"},
}
# OneRoster 1.0, which the samples of TAO's importer (oat-sa/oneroster-import) and Ed-Fi's converter
# (EASOL/edfi-to-oneroster) still have: `agents` as above, `userSourcedId` as the key of demographics.
VERSION_1_0: Mapping[str, Mapping[str, str]] = {
    "courses": {"schoolyearid": "schoolYearSourcedId"},
    "demographics": {"usersourcedid": "sourcedId"},
}
# The samples of Moodle's enrolment plugin (catalyst/moodle-enrol_oneroster).
MOODLE: Mapping[str, Mapping[str, str]] = {
    "users": {
        "prefferedgivenname": "preferredGivenName",
        "prefferedmiddlename": "preferredMiddleName",
        "prefferedfamilyname": "preferredFamilyName",
    },
}
# The sample data of bergerb/OneRosterSampleDataGenerator.
SAMPLE_DATA: Mapping[str, Mapping[str, str]] = {
    "demographics": {"nativeamericanorotherpacificislander": "nativeHawaiianOrOtherPacificIslander"},
}
# What 1.1 calls a column of 1.2, and the members of JSON. Not the other way round: the version is guessed by it.
OTHER_VERSION: Mapping[str, Mapping[str, str]] = {
    "lineItems": {
        "gradingperiodsourcedid": "academicSessionSourcedId",
        "gradingperiod": "gradingPeriodSourcedId",
        "academicsession": "academicSessionSourcedId",
    },
}
EVERYWHERE = {"datemodified": "dateLastModified"}  # ManageBac's specification of its OneRoster files
GROUPS = (JSON_NAMES, VERSION_1_0, MOODLE, SAMPLE_DATA, OTHER_VERSION)


def alias(file_name: str, letters: str) -> str:
    """The column of the file that is known under this name, or "" for a name that nobody uses."""
    found = (group[file_name][letters] for group in GROUPS if letters in group.get(file_name, ()))
    return next(found, EVERYWHERE.get(letters, ""))


def as_pair(cell: str) -> str:
    """1.0 had one id of a user, without its kind."""
    return cell if not cell.strip() or cell.lstrip().startswith("{") else f"{{userId:{cell.strip()}}}"


# How the cells below such a name are to be read, where not only the name is another one.
CELLS: Mapping[tuple[str, str], Callable[[str], str]] = {("users", "userid"): as_pair}
