"""A mapping file, from the mistakes in it to the rows that come of it; and how one is proposed."""

import re
import tomllib
from pathlib import Path

import pytest

from models import Class, Enrollment, Role, User
from models.database import Database
from service.bundles.mapping import RosterMap, Unmapped, read_map
from service.records.rules import Rule
from tests.bundles.conftest import Command
from tests.bundles.making import TakeIn, contents, found, lines, springfield, stored, write_folder, write_zip
from tests.bundles.test_reading import failed

MAP = """\
[files]
"Schueler.csv" = "users.csv"

[users]
drop = ["Bemerkung"]

[users.columns]
Vorname = "givenName"

[users.defaults]
enabledUser = "true"

[roles.columns]
"Rolle" = "role"

[roles.values.role]
"Schüler" = "student"
Lehrer = "teacher"
"""


def german() -> dict[str, str]:
    """Springfield with a file, columns and words of its own."""
    files = springfield()
    for user in files["users"]:
        del user["enabledUser"]
        user["Bemerkung"] = "x"
    files["roles"][0]["role"] = "Schüler"
    texts = contents(files)
    users = texts.pop("users.csv").replace("givenName", "Vorname", 1).replace("enabledUser,", "", 1)
    texts["Schueler.csv"] = re.sub(r"^(zoe|ann),,,,", r"\1,,,", users, flags=re.MULTILINE)
    texts["roles.csv"] = texts["roles.csv"].replace(",role,", ",Rolle,", 1)
    return texts


@pytest.fixture
def map_file(tmp_path: Path) -> Path:
    path = tmp_path / "map.toml"
    path.write_text(MAP, encoding="utf-8")
    return path


def map_of(path: Path, text: str) -> RosterMap:
    path.write_text(text, encoding="utf-8")
    return read_map(path)


@pytest.mark.parametrize("strict", [False, True])
async def test_what_is_mapped_is_read(take_in: TakeIn, database: Database, map_file: Path, strict: bool) -> None:
    report = await take_in(german(), roster_map=read_map(map_file), strict=strict)

    assert report.errors == 0, found(report)
    assert Rule.COLUMN_UNKNOWN not in report.found
    async with database.read_session() as session:
        zoe = await session.get_one(User, "zoe")
        assert (zoe.given_name, zoe.enabled_user) == ("Zoë", True)
        assert (await session.get_one(Role, "zoe-role")).role == "student"


async def test_without_the_map_it_is_refused(take_in: TakeIn) -> None:
    assert not (await take_in(german())).loaded


async def test_a_report_names_files_and_columns_as_they_are(take_in: TakeIn, map_file: Path) -> None:
    texts = german()
    texts["roles.csv"] = texts["roles.csv"].replace("Schüler", "Gast")
    texts["Schueler.csv"] = texts["Schueler.csv"].replace("Zoë", "")

    report = await take_in(texts, roster_map=read_map(map_file))

    assert lines(report, Rule.REQUIRED) == [("Schueler.csv (users.csv)", 2, "Vorname (givenName)", "")]
    assert lines(report, Rule.WORD) == [("roles.csv", 2, "Rolle (role)", "Gast")]


async def test_a_default_fills_blank_cells_too(take_in: TakeIn, database: Database, map_file: Path) -> None:
    roster_map = map_of(map_file, '[enrollments.defaults]\nrole = "student"\nprimary = "false"\n')
    files = springfield()
    files["enrollments"][0]["role"] = " "

    assert (await take_in(contents(files), roster_map=roster_map)).loaded
    async with database.read_session() as session:
        enrollment = await session.get_one(Enrollment, "zoe-algebra")
    assert (enrollment.role, enrollment.primary) == ("student", False)


async def test_words_in_a_list_are_translated(take_in: TakeIn, database: Database, map_file: Path) -> None:
    roster_map = map_of(map_file, '[classes.values.grades]\n"9. Klasse" = "09"\n"A, B" = "10"\n')
    files = springfield()
    files["classes"][0]["grades"] = "9. Klasse,11"

    await take_in(contents(files), roster_map=roster_map)

    async with database.read_session() as session:
        assert (await session.get_one(Class, "algebra-1")).grades == ["09", "11"]


async def test_a_status_may_have_words_of_its_own(take_in: TakeIn, database: Database, map_file: Path) -> None:
    roster_map = map_of(map_file, '[enrollments.values.status]\nA = "active"\nZ = "tobedeleted"\n')
    files = springfield()
    await take_in(contents(files))
    files["enrollments"][0]["status"] = "Z"

    await take_in(contents(files), roster_map=roster_map)

    async with database.read_session() as session:
        assert (await session.get_one(Enrollment, "zoe-algebra")).status == "tobedeleted"


async def test_an_encoding_that_nobody_can_guess_is_said(take_in: TakeIn, database: Database, map_file: Path) -> None:
    roster_map = map_of(map_file, 'encoding = "windows-1250"\n')
    files = springfield()
    files["orgs"][1]["name"] = "Łódź"
    texts = {name: text.encode("windows-1250", "replace") for name, text in contents(files).items()}

    report = await take_in(texts, roster_map=roster_map)

    assert Rule.ENCODING not in report.found
    assert "Łódź" in str((await stored(database))["orgs"])


WRONG = [
    ("[user]\n", 1, "'user' is not known; did you mean 'users'? allowed are encoding, files, orgs"),
    ("\n[users]\ncolumn = 1\n", 3, "'column' is not known; did you mean 'columns'? allowed are columns, drop"),
    ('[files]\n"a.csv" = "user.csv"\n', 2, "'user.csv' is no file of OneRoster; did you mean 'users.csv'?"),
    ('[files]\n"a.csv" = "users.csv"\n"b.csv" = "users.csv"\n', 3, "'b.csv' would be users.csv, and so would 'a.csv'"),
    ('[roles.columns]\n# x\nA = "roll"\n', 3, "'roll' is no column of roles.csv; did you mean 'role'?"),
    ('[roles.columns]\nA = "role"\nB = "role"\n', 3, "'B' would be role, and so would 'A'"),
    ("[users.defaults]\nenabledUser = true\n", 2, 'must be text, in quotes: "true"'),
    ('encoding = "idna"\n', 1, "'idna' is no encoding that is known"),
    ('[users.defaults]\nenabledUser = "yes"\n', 2, "enabledUser cannot be 'yes'; allowed are true, false"),
    ('[users.defaults]\nenabledUser = "?"\n', 2, "in the place of the question mark"),
    ('[users.defaults]\nsourcedId = "x"\n', 2, "'sourcedId' is not known"),
    ('[roles.values.role]\nx = """\nteacher"""\ny = "pupil"\n', 4, "role cannot be 'pupil'; allowed are aide"),
    ("[roles.values]\nroll = {}\n", 2, "'roll' is not known; did you mean 'role'?"),
    ('[roles]\ndrop = "A"\n', 2, "drop must be a list of columns"),
    ('[roles]\ncolumns = {A = "role"}\ndrop = ["A"]\n', 3, "'A' is dropped and mapped"),
    ("files = 1\n", 1, "files must be a table"),
    ('encoding = "utf-99"\n', 1, "'utf-99' is no encoding that is known"),
    ("encoding = 1\n", 1, "1 is not text"),
]


@pytest.mark.parametrize(("text", "line", "words"), WRONG)
def test_a_mistake_is_told_with_its_line(map_file: Path, text: str, line: int, words: str) -> None:
    map_file.write_text(text, encoding="utf-8")

    with pytest.raises(Unmapped, match=re.escape(f"map.toml, line {line}: ")) as told:
        read_map(map_file)

    assert words in str(told.value)


MISFITS = [
    ('[files]\n"x1" = "users.csv"\n', 2, "the bundle has no file 'x1'; allowed are academicSessions.csv"),
    ('[files]\n"orgs.csv" = "users.csv"\n', 2, "the bundle has a file users.csv as well"),
    ('[users.columns]\nFirst = "givenName"\n', 2, "users.csv has no column 'First'; allowed are sourcedId"),
    ('[users]\ndrop = [\n  "First",\n]\n', 2, "users.csv has no column 'First'"),
    ('[users.columns]\nsms = "phone"\n', 2, "users.csv has a column phone as well"),
    ('[users.defaults]\nrole = "student"\n', 2, "'role' is no column of users.csv in this version"),
    ('[users.values.role]\nx = "student"\n', 1, "'role' is no column of users.csv in this version"),
]


@pytest.mark.parametrize(("text", "line", "words"), MISFITS)
def test_a_map_must_fit_the_bundle(command: Command, map_file: Path, text: str, line: int, words: str) -> None:
    map_file.write_text(text, encoding="utf-8")
    bundle = write_folder(map_file.parent / "x", contents(springfield()))

    result = command(bundle, "--map", map_file)

    assert failed(result, 2, f"map.toml, line {line}: {words}"), result.output


@pytest.mark.parametrize(
    ("text", "words"), [(None, "map.toml: no such file"), ("x = ", "not TOML: "), ("\\xff", "not TOML: ")]
)
def test_a_map_that_cannot_be_read_is_told(command: Command, map_file: Path, text: str | None, words: str) -> None:
    map_file.unlink()
    if text is not None:
        map_file.write_text(text, encoding="utf-8")

    result = command(write_folder(map_file.parent / "x", contents(springfield())), "--map", map_file)

    assert (result.exit_code, "Traceback" in result.output) == (2, False)
    assert words in result.output


def test_a_proposal_edited_imports_the_bundle(command: Command, tmp_path: Path) -> None:
    bundle, proposal, better = write_zip(tmp_path / "x.zip", german()), tmp_path / "a.toml", tmp_path / "b.toml"

    first = command(bundle, "--propose", proposal)
    edit(proposal, '"Schueler.csv" = "users.csv"', '"Rolle" = "role"')
    command(bundle, "--map", proposal, "--propose", better)
    edit(better, '"Vorname" = "givenName"', '"Schüler" = "student"')
    put_in = better.read_text(encoding="utf-8").replace('# enabledUser = "?"', 'enabledUser = "true"')
    better.write_text(put_in.replace('# drop = ["Vorname", "Bemerkung"]', 'drop = ["Bemerkung"]'), encoding="utf-8")

    assert (first.exit_code, command(bundle).exit_code) == (0, 1)
    result = command(bundle, "--map", better)
    assert result.exit_code == 0, result.output


def edit(path: Path, *answers: str) -> None:
    """As a user would: take the # of these lines away."""
    text = path.read_text(encoding="utf-8")
    for answer in answers:
        text, found = re.subn(rf"^# {re.escape(answer.partition(' = ')[0])} = .*$", answer, text, flags=re.MULTILINE)
        assert found == 1, (answer, text)
    path.write_text(text, encoding="utf-8")


def test_a_proposal_as_it_is_changes_nothing(command: Command, tmp_path: Path) -> None:
    bundle, proposal = write_zip(tmp_path / "x.zip", german()), tmp_path / "a.toml"
    before = command(bundle, "--dry-run")

    command(bundle, "--propose", proposal)

    assert command(bundle, "--dry-run", "--map", proposal).output == before.output
    assert all(not isinstance(each, str) for each in tomllib.loads(proposal.read_text(encoding="utf-8")).values())


def test_a_proposal_takes_over_what_is_mapped(command: Command, map_file: Path, tmp_path: Path) -> None:
    bundle, proposal = write_zip(tmp_path / "x.zip", german()), tmp_path / "a.toml"

    command(bundle, "--map", map_file, "--propose", proposal)

    taken, given = (tomllib.loads(path.read_text(encoding="utf-8")) for path in (proposal, map_file))
    assert taken == given


def test_a_proposal_writes_over_nothing(command: Command, map_file: Path, tmp_path: Path) -> None:
    result = command(write_zip(tmp_path / "x.zip", german()), "--propose", map_file)

    assert result.exit_code == 2
    assert "is there already" in result.output
    assert map_file.read_text(encoding="utf-8") == MAP


def test_a_proposal_holds_words_and_no_names(command: Command, tmp_path: Path) -> None:
    files = springfield()
    files["enrollments"] = [{**files["enrollments"][0], "sourcedId": f"e{n}", "role": "Lehrer"} for n in range(3)]
    files["roles"] = [{**files["roles"][0], "sourcedId": f"r{n}", "role": f"Name {n}"} for n in range(30)]
    files["users"][0] |= {"enabledUser": "ja", "primaryOrgSourcedId": "Meier"}
    files["enrollments"].append({**files["enrollments"][0], "sourcedId": "e3", "role": "Schüler"})

    command(write_zip(tmp_path / "x.zip", contents(files)), "--propose", tmp_path / "a.toml")

    text = (tmp_path / "a.toml").read_text(encoding="utf-8")
    assert '# "Lehrer" = "teacher"  # 3 rows' in text
    assert '# "Schüler" = "?"  # 1 row' in text
    assert '# "ja" = "?"  # 1 row' in text
    assert "more than 20 different words" in text
    assert not re.search("Name [0-9]|Meier|zoe|Zoë|Brien", text)


def test_an_unknown_column_may_be_kept_as_it_is(command: Command, tmp_path: Path) -> None:
    files = springfield()
    files["orgs"][0]["Fax"] = "7"
    bundle, proposal = write_zip(tmp_path / "x.zip", contents(files)), tmp_path / "a.toml"

    command(bundle, "--propose", proposal)
    edit(proposal, '"Fax" = "metadata.Fax"')

    assert command(bundle, "--map", proposal).output.startswith("Imported ")


def test_every_mistake_is_told_at_once(map_file: Path) -> None:
    map_file.write_text("[users]\n" + "".join(f"x{number} = 1\n" for number in range(25)), encoding="utf-8")

    with pytest.raises(Unmapped) as told:
        read_map(map_file)

    lines = str(told.value).splitlines()
    assert (len(lines), lines[-1]) == (21, "and 5 more")
    assert lines[19].startswith("map.toml, line 21: 'x19' is not known")


def test_a_proposal_changes_no_row(command: Command, tmp_path: Path) -> None:
    bundle = write_zip(tmp_path / "x.zip", contents(springfield()))

    command(bundle, "--propose", tmp_path / "a.toml")

    assert re.search(r"^users +2 ", command(bundle).output, re.MULTILINE)


def test_the_page_has_an_example_that_works(command: Command, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "map.toml").write_text(example, encoding="utf-8")

    result = command(write_zip(tmp_path / "x.zip", german()), "--map", tmp_path / "map.toml")

    assert result.exit_code == 0, result.output
