"""What a filter finds."""

import pytest

from tests.api.calls import GRADEBOOK, RESOURCES, ROSTERING, Caller
from tests.samples import SLASHED

ANA, SEAN, LI = "ana", "sean", "li"

USERS: list[tuple[str, list[str]]] = [
    # each operator on text
    ("givenName='Alan'", ["turing"]),
    ("givenName = 'Alan'", ["turing"]),
    ("givenName!='Alan' AND familyName='Bare'", ["bare-student", "bare-teacher"]),
    ("username!='ana' AND enabledUser='false'", ["bare-student", LI]),
    ("givenName>'Seán'", ["bare-teacher", SLASHED, LI]),
    ("givenName>='Seán'", ["bare-teacher", SEAN, SLASHED, LI]),
    ("givenName<'Ana'", ["turing"]),
    ("givenName<='Ana María'", [ANA, "turing"]),
    ("givenName~'a'", [ANA, "maria", "turing"]),
    # inside, in any case, in any alphabet; nothing in it is a pattern
    ("familyName~'NÚÑ'", [ANA, "maria"]),
    ("middleName~'élod'", [ANA, "bare-teacher"]),
    ("givenName~'小'", [LI]),
    ("email~'EXAMPLE.ORG'", [ANA, "maria", "noether", SEAN, "turing"]),
    ("email='emmy@example.org'", []),
    ("givenName~'%'", []),
    ("givenName~'_'", []),
    ("familyName~'\\'", [SLASHED]),
    # quotes, words and marks inside a value
    ("familyName='O''Brien'", [SEAN]),
    ("familyName~''''", [SEAN]),
    ("familyName='Smith, \"Jr.\" \\ AND'", [SLASHED]),
    ("familyName~') OR ('", []),
    ("givenName=''", []),
    # AND binds closer than OR; parentheses bind closest; either case
    ("givenName='Alan' OR givenName='Bob' AND familyName='x'", ["turing"]),
    ("givenName='Alan' AND familyName='x' OR givenName='Bob'", ["bare-student"]),
    ("(givenName='Alan' OR givenName='Bob') AND familyName='Bare'", ["bare-student"]),
    ("((givenName='Alan') or (givenName='Bob' and familyName='Bare'))", ["bare-student", "turing"]),
    # booleans
    ("enabledUser='false'", ["bare-student", LI]),
    ("enabledUser=false", ["bare-student", LI]),
    ("enabledUser!=true", ["bare-student", LI]),
    # references, by their sourcedId
    ("primaryOrg='lincoln'", [ANA]),
    ("primaryOrg.sourcedId='shelbyville'", [LI]),
    ("primaryOrg.sourcedId!='lincoln' AND familyName='Núñez'", ["maria"]),
    # lists: one that matches is enough, and != is that none is equal
    ("agents='maria'", [ANA, SEAN]),
    ("agents.sourcedId='maria'", [ANA, SEAN]),
    ("resources~'FIL'", [ANA]),
    ("grades='09'", [ANA, SEAN]),
    ("grades=10", [ANA, SLASHED]),
    ("grades='09' AND grades='10'", [ANA]),
    ("grades!='09' AND roles.role='student'", ["bare-student", LI, SLASHED]),
    ("grades>'09'", [ANA, SLASHED]),
    ("userIds.identifier='7'", [ANA]),
    ("userIds.type~'ldap'", [ANA]),
    ("userIds.type!='LDAP' AND grades='09'", [SEAN]),
    # objects in a list
    ("roles.role='teacher'", ["bare-teacher", "noether", "turing"]),
    ("roles.role='ext:chair'", ["noether"]),
    ("roles.org.sourcedId='shelbyville'", ["bare-teacher", LI, "maria"]),
    ("roles.beginDate>='2026-09-01'", ["maria"]),
    ("roles.endDate='2027-06-11'", [ANA]),
    ("userProfiles.vendorId='vendor'", [ANA]),
    ("role='student'", [ANA, "bare-student", LI, SEAN, SLASHED]),
    ("role='student' AND grades='10'", [ANA, SLASHED]),
    ("role!='student' AND familyName='Bare'", ["bare-teacher"]),
    # metadata
    ("metadata.bus='12'", [ANA]),
    ("metadata.bus>'2'", ["noether"]),
    ("metadata.allergies~'nuts'", []),
    ("metadata.home.city='Springfield'", []),
    # what is retired is seen by a filter that names the status or the time of change
    ("familyName='Student'", []),
    ("status='tobedeleted'", ["retired-student", "retired-teacher"]),
    ("familyName='Student' AND status!='active'", ["retired-student"]),
    ("dateLastModified>='2026-09-01T12:00:00.000Z' AND givenName='Gone'", ["retired-student", "retired-teacher"]),
    ("dateLastModified='2026-09-01T11:07:24.441Z'", ["turing"]),
    ("dateLastModified='2026-09-01T13:07:24.441999+02:00'", ["turing"]),
    ("dateLastModified>'2099-01-01' OR dateLastModified<'1999-01-01'", []),
    # sourcedIds
    (f"sourcedId='{SLASHED}'", [SLASHED]),
    ("sourcedId='ana' OR sourcedId='li'", [ANA, LI]),
]

RESULTS: list[tuple[str, list[str]]] = [
    ("score=98.5", ["hw-1-ana"]),
    ("score='98.5'", ["hw-1-ana"]),
    ("score=0.30000000000000004", ["hw-1-sean"]),
    ("score=0.3", []),
    ("score>=1.25e1", ["hw-1-ana", "hw-2-ana", "hw-2-sean", "quiz-ana"]),
    ("score<0", [f"hw-2-{SLASHED}"]),
    ("score=-1", [f"hw-2-{SLASHED}"]),
    ("score=+.125E2", ["hw-2-ana", "hw-2-sean"]),
    ("score!=12.5", ["hw-1-ana", "hw-1-sean", f"hw-1-{SLASHED}", f"hw-2-{SLASHED}", "quiz-ana"]),
    ("scoreDate='2026-10-12'", ["quiz-ana"]),
    ("scoreDate<='2026-10-02' AND late='true'", ["hw-1-sean"]),
    ("late!='true' AND scoreDate<'2026-10-02'", ["hw-1-ana"]),
    ("student.sourcedId='ana' AND class.sourcedId='algebra-1'", ["hw-1-ana", "hw-2-ana"]),
    ("class!='algebra-1'", ["quiz-ana"]),
    ("scoreScale='letters'", ["hw-1-ana"]),
    ("learningObjectiveSet.source='case'", ["hw-1-ana"]),
    ("learningObjectiveSet.score>3", ["hw-1-ana"]),
    ("comment~'“BIEN”'", ["hw-1-ana"]),
    ("comment~'100%_'", [f"hw-2-{SLASHED}"]),
    ("scoreStatus='ext:disputed'", [f"hw-2-{SLASHED}"]),
]

OTHERS: list[tuple[str, str, list[str]]] = [
    (f"{ROSTERING}/orgs", "metadata.phone='555' OR metadata.open='true'", ["shelbyville", "springfield"]),
    (f"{ROSTERING}/orgs", "metadata.n='3'", ["springfield"]),
    (f"{ROSTERING}/orgs", "metadata.homeroom.seats!='x' AND type='district'", ["springfield"]),
    (f"{ROSTERING}/orgs", "identifier='lab'", ["lab"]),
    (f"{ROSTERING}/orgs", "children='lab'", ["lincoln"]),
    (f"{ROSTERING}/schools", "parent.sourcedId='springfield' AND name~'o''h'", ["bare-school"]),
    (f"{ROSTERING}/academicSessions", "startDate<='2026-08-17' AND type='gradingPeriod'", ["q1"]),
    (f"{ROSTERING}/academicSessions", "schoolYear=2027 AND parent='2026-27'", ["bare-term", "fall", "spring"]),
    (f"{ROSTERING}/courses", "subjects~'álgebra' AND subjectCodes='x'", ["algebra"]),
    (f"{ROSTERING}/courses", "courseCode='art'", ["art"]),
    (f"{ROSTERING}/classes", "terms.sourcedId='fall'", ["algebra-1", "algebra-2"]),
    (f"{ROSTERING}/classes", "periods>'1'", ["algebra-1", "algebra-2"]),
    (f"{ROSTERING}/classes", "terms!='fall'", ["art-1", "bare-class"]),
    (f"{ROSTERING}/enrollments", "primary='true'", ["algebra-1-turing", "algebra-2-noether"]),
    (f"{ROSTERING}/enrollments", "primary!='true' AND role='student' AND school='shelbyville'", ["art-1-li"]),
    (f"{ROSTERING}/demographics", "birthDate='2012-02-29'", [SEAN]),
    (f"{ROSTERING}/demographics", "asian!='true' AND white='true'", [ANA, SEAN]),
    (f"{GRADEBOOK}/categories", "weight>=40 AND weight<59.75", ["homework", "tests"]),
    (f"{GRADEBOOK}/scoreScales", "scoreScaleValue.itemValueRHS='☺'", ["smileys"]),
    (f"{GRADEBOOK}/lineItems", "dueDate='2026-09-03T08:30:00Z' AND category='tests'", ["bare-item", "quiz"]),
    (f"{GRADEBOOK}/lineItems", "gradingPeriod='q1'", ["hw-1"]),
    (f"{GRADEBOOK}/lineItems", "gradingPeriod!='q1' AND academicSession.sourcedId='fall'", ["hw-2"]),
    (f"{GRADEBOOK}/lineItems", "learningObjectiveSet.learningObjectiveIds='urn:2'", ["hw-1"]),
    (f"{GRADEBOOK}/assessmentLineItems", "parentAssessmentLineItem='state-test'", ["state-test-reading"]),
    (f"{GRADEBOOK}/assessmentLineItems", "learningObjectiveSet.source='case'", ["state-test-reading"]),
    (f"{GRADEBOOK}/assessmentResults", "scorePercentile=64", ["state-test-ana"]),
    (f"{RESOURCES}/resources", "roles='teacher' AND importance='primary'", ["book"]),
    (f"{ROSTERING}/classes/algebra-1/students", "familyName~'ñ'", [ANA]),
    (f"{ROSTERING}/schools/lincoln/students", "status='tobedeleted'", ["retired-student"]),
]

REFUSED: list[tuple[str, str]] = [
    ("givenName", "expected one of = != > >= < <= ~ at character 10"),
    ("='x'", "expected the name of a field at character 1"),
    ("givenName='x", "cannot read the filter from character 11 on"),
    ("givenName=x", "expected a value in single quotes, or a number at character 11"),
    ('givenName="x"', "cannot read the filter from character 11 on"),
    ("givenName='a' 'b'", "expected AND, OR or the end at character 15"),
    ("givenName='a' AND", "expected the name of a field at character 18"),
    ("(givenName='a'", "expected ')' at character 15"),
    ("givenName='a')", "expected AND, OR or the end at character 14"),
    ("()", "expected the name of a field at character 2"),
    ("NOT givenName='a'", "expected one of = != > >= < <= ~ at character 5"),
    ("givenName=='a'", "expected a value in single quotes, or a number at character 11"),
    ("givenName LIKE 'a'", "expected one of = != > >= < <= ~ at character 11"),
    ("shoeSize='42'", "no field shoeSize to filter by"),
    ("givenName.x='a'", "no field givenName.x to filter by"),
    ("primaryOrg.name='a'", "no field primaryOrg.name to filter by"),
    ("roles='student'", "no field roles to filter by"),
    ("roles.shoe='x'", "no field roles.shoe to filter by"),
    ("userIds='7'", "no field userIds to filter by"),
    ("metadata='x'", "no field metadata to filter by"),
    ("userProfiles.credentials='x'", "no field userProfiles.credentials to filter by"),
    ("enabledUser='yes'", "enabledUser: this field is 'true' or 'false'"),
    ("enabledUser>'true'", "enabledUser: this field can be compared by = and != only"),
    ("dateLastModified='yesterday'", "dateLastModified: this field is a date-time, YYYY-MM-DDTHH:MM:SS.sssZ"),
    ("dateLastModified>'0001-01-01T00:00:00+23:00'", "dateLastModified: this field is a date-time"),
    ("dateLastModified~'2026'", "dateLastModified: ~ looks into text, and this field is none"),
    ("roles.beginDate='2026-02-30'", "roles.beginDate: this field is a date, YYYY-MM-DD"),
    ("givenName='a\0b'", "givenName: a value holds no NUL character"),
    ("(" * 21 + "givenName='a'" + ")" * 21, "more than 20 parentheses inside each other"),
    (" OR ".join(["givenName='a'"] * 101), "more than 100 comparisons"),
]


@pytest.mark.parametrize(("text", "expected"), USERS)
async def test_users_by_filter(text: str, expected: list[str], caller: Caller) -> None:
    answer = await caller.get(f"{ROSTERING}/users", filter=text, fields="sourcedId")

    assert answer.status == 200, answer.text
    assert sorted(answer.ids()) == sorted(expected)


@pytest.mark.parametrize(("text", "expected"), RESULTS)
async def test_results_by_filter(text: str, expected: list[str], caller: Caller) -> None:
    answer = await caller.get(f"{GRADEBOOK}/results", filter=text, fields="sourcedId")

    assert answer.status == 200, answer.text
    assert sorted(answer.ids()) == sorted(expected)


@pytest.mark.parametrize(("path", "text", "expected"), OTHERS)
async def test_others_by_filter(path: str, text: str, expected: list[str], caller: Caller) -> None:
    answer = await caller.get(path, filter=text, fields="sourcedId")

    assert answer.status == 200, answer.text
    assert answer.ids() == expected


@pytest.mark.parametrize(("text", "reason"), REFUSED)
async def test_a_filter_that_makes_no_sense_is_refused_with_the_reason(text: str, reason: str, offline: Caller) -> None:
    answer = await offline.get(f"{ROSTERING}/users", filter=text)

    assert (answer.status, answer.refusal()) == (400, "invalid_filter_field")
    assert answer.json["imsx_description"].startswith(reason)


@pytest.mark.parametrize("score", ["high", "1e999", "nan", "inf", "0x10", "1_000", "--1", ""])
async def test_a_score_is_a_number(score: str, offline: Caller) -> None:
    answer = await offline.get(f"{GRADEBOOK}/results", filter=f"score='{score}'")

    assert (answer.status, answer.json["imsx_description"]) == (400, "score: this field is a number")


async def test_a_filter_of_nothing_is_none(caller: Caller) -> None:
    everybody = await caller.get(f"{ROSTERING}/users")

    assert (await caller.get(f"{ROSTERING}/users", filter="  ")).ids() == everybody.ids()


async def test_twenty_parentheses_and_a_hundred_comparisons_are_fine(caller: Caller) -> None:
    deep = "(" * 20 + "givenName='Alan'" + ")" * 20
    long = " OR ".join(["givenName='Alan'"] * 100)

    for text in (deep, long):
        assert (await caller.get(f"{ROSTERING}/users", filter=text)).ids() == ["turing"]


async def test_an_alias_is_neither_served_nor_sorted_by(caller: Caller) -> None:
    assert (await caller.get(f"{ROSTERING}/users", fields="role")).refusal() == "invalid_selection_field"
    everybody = (await caller.get(f"{ROSTERING}/users")).ids()
    assert (await caller.get(f"{ROSTERING}/users", sort="role", orderBy="asc")).ids() == everybody
