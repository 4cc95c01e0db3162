"""The people of an invented district, as users.csv and its kin need them."""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from scripts.district import names as names
from scripts.district.plan import FAMILY, STAFF, STUDENT, District, mix

ANY_GIVEN = names.FEMALE + names.MALE
GIVEN = {"female": names.FEMALE, "male": names.MALE, "unspecified": ANY_GIVEN, "other": ANY_GIVEN}


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


def sex(bits: int) -> str:
    share = bits % 1000
    return "female" if share < 493 else "male" if share < 986 else "unspecified" if share < 993 else "other"


def given_name(bits: int) -> str:
    return names.pick(GIVEN[sex(bits)], bits >> 10)


def family_name(bits: int) -> str:
    return names.pick(names.FAMILIES, bits >> 32)


def student_id(student: int) -> str:
    return f"student-{student + 1:07}"


def guardian_ids(district: District, family: int) -> list[str]:
    count = 1 if district.bits(FAMILY, family) >> 60 < 4 else 2
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
        bits = district.bits(STAFF, -number)
        yield Person(sourced_id, f"o{number}", given_name(bits), family_name(bits), role, (org,), bits)


def teachers(district: District) -> Iterator[Person]:
    """One in twenty also works at the next school."""
    for sourced_id, number, school in district.teachers():
        bits = district.bits(STAFF, number)
        numbers = dict.fromkeys((school, school % district.schools + 1 if bits >> 40 & 31 < 2 else school))
        orgs = tuple(f"school-{each:03}" for each in numbers)
        yield Person(sourced_id, f"t{number}", given_name(bits), family_name(bits), "teacher", orgs, bits)


def guardians(district: District) -> Iterator[Person]:
    for family in range(district.families):
        children = district.children_of(family)
        orgs = tuple(dict.fromkeys(district.school_of(child).sourced_id for child in children))
        shared = district.bits(FAMILY, family)
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
                family, bits = student % district.families, district.bits(STUDENT, student)
                yield Person(
                    student_id(student),
                    f"{student + 1}",
                    given_name(bits),
                    family_name(district.bits(FAMILY, family)),
                    "student",
                    (school.sourced_id,),
                    bits,
                    ",".join(guardian_ids(district, family)),
                    f"{cohort.grade:02}",
                )


def people(district: District) -> Iterator[Person]:
    return chain(staff(district), teachers(district), guardians(district), students(district))
