"""Names of files and columns that are not the standard's: what is read all the same, and what is not."""

from pathlib import Path

import pytest

from models import Demographics, LineItem, Org, Role, User
from models.database import Database
from service.bundles.column_names import recognise
from service.bundles.files import FILE
from service.records.rules import Rule
from tests.bundles.conftest import Command
from tests.bundles.making import TakeIn, contents, found, lines, springfield, write_folder, write_zip
from tests.bundles.test_reading import failed
from tests.bundles.test_v1p1 import USER

ORGS = {"orgs": springfield()["orgs"]}
HEADER = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"


def orgs(header: str, *rows: str) -> dict[str, str]:
    return contents({"orgs": "\r\n".join([header, *rows, ""])})


@pytest.mark.parametrize(
    "header",
    [
        HEADER.upper(),
        HEADER.replace("parentSourcedId", "parent_sourced_id"),
        HEADER.replace("parentSourcedId", "Parent Sourced Id"),
        HEADER.replace("identifier", " identifer "),
        HEADER.replace("identifier", "idnetifier"),
    ],
)
async def test_a_name_with_one_meaning_is_read_as_that_column(take_in: TakeIn, database: Database, header: str) -> None:
    texts = orgs(header, "district,,,D,district,1,", "school,,,S,school,2,district")

    report = await take_in(texts)

    assert {*found(report)} == {"column-spelling"}
    async with database.read_session() as session:
        school = await session.get_one(Org, "school")
    assert (school.name, school.identifier, school.parent_sourced_id) == ("S", "2", "district")
    assert not (await take_in(texts, strict=True)).loaded


@pytest.mark.parametrize(
    ("cells", "doubtful"),
    [
        (["resultValueM"], ["resultValueMin", "resultValueMax"]),  # it could be two columns
        (["Title", "TITLE"], ["title"]),  # two could be it
        (["titles2"], []),  # a digit is no typo
        (["sort"], []),
    ],
)
def test_a_name_with_two_meanings_is_not_read(cells: list[str], doubtful: list[str]) -> None:
    names = recognise(FILE["lineItems"], cells, ["sourcedId"], strict=False)

    assert names.read == {}
    assert {column for columns in names.doubtful.values() for column in columns} == {*doubtful}


async def test_an_error_names_all_that_may_be_meant(take_in: TakeIn) -> None:
    files = springfield()
    sheet = files["lineItems"][0]
    sheet["resultValueM"] = sheet.pop("resultValueMax")
    texts = contents(files)
    texts["lineItems.csv"] = (
        texts["lineItems.csv"].replace("resultValueMin,resultValueMax,", "", 1).replace(",,10", ",10")
    )

    report = await take_in(texts)

    hints = {issue.hint for issue in report.samples[Rule.COLUMN_NAME]}
    assert hints == {"did you mean resultValueMin or resultValueMax?"} or hints == {
        "did you mean resultValueMax or resultValueMin?"
    }


async def test_a_column_that_is_there_is_not_taken_by_another(take_in: TakeIn, database: Database) -> None:
    await take_in(orgs(f"{HEADER},Name", "a,,,right,school,1,,wrong"))

    async with database.read_session() as session:
        assert (await session.get_one(Org, "a")).name == "right"


async def test_names_that_other_systems_use_are_known(take_in: TakeIn, database: Database) -> None:
    files = springfield()
    texts = contents(files)
    for name, old, new in [
        ("demographics", "sourcedId", "userSourcedId"),
        ("demographics", "birthDate", "birthdate"),
        ("classes", "grades", "grade"),
        ("classes", "termSourcedIds", "termSourcedId"),
        ("users", "userIds", "userId"),
        ("users", "agentSourcedIds", "agents"),
        ("users", "preferredGivenName", "prefferedGivenName"),
        ("lineItems", "academicSessionSourcedId", "gradingPeriodSourcedId"),
    ]:
        texts[f"{name}.csv"] = texts[f"{name}.csv"].replace(old, new, 1)

    report = await take_in(texts)

    assert found(report) == {"column-spelling": 4, "column-alias": 4}
    async with database.read_session() as session:
        assert str((await session.get_one(Demographics, "zoe")).birth_date) == "2012-01-31"
        assert (await session.get_one(LineItem, "sheet")).academic_session_sourced_id == "fall"
    assert not (await take_in(texts, strict=True)).loaded


async def test_the_one_id_that_a_user_had_is_read_as_a_list(take_in: TakeIn, database: Database) -> None:
    header = "sourcedId,enabledUser,orgSourcedId,role,userId,givenName,familyName"
    texts = contents({**ORGS, "users": f"{header}\nzoe,true,school,student,z7,Z,O\n"}, "1.1")

    report = await take_in(texts)

    assert report.loaded
    assert {(issue.field, issue.hint) for issue in report.samples[Rule.COLUMN_SPELLING]} == {
        ("orgSourcedId", "read as orgSourcedIds"),
        ("userId", "read as userIds"),
    }
    async with database.read_session() as session:
        assert (await session.get_one(User, "zoe")).user_ids == [{"type": "userId", "identifier": "z7"}]


async def test_a_cell_is_told_by_both_names_of_its_column(take_in: TakeIn) -> None:
    texts = contents(springfield())
    texts["demographics.csv"] = (
        texts["demographics.csv"].replace("birthDate", "birthdate").replace("2012-01-31", "soon")
    )

    assert lines(await take_in(texts), Rule.DATE) == [("demographics.csv", 2, "birthdate (birthDate)", "soon")]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (f"{HEADER},,", "a,,,A,school,1,,,"),
        (f"{HEADER},,", "a,,,A,school,1,"),
        (f"{HEADER}, ,", "a,,,A,school,1,,x,"),
    ],
)
async def test_blank_names_at_the_end_are_no_columns(take_in: TakeIn, header: str, row: str) -> None:
    report = await take_in(orgs(header, row))

    assert (report.loaded, found(report)) == (True, {"column-blank": 1})
    assert not (await take_in(orgs(header, row[:-2]), strict=True)).loaded


async def test_commas_at_the_end_of_all_rows_do_not_matter(take_in: TakeIn) -> None:
    texts = orgs(HEADER, "a,,,A,school,1,,,", "b,,,B,school,1,,,")

    assert found(await take_in(texts)) == {"cells-blank": 2}
    assert found(await take_in(texts, strict=True)) == {"cell-count": 2}


async def test_single_rows_may_end_in_more_commas_than_others(take_in: TakeIn) -> None:
    report = await take_in(orgs(HEADER, "a,,,A,school,1,,", "b,,,B,school,1,", "c,,,C,school,1,,,,"))

    assert found(report) == {"cells-blank": 2}
    assert report.counts["orgs"].created == 3


@pytest.mark.parametrize("row", ["a,,,A, Ltd,school,1,", "a,,,A,school,1,,x"])
async def test_a_row_in_which_a_comma_is_too_many_is_refused(take_in: TakeIn, row: str) -> None:
    """The one in the middle makes a word of what is none."""
    report = await take_in(orgs(HEADER, row))

    assert not report.loaded
    assert report.counts["orgs"].refused == 1


async def test_files_in_other_capitals_are_read(take_in: TakeIn, database: Database) -> None:
    texts = contents(ORGS)
    shouted = {name.upper(): text for name, text in texts.items()}

    report = await take_in(shouted)

    assert found(report) == {"file-case": 2}
    assert lines(report, Rule.FILE_CASE)[1][0] == "ORGS.CSV"
    assert report.counts["orgs"].created == 2
    refused = await take_in(shouted, strict=True)
    assert found(refused) == {"manifest-missing": 1, "file-name": 2}


async def test_a_manifest_may_be_in_other_capitals(take_in: TakeIn) -> None:
    texts = contents(ORGS)
    texts["manifest.csv"] = (
        texts["manifest.csv"].replace("file.orgs", "file.Orgs").replace("oneroster.v", "OneRoster.v")
    )

    report = await take_in(texts)

    assert found(report) == {"manifest-value": 2}
    assert found(await take_in(texts, strict=True)) == {"version": 1, "manifest-incomplete": 1}


async def test_of_two_files_that_differ_in_capitals_none_is_read(take_in: TakeIn) -> None:
    texts = contents(ORGS)
    texts["Orgs.csv"] = texts["ORGS.csv"] = texts.pop("orgs.csv")

    report = await take_in(texts)

    assert found(report) == {"file-absent": 1, "file-name": 2}


async def test_a_manifest_without_a_version_leaves_it_to_the_columns(take_in: TakeIn, database: Database) -> None:
    texts = contents({**ORGS, "users": [{**USER, "sourcedId": "zoe"}]}, "1.1")
    texts["manifest.csv"] = "propertyName,value\r\nsource.systemName,x\r\n"

    report = await take_in(texts)

    assert found(report) == {"version-missing": 1, "manifest-incomplete": 2}
    async with database.read_session() as session:
        assert (await session.get_one(User, "zoe")).primary_org_sourced_id == "school"
    assert "version" in found(await take_in(texts, strict=True))


async def test_a_blank_mode_of_a_file_that_is_not_there_is_none(take_in: TakeIn) -> None:
    texts = contents(ORGS, users="")

    assert found(await take_in(texts)) == {"manifest-value": 1}
    assert found(await take_in(texts, strict=True)) == {"manifest-value": 1, "file-absent": 1}


@pytest.mark.parametrize("separator", ["/", "\\"])
def test_a_zip_may_hold_its_files_in_a_folder(command: Command, tmp_path: Path, separator: str) -> None:
    texts = {f"roster{separator}{name}": text for name, text in contents(ORGS).items()}
    path = write_zip(tmp_path / "x.zip", {"README.txt": "x", "__MACOSX/roster/._orgs.csv": "x", **texts})

    strict, lenient = command(path, "--strict"), command(path)

    assert failed(strict, 2, "must be at the top of the bundle")
    assert lenient.exit_code == 0
    assert "warning file-folder" in lenient.output
    assert lenient.output.startswith("Imported 2 rows: 2 new. There is 1 warning")


def test_a_folder_may_hold_its_files_in_a_folder(command: Command, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    write_folder(tmp_path / "x" / "roster", contents(ORGS))

    assert failed(command(tmp_path / "x", "--strict"), 2, "must be at the top of the bundle")
    assert command(tmp_path / "x").output.startswith("Imported 2 rows: 2 new. There is 1 warning")


def test_what_is_at_the_top_comes_before_what_is_in_a_folder(command: Command, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", {**contents(ORGS), "old/orgs.csv": "x"})

    result = command(path)

    assert result.exit_code == 0
    assert "warning file-unknown" in result.output
    assert "file-folder" not in result.output


async def test_a_bundle_with_the_blemishes_of_moodles_samples_loads(take_in: TakeIn, database: Database) -> None:
    """catalyst/moodle-enrol_oneroster: blank modes, blank names in the header, two r in the wrong place, TRUE."""
    files = springfield()
    del files["demographics"]
    texts = contents(files, scoreScales="bulk", userProfiles="", userResources="")
    texts["roles.csv"] = (
        "sourcedId,status,dataLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,,\r\n"
        "zoe-role,active,2025-01-01,zoe,primary,student,2024-03-06,2025-09-23,school\r\n"
        "ann-role,active,2025-01-01,ann,primary,guardian,2024-03-06,2025-09-23,school\r\n"
    )
    texts["users.csv"] = (
        texts["users.csv"].replace("preferred", "preffered").replace("zoe,,,true", "zoe,active,1/05/2023,TRUE")
    )
    texts["userprofiles.csv"] = (
        "sourcedId,status,dateLastModified,userSourcedId,profileType,vendorId,credentialType,username\r\n"
    )

    report = await take_in(texts)

    assert report.errors == 0, found(report)
    async with database.read_session() as session:
        assert (await session.get_one(Role, "ann-role")).user_sourced_id == "ann"
    assert not (await take_in(texts, strict=True)).loaded


async def test_a_bundle_with_the_blemishes_of_taos_samples_loads(take_in: TakeIn, database: Database) -> None:
    """oat-sa/oneroster-import: a manifest of two lines, names of 1.0, extensions, columns in another order."""
    texts = {
        "manifest.csv": "propertyName,value\nsource.systemName,Manual\n",
        "orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,metadata.gender,parentSourcedId,ext_x_id\n"
        "d1,,,Upper,district,i,,,\nn1,active,2017-05-06 08:01:05,North,school,i,mixed,d1,\n",
        "academicSessions.csv": "sourcedId,status,dateLastModified,title,type,startDate,endDate,schoolYear\n"
        "t1,,,Fall,term,2026-08-15,2026-12-20,2027\n",
        "courses.csv": "sourcedId,status,dateLastModified,schoolYearId,metadata.duration,title,courseCode,grade,"
        "orgSourcedId,subjects\nc1,,,t1,,Course,C,2,n1,\n",
        "classes.csv": "sourcedId,status,dateLastModified,title,grade,courseSourcedId,classCode,classType,location,"
        "schoolSourcedId,termSourcedIds,subjects,ext_x_id\n"
        "k1,active,2017-04-05,Class,2,c1,,scheduled,Hall,n1,t1,,\nk2,,,Class,,c1,,scheduled,,n1,t1,,\n",
        "users.csv": "sourcedId,enabledUser,status,dateLastModified,orgSourcedIds,role,username,userId,givenName,"
        "familyName,identifier,email,sms,phone,agents,ext_x_sso\n"
        "u1,TRUE,,,n1,student,one,abc,Uma,One,i,,,,,\nu2,TRUE,,,d1,student,two,abd,Udo,Two,i,,,,u1,\n",
        "demographics.csv": "userSourcedId,status,dateLastModified,birthdate,sex\nu1,,,2012-01-31,female\n",
        "enrollments.csv": "sourcedId,classSourcedId,schoolSourcedId,userSourcedId,role,status,primary\n"
        "e1,k1,n1,u1,student,active,\ne2,k2,n1,u1,student,,\n",
    }

    report = await take_in(texts)

    assert report.errors == 0, found(report)
    async with database.read_session() as session:
        assert (await session.get_one(User, "u1")).user_ids == [{"type": "userId", "identifier": "abc"}]
        assert (await session.get_one(Demographics, "u1")).sex == "female"
    assert not (await take_in(texts, strict=True)).loaded
