"""The invented district behind make_district.py: its schools, classes and families.

Everything is arithmetic on (seed, index), so a million students need no more memory than the list of schools.
"""

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from math import gcd
from typing import NamedTuple

from scripts.district.names import CURRICULUM, FEATURES, PLACES, Subject

MASK = (1 << 64) - 1
STUDENT, FAMILY, STAFF, RESULT = range(1, 5)  # what random bits are for
LIMITS = {"students": (1, 1_000_000), "schools": (1, 10_000), "results_per_student": (0, 1_000)}
LARGEST_CLASS = 26
SMALLEST_COHORT = 16  # a small school offers fewer grades before it teaches tiny classes
SUBJECTS = range(7)  # a student's classes; number 0 is the homeroom

ELEMENTARY, MIDDLE, HIGH = range(1, 6), range(6, 9), range(9, 13)  # grades
KINDS = {ELEMENTARY: "Elementary School", MIDDLE: "Middle School", HIGH: "High School"}
SPANS_OF_FEW = ((range(1, 13),), (ELEMENTARY, range(6, 13)))
SPANS = (ELEMENTARY, MIDDLE, HIGH, ELEMENTARY, ELEMENTARY, MIDDLE)


def mix(seed: int, index: int) -> int:
    """64 well-spread bits (splitmix64): far cheaper than seeding a random.Random for each row."""
    bits = (seed + index * 0x9E3779B97F4A7C15) & MASK
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 & MASK
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB & MASK
    return bits ^ bits >> 31


def level(grade: int) -> str:
    return "E" if grade in ELEMENTARY else "M" if grade in MIDDLE else "H"


def post(grade: int, subject: int) -> str:
    """Whose work it is; one teacher for each section holds a post, and is never due in two rooms at once.

    An elementary section has its own teacher for all but art and sport; a middle school's teachers have two
    subjects, three periods apart; a high school's one. A subject's period moves by one with each grade.
    """
    if grade in ELEMENTARY:
        return f"G{grade}" if subject < 5 else f"E{subject}"
    subject = subject or (grade - MIDDLE.start if grade in MIDDLE else grade - HIGH.start) + 1
    return f"M{(subject - 1) % 3 + 1}" if grade in MIDDLE else f"H{subject}"


def coprime(start: int, modulus: int) -> int:
    """The first number from `start` on by which steps through `modulus` places visit every one."""
    while gcd(start, modulus) != 1:
        start += 1
    return start


@dataclass(frozen=True)
class Cohort:
    """The students of one grade in one school: `size` of them, numbered from `first`."""

    school: int
    grade: int
    first: int
    size: int

    @property
    def sections(self) -> int:
        return -(-self.size // LARGEST_CLASS)

    def classes(self) -> Iterator["SchoolClass"]:
        return (SchoolClass(self, section, number) for section in range(self.sections) for number in SUBJECTS)


class SchoolClass(NamedTuple):
    """One section of a cohort in one subject."""

    cohort: Cohort
    section: int
    number: int  # of the subject

    @property
    def key(self) -> str:
        return f"{self.cohort.school:03}-{self.cohort.grade:02}-{self.section + 1:02}-{self.number}"

    @property
    def subject(self) -> Subject:
        return CURRICULUM[level(self.cohort.grade)][self.number]

    @property
    def sourced_id(self) -> str:
        return f"class-{self.key}"

    @property
    def course(self) -> str:
        return f"course-{self.cohort.school:03}-{self.cohort.grade:02}-{self.number}"

    @property
    def school(self) -> str:
        return f"school-{self.cohort.school:03}"

    @property
    def terms(self) -> tuple[str, ...]:
        """From grade 6 on, the last subject is taught in one half of the year."""
        if self.number < 6 or self.cohort.grade in ELEMENTARY:
            return ("2027-t1", "2027-t2")
        return ("2027-t2",) if self.section % 2 else ("2027-t1",)

    @property
    def title(self) -> str:
        titles = self.subject.titles
        return titles[(self.cohort.grade - HIGH.start) % len(titles)].format(self.cohort.grade)

    @property
    def period(self) -> int:
        return 2 + (self.number + self.cohort.grade) % 6 if self.number else 1

    @property
    def teacher(self) -> str:
        return f"teacher-{self.cohort.school:03}-{post(self.cohort.grade, self.number)}-{self.section + 1:02}"

    def students(self) -> list[int]:
        """Younger students stay together all day; from grade 6 on every subject shuffles its cohort anew."""
        first, size, sections = self.cohort.first, self.cohort.size, self.cohort.sections
        step = coprime(1 + 17 * self.number, size) if self.cohort.grade >= MIDDLE.start else 1
        places = range(size * self.section // sections, size * (self.section + 1) // sections)
        return [first + place * step % size for place in places]


class Teacher(NamedTuple):
    """A holder of a post; `number` is unique in the district."""

    sourced_id: str
    number: int
    school: int


@dataclass(frozen=True)
class School:
    """School `number` (from 1) of the district, with the students from `first` on."""

    number: int
    span: range
    first: int
    size: int

    @property
    def sourced_id(self) -> str:
        return f"school-{self.number:03}"

    @property
    def name(self) -> str:
        feature = FEATURES[self.number // len(PLACES) % len(FEATURES)]
        return f"{PLACES[self.number % len(PLACES)]} {feature} {KINDS.get(self.span, 'School')}"

    def cohorts(self) -> list[Cohort]:
        grades = min(len(self.span), max(1, self.size // SMALLEST_COHORT))
        bounds = [self.size * grade // grades for grade in range(grades + 1)]
        return [
            Cohort(self.number, grade, self.first + low, high - low)
            for grade, low, high in zip(self.span, bounds, bounds[1:], strict=False)
        ]

    def teachers(self) -> Iterator[str]:
        cohorts = self.cohorts()
        for section in range(max(cohort.sections for cohort in cohorts)):
            here = (cohort for cohort in cohorts if section < cohort.sections)
            classes = (SchoolClass(cohort, section, number) for cohort in here for number in SUBJECTS)
            yield from dict.fromkeys(each.teacher for each in classes)


@dataclass(frozen=True)
class District:
    """Raises ValueError for sizes that no district has."""

    students: int
    schools: int
    seed: int
    results_per_student: int

    def __post_init__(self) -> None:
        for name, (least, most) in LIMITS.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name.replace('_', ' ')} must be from {least:,} to {most:,}")
        if self.schools > self.students:
            raise ValueError("every school needs a student: ask for fewer schools or more students")

    @cached_property
    def salts(self) -> tuple[int, ...]:
        return tuple(mix(mix(self.seed, 0), kind) for kind in range(RESULT + 1))

    def bits(self, kind: int, index: int) -> int:
        return mix(self.salts[kind], index)

    @cached_property
    def school_list(self) -> tuple[School, ...]:
        spans = (SPANS_OF_FEW[self.schools - 1] if self.schools < 3 else SPANS * self.schools)[: self.schools]
        weights = [self.weight(span, spans.count(span), number) for number, span in enumerate(spans)]
        ends = list(accumulate(weights, initial=0))
        spare = self.students - self.schools  # each school has one student before its share of the others
        firsts = [number + spare * end // ends[-1] for number, end in enumerate(ends)]
        bounds = enumerate(pairwise(firsts))
        return tuple(School(i + 1, spans[i], low, high - low) for i, (low, high) in bounds)

    def weight(self, span: range, alike: int, number: int) -> int:
        """Grades are about equally large in the district, so many schools of one kind are small ones."""
        return len(span) * (85 + self.bits(STAFF, number) % 31) * 100_000 // alike

    def classes(self) -> Iterator[SchoolClass]:
        cohorts = (cohort for school in self.school_list for cohort in school.cohorts())
        return (each for cohort in cohorts for each in cohort.classes())

    def teachers(self) -> Iterator[Teacher]:
        found = ((teacher, school.number) for school in self.school_list for teacher in school.teachers())
        return (Teacher(teacher, number, school) for number, (teacher, school) in enumerate(found, 1))

    def school_of(self, student: int) -> School:
        return self.school_list[bisect(self.firsts, student) - 1]

    @cached_property
    def firsts(self) -> tuple[int, ...]:
        return tuple(school.first for school in self.school_list)

    @property
    def families(self) -> int:
        return max(1, self.students * 3 // 5)

    def children_of(self, family: int) -> range:
        """One or two students; `student % families` leads back to the family."""
        return range(family, self.students, self.families)
