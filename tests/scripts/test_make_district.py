"""`homeroom make-district`: what it writes is whole, valid and the same every time."""

import csv
import io
import re
from collections import Counter
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner

from scripts.make_district import make_district, write_district

Bundle = dict[str, list[dict[str, str]]]

HEADERS = {  # of the CSV binding, after sourcedId, status and dateLastModified
    "academicSessions": "title type startDate endDate parentSourcedId schoolYear",
    "categories": "title weight",
    "classes": "title grades courseSourcedId classCode classType location schoolSourcedId termSourcedIds"
    " subjects subjectCodes periods",
    "classResources": "title classSourcedId resourceSourcedId",
    "courses": "schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes",
    "courseResources": "title courseSourcedId resourceSourcedId",
    "demographics": "birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican"
    " nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces hispanicOrLatinoEthnicity"
    " countryOfBirthCode stateOfBirthAbbreviation cityOfBirth publicSchoolResidenceStatus",
    "enrollments": "classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate",
    "lineItemLearningObjectiveIds": "lineItemSourcedId source learningObjectiveId",
    "lineItems": "title description assignDate dueDate classSourcedId categorySourcedId"
    " academicSessionSourcedId resultValueMin resultValueMax schoolSourcedId",
    "lineItemScoreScales": "title lineItemSourcedId scoreScaleSourcedId",
    "orgs": "name type identifier parentSourcedId",
    "resources": "vendorResourceId title roles importance vendorId applicationId",
    "resultLearningObjectiveIds": "resultSourcedId source learningObjectiveId score textScore",
    "results": "lineItemSourcedId studentSourcedId scoreStatus score scoreDate comment textScore"
    " classSourcedId inProgress incomplete late missing",
    "resultScoreScales": "title resultSourcedId scoreScaleSourcedId",
    "roles": "userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId",
    "scoreScales": "title type orgSourcedId courseSourcedId classSourcedId scoreScaleValue",
    "userProfiles": "userSourcedId profileType vendorId applicationId description credentialType username password",
    "userResources": "userSourcedId orgSourcedId classSourcedId resourceSourcedId",
    "users": "enabledUser username userIds givenName familyName middleName identifier email sms phone"
    " agentSourcedIds grades password userMasterIdentifier preferredGivenName preferredMiddleName"
    " preferredFamilyName primaryOrgSourcedId pronouns",
}
TARGETS = {  # the file that a column's ids are rows of
    "parentSourcedId": "",
    "courseSourcedId": "courses",
    "classSourcedId": "classes",
    "schoolSourcedId": "orgs",
    "orgSourcedId": "orgs",
    "primaryOrgSourcedId": "orgs",
    "termSourcedIds": "academicSessions",
    "schoolYearSourcedId": "academicSessions",
    "academicSessionSourcedId": "academicSessions",
    "categorySourcedId": "categories",
    "lineItemSourcedId": "lineItems",
    "resourceSourcedId": "resources",
    "resultSourcedId": "results",
    "scoreScaleSourcedId": "scoreScales",
    "agentSourcedIds": "users",
    "studentSourcedId": "users",
    "userSourcedId": "users",
    "userProfileSourcedId": "userProfiles",
}
SIZES = [(1200, 3), (50, 1), (1, 1), (3, 3), (400, 11), (700, 2)]


def read(path: Path) -> Bundle:
    with ZipFile(path) as bundle:
        texts = {name.removesuffix(".csv"): bundle.read(name).decode() for name in bundle.namelist()}
    return {name: list(csv.DictReader(io.StringIO(text, newline=""))) for name, text in texts.items()}


@pytest.fixture(scope="module", params=SIZES, ids=lambda sizes: "{}-in-{}".format(*sizes))
def district(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    path = tmp_path_factory.mktemp("district") / "district.zip"
    write_district(path, students=request.param[0], schools=request.param[1], seed=7)
    return {**read(path), "asked": [dict(zip(("students", "schools"), map(str, request.param), strict=True))]}


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    write_district(path := tmp_path_factory.mktemp("district") / "district.zip", seed=7)
    return read(path)


def ids(cell: str) -> list[str]:
    return cell.split(",") if cell else []


def test_every_reference_resolves(district: Bundle) -> None:
    known = {name: {row.get("sourcedId", "") for row in rows} for name, rows in district.items()}

    for name in HEADERS:
        for column in [column for column in HEADERS[name].split() if column in TARGETS]:
            used = {sourced_id for row in district[name] for sourced_id in ids(row[column])}
            assert used <= known[TARGETS[column] or name], f"{name}.{column}"


def test_every_row_has_its_own_valid_id_and_no_status(district: Bundle) -> None:
    for name in HEADERS:
        rows = district[name]
        assert len({row["sourcedId"] for row in rows}) == len(rows), name
        assert all(re.fullmatch(r"[0-9A-Za-z.\-_/@]{1,255}", row["sourcedId"]) for row in rows), name
        assert {(row["status"], row["dateLastModified"]) for row in rows} <= {("", "")}, name


def test_it_has_the_students_and_schools_that_were_asked_for(district: Bundle) -> None:
    students = [role for role in district["roles"] if role["role"] == "student"]
    schools = [org for org in district["orgs"] if org["type"] == "school"]

    assert [{"students": str(len(students)), "schools": str(len(schools))}] == district["asked"]
    assert len(district["demographics"]) == len(students)


def test_every_student_has_seven_classes_and_twenty_results(district: Bundle) -> None:
    seats = [row["userSourcedId"] for row in district["enrollments"] if row["role"] == "student"]
    scored = [row["studentSourcedId"] for row in district["results"]]
    students = {row["sourcedId"] for row in district["demographics"]}

    assert len(seats) == len(students) * 7
    assert len(scored) == len(students) * 20
    assert set(seats) == set(scored) == students


def test_an_enrollment_is_at_the_school_of_its_class(district: Bundle) -> None:
    schools = {row["sourcedId"] for row in district["orgs"] if row["type"] == "school"}
    school_of = {row["sourcedId"]: row["schoolSourcedId"] for row in district["classes"]}

    assert set(school_of.values()) <= schools
    assert all(row["schoolSourcedId"] == school_of[row["classSourcedId"]] for row in district["enrollments"])


def test_nobody_is_due_in_two_classes_at_once(district: Bundle) -> None:
    period_of = {row["sourcedId"]: row["periods"] for row in district["classes"]}
    due = [(row["userSourcedId"], period_of[row["classSourcedId"]]) for row in district["enrollments"]]

    assert len(set(due)) == len(due)


def test_results_are_of_students_in_the_class(district: Bundle) -> None:
    seats = {(row["classSourcedId"], row["userSourcedId"]) for row in district["enrollments"]}
    class_of = {row["sourcedId"]: row["classSourcedId"] for row in district["lineItems"]}

    for row in district["results"]:
        assert (row["classSourcedId"], row["studentSourcedId"]) in seats
        assert class_of[row["lineItemSourcedId"]] == row["classSourcedId"]


def test_scores_are_within_their_line_item(district: Bundle) -> None:
    most = {row["sourcedId"]: float(row["resultValueMax"]) for row in district["lineItems"]}

    for row in district["results"]:
        assert (row["score"] != "") == row["scoreStatus"].endswith("graded")
        assert 0 <= float(row["score"] or 0) <= most[row["lineItemSourcedId"]]


def test_guardians_and_children_name_each_other(district: Bundle) -> None:
    named = {(row["sourcedId"], agent) for row in district["users"] for agent in ids(row["agentSourcedIds"])}

    assert named
    assert named == {(agent, user) for user, agent in named}


def test_everyone_has_one_primary_role(district: Bundle) -> None:
    primary = [row["userSourcedId"] for row in district["roles"] if row["roleType"] == "primary"]

    assert sorted(primary) == sorted(row["sourcedId"] for row in district["users"])


def test_nobody_has_a_password_and_usernames_are_unique(district: Bundle) -> None:
    assert {row["password"] for row in district["users"] + district["userProfiles"]} == {""}
    assert len({row["username"] for row in district["users"]}) == len(district["users"])
    assert all(row["email"].isascii() and row["email"].endswith("@example.org") for row in district["users"])


def test_headers_and_manifest_are_the_standard_s(tmp_path: Path) -> None:
    write_district(tmp_path / "bundle", students=30, schools=1)

    manifest = (tmp_path / "bundle/manifest.csv").read_bytes().decode().split("\r\n")
    assert {path.stem for path in (tmp_path / "bundle").iterdir()} == {"manifest", *HEADERS}
    assert {f"file.{name},bulk" for name in HEADERS} < set(manifest)
    assert manifest[:3] == ["propertyName,value", "manifest.version,1.0", "oneroster.version,1.2"]
    for name, columns in HEADERS.items():
        first = (tmp_path / "bundle" / f"{name}.csv").read_bytes().split(b"\r\n")[0].decode()
        assert first.split(",") == ["sourcedId", "status", "dateLastModified", *columns.split()]


def test_names_try_what_csv_and_unicode_make_hard(usual: Bundle) -> None:
    families = {row["familyName"] for row in usual["users"]}

    assert {"O'Brien", "Núñez, Jr.", 'Bell "Red Sky"', "Smith-Jones"} <= families


def test_classes_and_work_loads_are_ordinary(usual: Bundle) -> None:
    teachers = [row for row in usual["roles"] if (row["role"], row["roleType"]) == ("teacher", "primary")]
    sexes = [row["sex"] for row in usual["demographics"]]

    assert 20 <= 8400 / len(usual["classes"]) <= 26
    assert 4 <= len(usual["classes"]) / len(teachers) <= 6
    assert 0 < sum(sex not in ("male", "female") for sex in sexes) < 0.02 * len(sexes)


def test_lists_of_subjects_are_as_long_as_those_of_their_codes(usual: Bundle) -> None:
    for row in usual["classes"] + usual["courses"]:
        assert len(ids(row["subjects"])) == len(ids(row["subjectCodes"])) > 0


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, name: str) -> None:
    for place, seed in (("first", 1), ("second", 1), ("other", 2)):
        write_district(tmp_path / place / name, students=60, schools=2, seed=seed)

    assert contents(tmp_path / "first") == contents(tmp_path / "second")
    assert contents(tmp_path / "first") != contents(tmp_path / "other")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_zip_does_not_tell_when_it_was_made(tmp_path: Path) -> None:
    write_district(tmp_path / "a.zip", students=1, schools=1)

    with ZipFile(tmp_path / "a.zip") as bundle:
        assert {entry.date_time for entry in bundle.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_a_district_may_have_no_gradebook(tmp_path: Path) -> None:
    write_district(tmp_path / "a.zip", students=30, schools=1, results_per_student=0)

    assert read(tmp_path / "a.zip")["results"] == read(tmp_path / "a.zip")["lineItems"] == []


def test_progress_counts_every_row(tmp_path: Path) -> None:
    counts: Counter[str] = Counter()

    write_district(tmp_path / "a.zip", students=30, progress=lambda name, more: counts.update({name: more}))

    assert counts == {name: len(rows) + 1 for name, rows in read(tmp_path / "a.zip").items()}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("--students 0", "students must be from 1 to 1,000,000"),
        ("--students 1000001", "students must be from 1 to 1,000,000"),
        ("--students many", "not a valid integer"),
        ("--schools 0", "schools must be from 1 to 10,000"),
        ("--schools 5 --students 4", "fewer schools or more students"),
        ("--results-per-student -1", "results per student must be from 0"),
    ],
)
def test_sizes_that_no_district_has_are_refused(tmp_path: Path, options: str, reason: str) -> None:
    result = CliRunner().invoke(make_district, [str(tmp_path / "a.zip"), *options.split()])

    assert result.exit_code == 2
    assert reason in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["full", "old.zip", "file.txt"])
def test_what_is_there_is_kept_unless_forced(tmp_path: Path, name: str) -> None:
    (tmp_path / "full").mkdir()
    for file in ("full/notes.txt", "old.zip", "file.txt"):
        (tmp_path / file).write_text("mine")

    result = CliRunner().invoke(make_district, [str(tmp_path / name)])

    assert (result.exit_code, "--force" in result.output) == (2, True)
    assert set(contents(tmp_path).values()) == {b"mine"}


@pytest.mark.parametrize("name", ["full --force", "old.zip --force", "new.zip", "empty", "new/er/folder"])
def test_force_replaces_and_new_places_need_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "full/orgs.csv").write_text("old")
    (tmp_path / "old.zip").write_text("old")
    place, *force = name.split()
    path = tmp_path / place

    result = CliRunner().invoke(make_district, [str(path), "--students=5", "--schools=1", *force])

    assert result.exit_code == 0, result.output
    assert read(path)["orgs"] if path.suffix else (path / "orgs.csv").read_text() != "old"


@pytest.mark.parametrize("name", ["file.txt/a.zip", "file.txt/folder"])
def test_a_place_that_cannot_be_written_is_an_error_without_a_traceback(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").write_text("mine")

    result = CliRunner().invoke(make_district, [str(tmp_path / name)])

    assert (result.exit_code, "cannot write" in result.output) == (1, True)
    assert isinstance(result.exception, SystemExit)
