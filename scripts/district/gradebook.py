"""The rows of an invented district's gradebook."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from scripts.district.people import student_id
from scripts.district.plan import RESULT, SUBJECTS, District, SchoolClass, mix
from scripts.district.roster import FILES as FILES
from scripts.district.roster import SESSIONS, Rows, csv_file, row

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
MASTERY = ("beginning", "approaching", "meets", "exceeds")
GRADED = ("fully graded", "partially graded")
COMMENTS = ("Well argued, and neatly shown", 'See me about "x"', "Très bien !", *("",) * 61)


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
        cohort, place = self.taught.cohort, self.taught.section * len(SUBJECTS) + self.taught.number
        return mix(mix(district.bits(RESULT, cohort.first), place), self.number)


def line_items(district: District) -> Iterator[LineItem]:
    """Each student's results spread over the six classes that are no homeroom."""
    for taught in district.classes():
        before, after = (district.results_per_student * number // 6 for number in (taught.number - 1, taught.number))
        quarters = [quarter for quarter in QUARTERS if SESSIONS[quarter[0]][4] in taught.terms]
        for number in range(after - before if taught.number else 0):
            task = TASKS[number % len(TASKS)]
            session, begin, end = quarters[number * len(quarters) // (after - before)]
            due = begin + 14 + mix(taught.section, number) % (end - begin - 21)
            yield LineItem(taught, number, *task, session, due)


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
        yield row(f"item-{item.key}", title, about, assigned, due, *refs, "0.0", f"{item.most}.0", taught.school)


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
