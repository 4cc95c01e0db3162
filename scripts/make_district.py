"""Write an invented school district as a OneRoster 1.2 bulk bundle; same seed and sizes, same bytes.

Example: python -m scripts.make_district district.zip --students 1200 --schools 3 --seed 1
"""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from functools import lru_cache, partial
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple, TextIO
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

import click
from rich.console import Console
from rich.progress import Progress

from scripts import district_names as names
from scripts.district_names import District, SchoolClass, mix, pick

Row = tuple[str, ...]
Rows = Iterator[Row]
Advance = Callable[[str, int], None]
Create = Callable[[str], AbstractContextManager[TextIO]]
CHUNK = 5_000  # rows between two steps of the progress bar

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
QUARTERS = tuple(
    (session, date.fromisoformat(row[2]).toordinal(), date.fromisoformat(row[3]).toordinal())
    for session, row in SESSIONS.items()
    if row[1] == "gradingPeriod"
)
CATEGORIES = {"Homework": "20", "Quizzes": "20", "Tests": "40", "Projects": "20"}
TASKS = (  # title, category, points
    ("Homework", "Homework", 20),
    ("Test", "Tests", 100),
    ("Quiz", "Quizzes", 50),
    ("Essay", "Homework", 20),
    ("Project", "Projects", 100),
)
SCALE = "{90-100:A},{80-89.9:B},{70-79.9:C},{60-69.9:D},{0-59.9:F}"
LETTERS = tuple("FFFFFFDCBAA")  # of a score in tenths of the points
NO_LETTERS = ("",) * len(LETTERS)
TENTHS = tuple(f"{tenths / 10:.1f}" for tenths in range(1001))
OUTCOMES = (  # scoreStatus, inProgress, incomplete, late, missing
    *[("fully graded", "false", "false", "false", "false")] * 59,
    ("fully graded", "false", "false", "true", "false"),
    ("partially graded", "true", "true", "false", "false"),
    ("submitted", "true", "false", "true", "false"),
    ("exempt", "false", "false", "false", "false"),
    ("not submitted", "false", "true", "false", "true"),
)
ANY_GIVEN = names.FEMALE + names.MALE
GIVEN = {"female": names.FEMALE, "male": names.MALE, "unspecified": ANY_GIVEN, "other": ANY_GIVEN}
MASTERY = ("beginning", "approaching", "meets", "exceeds")
PRONOUNS = {0: "they/them", 1: "she/her", 2: "he/him"}  # of 64: most people's are not on record
GRADED = ("fully graded", "partially graded")
COMMENTS = ("Well argued, and neatly shown", 'See me about "x"', "Très bien !", *("",) * 61)
TRUE_RACES = ("4", "4", "4", "46", "46", "2", "2", "1", "1", "0", "3", "145")  # of six, and of one ethnicity
RACES = [["true" if str(column) in race else "false" for column in range(7)] for race in TRUE_RACES]
BIRTHPLACES = (
    *(("US", "OH", "Fairhaven"),) * 9,
    ("US", "NM", "Piñon"),
    ("MX", "", "Querétaro"),
    ("VN", "", "Huế"),
)


class Person(NamedTuple):
    """Anyone with a row in users.csv; `orgs` are where they hold `role`, the first being the primary one."""

    sourced_id: str
    number: str  # unique in the district
    given: str
    family: str
    role: str
    orgs: tuple[str, ...]
    bits: int
    agents: str = ""
    grades: str = ""

    @property
    def username(self) -> str:
        return f"{names.SPELLINGS[self.given]}.{names.SPELLINGS[self.family]}.{self.number}"


class LineItem(NamedTuple):
    """The `number`-th task of a class (from 0), worth `most` points."""

    taught: SchoolClass
    number: int
    title: str
    category: str
    most: int
    session: str
    due: int  # a date's ordinal

    @property
    def key(self) -> str:
        return f"{self.taught.key}-{self.number + 1:02}"

    @property
    def scale(self) -> str:
        """Mathematics is graded in letters, where 100 points make the scale's percents true."""
        return f"scale-{self.taught.key}" if self.taught.number == 1 and self.most == 100 else ""

    @property
    def objective(self) -> tuple[str, str] | None:
        """Source and id of what every third task is about."""
        if self.number % 3:
            return None
        grade, number = self.taught.cohort.grade, self.taught.number
        if number % 2:
            return "unknown", f"{self.taught.subject.short}-{grade:02}-{self.number + 1}"
        halves = (mix(grade, number), mix(number, self.number))
        return "case", f"urn:uuid:{UUID(int=halves[0] << 64 | halves[1], version=4)}"

    def bits(self, district: District) -> int:
        cohort, place = self.taught.cohort, self.taught.section * len(names.SUBJECTS) + self.taught.number
        return mix(mix(district.bits(names.RESULT, cohort.first), place), self.number)


def csv_file(columns: str) -> Callable[[Callable[[District], Rows]], Callable[[District], Rows]]:
    """Make a generator's rows the file of its name, under the three columns that all files begin with."""

    def register(rows: Callable[[District], Rows]) -> Callable[[District], Rows]:
        FILES[rows.__name__] = (f"sourcedId status dateLastModified {columns}".split(), rows)
        return rows

    return register


def row(sourced_id: str, *cells: str) -> Row:
    """A row of a bulk file, where status and dateLastModified must be blank."""
    return (sourced_id, "", "", *cells)


def sex(bits: int) -> str:
    share = bits % 1000
    return "female" if share < 493 else "male" if share < 986 else "unspecified" if share < 993 else "other"


def given_name(bits: int) -> str:
    return pick(GIVEN[sex(bits)], bits >> 10)


def family_name(bits: int) -> str:
    return pick(names.FAMILIES, bits >> 32)


def student_id(student: int) -> str:
    return f"student-{student + 1:07}"


def guardian_ids(district: District, family: int) -> list[str]:
    count = 1 if district.bits(names.FAMILY, family) >> 60 < 4 else 2
    return [f"guardian-{family + 1:07}-{number}" for number in range(1, count + 1)]


def staff(district: District) -> Iterator[Person]:
    offices = [("district", "district", "districtAdministrator")]
    for school in district.school_list:
        here = f"{school.number:03}"
        offices += [
            (f"principal-{here}", school.sourced_id, "principal"),
            (f"office-{here}", school.sourced_id, "siteAdministrator"),
            (f"counselor-{here}", school.sourced_id, "counselor"),
        ]
    for number, (sourced_id, org, role) in enumerate(offices):
        bits = district.bits(names.STAFF, -number)
        yield Person(sourced_id, f"o{number}", given_name(bits), family_name(bits), role, (org,), bits)


def teachers(district: District) -> Iterator[Person]:
    """One in twenty also works at the next school."""
    for sourced_id, number, school in district.teachers():
        bits = district.bits(names.STAFF, number)
        numbers = dict.fromkeys((school, school % district.schools + 1 if bits >> 40 & 31 < 2 else school))
        orgs = tuple(f"school-{each:03}" for each in numbers)
        yield Person(sourced_id, f"t{number}", given_name(bits), family_name(bits), "teacher", orgs, bits)


def guardians(district: District) -> Iterator[Person]:
    for family in range(district.families):
        children = district.children_of(family)
        orgs = tuple(dict.fromkeys(district.school_of(child).sourced_id for child in children))
        shared = district.bits(names.FAMILY, family)
        for number, sourced_id in enumerate(guardian_ids(district, family), 1):
            bits = mix(shared, number)
            surname = family_name(bits if bits & 7 == 0 else shared)
            role = "guardian" if bits >> 20 & 15 == 0 else "parent"
            agents = ",".join(map(student_id, children))
            tail = f"g{family + 1}-{number}"
            yield Person(sourced_id, tail, given_name(bits), surname, role, orgs, bits, agents)


def students(district: District) -> Iterator[Person]:
    for school in district.school_list:
        for cohort in school.cohorts():
            for student in range(cohort.first, cohort.first + cohort.size):
                family, bits = student % district.families, district.bits(names.STUDENT, student)
                yield Person(
                    student_id(student),
                    f"{student + 1}",
                    given_name(bits),
                    family_name(district.bits(names.FAMILY, family)),
                    "student",
                    (school.sourced_id,),
                    bits,
                    ",".join(guardian_ids(district, family)),
                    f"{cohort.grade:02}",
                )


def people(district: District) -> Iterator[Person]:
    return chain(staff(district), teachers(district), guardians(district), students(district))


def line_items(district: District) -> Iterator[LineItem]:
    """Each student's results spread over the six classes that are no homeroom."""
    for taught in district.classes():
        before, after = (
            district.results_per_student * number // 6 for number in (taught.number - 1, taught.number)
        )
        quarters = [quarter for quarter in QUARTERS if SESSIONS[quarter[0]][4] in taught.terms]
        for number in range(after - before if taught.number else 0):
            task = TASKS[number % len(TASKS)]
            session, begin, end = quarters[number * len(quarters) // (after - before)]
            due = begin + 14 + mix(taught.section, number) % (end - begin - 21)
            yield LineItem(taught, number, *task, session, due)


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
        *(pick(names.PREFERRED, bits >> 16) if bits >> 54 & 31 == 0 else "", "", "", person.orgs[0]),
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
            yield row(
                sourced_id, person.sourced_id, kind, person.role, begin, "", org, "" if number else profile
            )


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
    for name, subjects in names.CURRICULUM.items():
        for number, subject in enumerate(subjects[1:], 1):
            title = f"{subject.names.replace(',', ' and ')}, a workbook"
            cells = (title, "student,teacher", "primary" if number < 5 else "secondary", "example.org", "")
            yield row(f"resource-{name}{number}", f"{subject.short}-{name}", *cells)


def resource(taught: SchoolClass) -> tuple[str, str]:
    """Title and id of what a class works with."""
    return f"{taught.title} workbook", f"resource-{names.level(taught.cohort.grade)}{taught.number}"


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


@csv_file("title weight")
def categories(district: District) -> Rows:
    return (row(f"category-{title}", title, weight) for title, weight in CATEGORIES.items())


@csv_file("title type orgSourcedId courseSourcedId classSourcedId scoreScaleValue")
def scoreScales(district: District) -> Rows:
    for taught in district.classes():
        if taught.number == 1:
            where = (taught.school, taught.course, taught.sourced_id)
            yield row(f"scale-{taught.key}", "Letters", "letters", *where, SCALE)


@csv_file(
    "title description assignDate dueDate classSourcedId categorySourcedId academicSessionSourcedId"
    " resultValueMin resultValueMax schoolSourcedId"
)
def lineItems(district: District) -> Rows:
    for item in line_items(district):
        taught, due = item.taught, date.fromordinal(item.due).isoformat()
        title, assigned = f"{item.title} {item.number + 1}", date.fromordinal(item.due - 7).isoformat()
        refs = (taught.sourced_id, f"category-{item.category}", item.session)
        about = f'{title} for "{taught.title}", section {taught.section + 1}'
        yield row(
            f"item-{item.key}", title, about, assigned, due, *refs, "0.0", f"{item.most}.0", taught.school
        )


@csv_file("title lineItemSourcedId scoreScaleSourcedId")
def lineItemScoreScales(district: District) -> Rows:
    for item in line_items(district):
        if item.scale:
            yield row(f"itemscale-{item.key}", "Letters", f"item-{item.key}", item.scale)


@csv_file("lineItemSourcedId source learningObjectiveId")
def lineItemLearningObjectiveIds(district: District) -> Rows:
    for item in line_items(district):
        if item.objective:
            yield row(f"itemobjective-{item.key}", f"item-{item.key}", *item.objective)


@csv_file(
    "lineItemSourcedId studentSourcedId scoreStatus score scoreDate comment textScore classSourcedId"
    " inProgress incomplete late missing"
)
def results(district: District) -> Rows:
    for item in line_items(district):
        key, taught, most, salt = item.key, item.taught.sourced_id, item.most, item.bits(district)
        sourced_id, letters = f"item-{key}", LETTERS if item.scale else NO_LETTERS
        dates = [date.fromordinal(item.due + days).isoformat() for days in range(1, 5)]
        for place, (student, student_sourced_id) in enumerate(roster(item.taught), 1):
            bits = mix(salt, student)
            status, *flags = OUTCOMES[bits & 63]
            share = permille(student, bits) if status in GRADED else None
            yield (
                f"result-{key}-{place:02}",
                "",
                "",
                sourced_id,
                student_sourced_id,
                status,
                "" if share is None else TENTHS[share * most // 100],
                dates[bits >> 6 & 3],
                COMMENTS[bits >> 8 & 63],
                "" if share is None else letters[share // 100],
                taught,
                *flags,
            )


@lru_cache(maxsize=1)  # a class's tasks follow each other
def roster(taught: SchoolClass) -> list[tuple[int, str]]:
    return [(student, student_id(student)) for student in taught.students()]


def permille(student: int, bits: int) -> int:
    """A score from 200 to 1,000: the student's usual, and the day's; one day in sixteen is a bad one."""
    return 550 + student * 7919 % 300 + (bits >> 16) % 151 - (350 if bits >> 32 & 15 == 0 else 0)


@csv_file("title resultSourcedId scoreScaleSourcedId")
def resultScoreScales(district: District) -> Rows:
    for item in line_items(district):
        for place in range(1, len(item.taught.students()) + 1 if item.scale else 1):
            sourced_id = f"{item.key}-{place:02}"
            yield row(f"resultscale-{sourced_id}", "Letters", f"result-{sourced_id}", item.scale)


@csv_file("resultSourcedId source learningObjectiveId score textScore")
def resultLearningObjectiveIds(district: District) -> Rows:
    """For every fifth student of a class."""
    for item in line_items(district):
        objective, bits = item.objective, item.bits(district)
        for place in range(1, len(item.taught.students()) + 1 if objective else 1, 5):
            sourced_id, score = f"{item.key}-{place:02}", mix(bits, -place) & 3
            cells = (*(objective or ()), f"{score + 1}.0", MASTERY[score])
            yield row(f"resultobjective-{sourced_id}", f"result-{sourced_id}", *cells)


def manifest(district: District) -> Rows:
    yield "propertyName", "value"
    yield "manifest.version", "1.0"
    yield "oneroster.version", "1.2"
    yield from ((f"file.{name}", "bulk") for name in sorted(FILES))
    yield "source.systemName", "Homeroom make-district"
    yield "source.systemCode", f"seed-{district.seed}"


def write_rows(file: TextIO, rows: Rows, advance: Callable[[int], None]) -> None:
    while lines := list(map(line, islice(rows, CHUNK))):
        file.write("".join(lines))
        advance(len(lines))


def line(cells: Row) -> str:
    """A row with the binding's CRLF; few need quotes, and looking for the need is quicker than csv.writer."""
    plain = ",".join(cells)
    if plain.count(",") == len(cells) - 1 and '"' not in plain and "\n" not in plain:
        return plain + "\r\n"
    quoted = io.StringIO(newline="")
    csv.writer(quoted).writerow(cells)
    return quoted.getvalue()


@contextmanager
def zip_of_files(path: Path) -> Iterator[Create]:
    """A half-written zip never bears the name that was asked for."""
    part = path.with_name(f"{path.name}.part")
    try:
        with ZipFile(part, "w", ZIP_DEFLATED, compresslevel=1) as bundle:
            # open() dates every entry 1980-01-01, where writestr() would take the clock
            yield lambda name: io.TextIOWrapper(bundle.open(name, "w", force_zip64=True), "utf-8", newline="")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def folder_of_files(path: Path) -> Iterator[Create]:
    path.mkdir(exist_ok=True)
    yield lambda name: (path / name).open("w", encoding="utf-8", newline="")


def is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def write_district(  # noqa: PLR0913 - six knobs, five of them with a default
    path: Path,
    *,
    students: int = 1200,
    schools: int = 3,
    seed: int = 1,
    results_per_student: int = 20,
    progress: Advance | None = None,
) -> None:
    """A zip if the path ends in .zip, else a folder; replaces those files of the bundle that are there.

    `progress` hears of a file's name and how many more of its rows are written. Raises ValueError for sizes
    that no district has (`District`) and OSError where nothing can be written.
    """
    district = District(students, schools, seed, results_per_student)
    advance = progress or (lambda name, count: None)
    path.parent.mkdir(parents=True, exist_ok=True)
    with (zip_of_files if is_zip(path) else folder_of_files)(path) as create:
        with create("manifest.csv") as file:
            write_rows(file, manifest(district), partial(advance, "manifest"))
        for name, (columns, rows) in FILES.items():
            with create(f"{name}.csv") as file:
                write_rows(file, chain([tuple(columns)], rows(district)), partial(advance, name))


@contextmanager
def progress_bar(rows_expected: int) -> Iterator[Advance]:
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("writing", total=rows_expected)
        yield lambda name, count: bar.update(task, description=name, advance=count)


def refuse_to_overwrite(path: Path) -> None:
    if path.is_dir() and not is_zip(path) and not any(path.iterdir()):
        return
    if path.exists():
        raise click.UsageError(f"{path} is there already: name another PATH, or replace it with --force")


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--students", default=1200, show_default=True, help="From 1 to 1,000,000.")
@click.option("--schools", default=3, show_default=True, help="From 1 to 10,000.")
@click.option("--seed", default=1, show_default=True, help="Another number, another district.")
@click.option(
    "--results-per-student", default=20, show_default=True, help="The gradebook's size; 0 for none."
)
@click.option("--force", is_flag=True, help="Replace what is at PATH.")
def make_district(path: Path, force: bool, students: int, results_per_student: int, **sizes: int) -> None:
    """Write an invented district to PATH as a OneRoster 1.2 bulk bundle.

    The bundle is a zip if PATH ends in .zip, else a folder. The same seed and sizes give the same bytes.
    """
    if not force:
        refuse_to_overwrite(path)
    try:
        with progress_bar(students * (14 + results_per_student * 6 // 5)) as advance:
            sizes |= {"students": students, "results_per_student": results_per_student}
            write_district(path, progress=advance, **sizes)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror or error}") from error
    click.echo(f"wrote {path}: {students:,} students")


if __name__ == "__main__":
    make_district()
