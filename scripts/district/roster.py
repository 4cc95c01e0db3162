"""The rows of an invented district: organisations, classes, people and resources.

`FILES` has every file of the bundle once district_gradebook is imported too.
"""

from collections.abc import Callable, Iterator
from datetime import date

from scripts.district.names import CURRICULUM, PREFERRED, pick
from scripts.district.people import ANY_GIVEN, Person, people, sex, student_id, students, teachers
from scripts.district.plan import District, SchoolClass, level

Row = tuple[str, ...]
Rows = Iterator[Row]

FILES: dict[str, tuple[list[str], Callable[[District], Rows]]] = {}
SESSIONS = {
    "2027": ("School Year 2026-2027", "schoolYear", "2026-08-17", "2027-06-11", "", "2027"),
    "2027-t1": ("Fall Term", "term", "2026-08-17", "2027-01-15", "2027", "2027"),
    "2027-t2": ("Spring Term", "term", "2027-01-19", "2027-06-11", "2027", "2027"),
    "2027-g1": ("Quarter 1", "gradingPeriod", "2026-08-17", "2026-10-16", "2027-t1", "2027"),
    "2027-g2": ("Quarter 2", "gradingPeriod", "2026-10-19", "2027-01-15", "2027-t1", "2027"),
    "2027-g3": ("Quarter 3", "gradingPeriod", "2027-01-19", "2027-03-26", "2027-t2", "2027"),
    "2027-g4": ("Quarter 4", "gradingPeriod", "2027-03-29", "2027-06-11", "2027-t2", "2027"),
}
PRONOUNS = {0: "they/them", 1: "she/her", 2: "he/him"}  # of 64: most people's are not on record
TRUE_RACES = ("4", "4", "4", "46", "46", "2", "2", "1", "1", "0", "3", "145")  # of six, and of one ethnicity
RACES = [["true" if str(column) in race else "false" for column in range(7)] for race in TRUE_RACES]
BIRTHPLACES = (
    *(("US", "OH", "Fairhaven"),) * 9,
    ("US", "NM", "Piñon"),
    ("MX", "", "Querétaro"),
    ("VN", "", "Huế"),
)


def csv_file(columns: str) -> Callable[[Callable[[District], Rows]], Callable[[District], Rows]]:
    """Make a generator's rows the file of its name, under the three columns that all files begin with."""

    def register(rows: Callable[[District], Rows]) -> Callable[[District], Rows]:
        FILES[rows.__name__] = (f"sourcedId status dateLastModified {columns}".split(), rows)
        return rows

    return register


def row(sourced_id: str, *cells: str) -> Row:
    """A row of a bulk file, where status and dateLastModified must be blank."""
    return (sourced_id, "", "", *cells)


@csv_file("name type identifier parentSourcedId")
def orgs(district: District) -> Rows:
    yield row("district", "Fairhaven Unified School District", "district", "D-1", "")
    yield row("teaching", "Teaching and Learning", "department", "D-1-T", "district")
    yield row("services", "Student & Family Services", "department", "D-1-S", "district")
    for school in district.school_list:
        yield row(school.sourced_id, school.name, "school", f"S-{school.number:03}", "district")


@csv_file("title type startDate endDate parentSourcedId schoolYear")
def academicSessions(district: District) -> Rows:
    return (row(session, *cells) for session, cells in SESSIONS.items())


@csv_file("schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes")
def courses(district: District) -> Rows:
    for taught in district.classes():
        if taught.section == 0:
            grade, subject = f"{taught.cohort.grade:02}", taught.subject
            code, school = f"{subject.short}-{grade}", f"school-{taught.cohort.school:03}"
            yield row(taught.course, "2027", taught.title, code, grade, school, subject.names, subject.codes)


@csv_file(
    "title grades courseSourcedId classCode classType location schoolSourcedId termSourcedIds"
    " subjects subjectCodes periods"
)
def classes(district: District) -> Rows:
    for taught in district.classes():
        grade, subject, section = f"{taught.cohort.grade:02}", taught.subject, taught.section + 1
        yield row(
            taught.sourced_id,
            f"{taught.title} - {section}",
            grade,
            taught.course,
            f"{subject.short}-{grade}-{section}",
            "scheduled" if taught.number else "homeroom",
            f"Room {taught.teacher.partition('-')[2]}",
            taught.school,
            ",".join(taught.terms),
            subject.names,
            subject.codes,
            str(taught.period),
        )


@csv_file("classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate")
def enrollments(district: District) -> Rows:
    for taught in district.classes():
        key, where = taught.key, (taught.sourced_id, taught.school)
        dates = (SESSIONS[taught.terms[0]][2], SESSIONS[taught.terms[-1]][3])
        yield (f"enrollment-{key}-00", "", "", *where, taught.teacher, "teacher", "true", *dates)
        for place, student in enumerate(taught.students(), 1):
            sourced_id = f"enrollment-{key}-{place:02}"
            yield (sourced_id, "", "", *where, student_id(student), "student", "false", *dates)


@csv_file(
    "enabledUser username userIds givenName familyName middleName identifier email sms phone agentSourcedIds"
    " grades password userMasterIdentifier preferredGivenName preferredMiddleName preferredFamilyName"
    " primaryOrgSourcedId pronouns"
)
def users(district: District) -> Rows:
    return map(user_row, people(district))


def user_row(person: Person) -> Row:
    username, bits = person.username, person.bits
    phone, mobile = f"555-01{bits // 7 % 100:02}", f"555-01{bits // 11 % 100:02}"
    ids = f"{{LDAP:{username}}}" + (f",{{SIS:{person.sourced_id}}}" if bits & 1 else "")
    return (
        *(person.sourced_id, "", "", "true", username, ids, person.given, person.family),
        pick(ANY_GIVEN, bits >> 24) if bits >> 50 & 3 == 0 else "",
        *(person.sourced_id.upper(), f"{username}@example.org", mobile if bits >> 52 & 1 else "", phone),
        *(person.agents, person.grades, "", f"ED-{person.number}"),
        *(pick(PREFERRED, bits >> 16) if bits >> 54 & 31 == 0 else "", "", "", person.orgs[0]),
        PRONOUNS.get(bits >> 56 & 63, ""),
    )


@csv_file("userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId")
def roles(district: District) -> Rows:
    for person in people(district):
        begin, profile = (
            SESSIONS["2027"][2],
            f"profile-{person.sourced_id}" if person.role == "teacher" else "",
        )
        for number, org in enumerate(person.orgs):
            sourced_id, kind = f"role-{person.sourced_id}-{number}", "secondary" if number else "primary"
            yield row(sourced_id, person.sourced_id, kind, person.role, begin, "", org, "" if number else profile)


@csv_file("userSourcedId profileType vendorId applicationId description credentialType username password")
def userProfiles(district: District) -> Rows:
    for person in teachers(district):
        sourced_id, about = person.sourced_id, f"Learning platform of {person.given} {person.family}"
        cells = ("LMS", "example.org", "classroom", about, "single sign-on", person.username, "")
        yield row(f"profile-{sourced_id}", sourced_id, *cells)


@csv_file(
    "birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican"
    " nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces hispanicOrLatinoEthnicity"
    " countryOfBirthCode stateOfBirthAbbreviation cityOfBirth publicSchoolResidenceStatus"
)
def demographics(district: District) -> Rows:
    for person in students(district):
        bits = person.bits
        birth = date.fromordinal(date(2020 - int(person.grades), 9, 1).toordinal() - bits // 3 % 365)
        races, place = RACES[bits // 5 % len(RACES)], BIRTHPLACES[bits // 13 % len(BIRTHPLACES)]
        yield row(person.sourced_id, birth.isoformat(), sex(bits), *races, *place, "01652")


@csv_file("vendorResourceId title roles importance vendorId applicationId")
def resources(district: District) -> Rows:
    for name, subjects in CURRICULUM.items():
        for number, subject in enumerate(subjects[1:], 1):
            title = f"{subject.names.replace(',', ' and ')}, a workbook"
            cells = (title, "student,teacher", "primary" if number < 5 else "secondary", "example.org", "")
            yield row(f"resource-{name}{number}", f"{subject.short}-{name}", *cells)


def resource(taught: SchoolClass) -> tuple[str, str]:
    """Title and id of what a class works with."""
    return f"{taught.title} workbook", f"resource-{level(taught.cohort.grade)}{taught.number}"


@csv_file("title courseSourcedId resourceSourcedId")
def courseResources(district: District) -> Rows:
    for taught in district.classes():
        if taught.number and taught.section == 0:
            title, sourced_id = resource(taught)
            yield row(f"courseresource-{taught.key}", title, taught.course, sourced_id)


@csv_file("title classSourcedId resourceSourcedId")
def classResources(district: District) -> Rows:
    for taught in district.classes():
        if taught.number in (1, 4):
            title, sourced_id = resource(taught)
            yield row(f"classresource-{taught.key}", title, taught.sourced_id, sourced_id)


@csv_file("userSourcedId orgSourcedId classSourcedId resourceSourcedId")
def userResources(district: District) -> Rows:
    for taught in district.classes():
        if taught.number == 1:
            where = (taught.school, taught.sourced_id, resource(taught)[1])
            yield row(f"userresource-{taught.key}", taught.teacher, *where)
