"""What an import tells: on a terminal, in a pipe, and as a page."""

import base64
import csv
import hashlib
import os
import pty
import re
import stat
import subprocess
import sys
import termios
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from service.bundles.report import Issue, Report
from service.bundles.sinks import report_to
from service.bundles.summary import summary
from service.records.rules import Rule
from tests.bundles.conftest import Command
from tests.bundles.making import Files, contents, springfield, write_zip

ROOT = Path(__file__).parents[2]
ESCAPE_OR_BOX = re.compile(r"[\x1b\u2500-\u257f]")
SCHOOLS = [
    {"sourcedId": "north", "name": "North", "type": "scool", "identifier": "3"},
    {"sourcedId": "south", "name": "South", "type": "school", "identifier": "4"},
]


def with_a_bad_school() -> Files:
    """One organisation is wrong, and takes two classes and an enrollment in one of them with it."""
    files = springfield()
    files["orgs"] += SCHOOLS
    course, group, enrollment = files["courses"][0], files["classes"][0], files["enrollments"][0]
    files["courses"].append(course | {"sourcedId": "biology"})
    for name in ("biology-1", "biology-2"):
        files["classes"].append(group | {"sourcedId": name, "courseSourcedId": "biology", "schoolSourcedId": "north"})
    files["enrollments"].append(enrollment | {"sourcedId": "zoe-biology", "classSourcedId": "biology-1"})
    return files


@pytest.fixture
def bad_school(tmp_path: Path) -> Path:
    return write_zip(tmp_path / "roster.zip", contents(with_a_bad_school()))


def test_the_first_line_says_what_happened_and_what_to_do(command: Command, bad_school: Path) -> None:
    first = command(bad_school).output.splitlines()[0]

    assert first == (
        "Nothing was imported: 1 of 23 rows has errors and 3 more rows refer to what is refused."
        " Mend orgs.csv, or import the other 19 rows with --skip-bad."
    )


def test_what_it_says_would_load_does_load(command: Command, bad_school: Path) -> None:
    dry, real = command(bad_school, "--skip-bad", "--dry-run").output, command(bad_school, "--skip-bad").output

    left_out = "Left out: 1 of 23 rows has errors and 3 more rows refer to what is refused."
    assert dry.startswith(f"This was a dry run, nothing was changed. 19 rows would be imported: 19 new. {left_out}\n")
    assert real.startswith(f"Imported 19 rows: 19 new. {left_out}\n")


def test_errors_come_before_what_follows_from_them_and_both_before_warnings(command: Command, tmp_path: Path) -> None:
    files = with_a_bad_school()
    files["users"][0]["enabledUser"] = "TRUE"

    titles = re.findall(
        r"^(?:error|warning) [a-z-]+(?=: .* \(\d+\)$)",
        command(write_zip(tmp_path / "x.zip", contents(files))).output,
        re.MULTILINE,
    )

    assert titles == ["error word", "error refused-reference", "warning boolean-case"]


def test_what_was_repaired_is_told_in_the_first_line(command: Command, tmp_path: Path) -> None:
    files = springfield()
    files["users"][0] |= {"enabledUser": "TRUE", "primaryOrgSourcedId": "nowhere"}
    texts = contents(files)
    del texts["manifest.csv"]

    first = command(write_zip(tmp_path / "x.zip", texts)).output.splitlines()[0]

    repaired = "1 cell was repaired, 1 reference was left out and there is 1 more warning, see below."
    assert first == f"Imported 17 rows: 17 new. {repaired}"


def test_a_file_that_cannot_be_used_is_told_once(command: Command, tmp_path: Path) -> None:
    header = ("sourcedId,type,startDate,endDate,schoolYear\r\n", "a,term,2026-08-15,2026-12-20,2027\r\n")
    texts = contents(springfield() | {"academicSessions": "".join(header)})

    first = command(write_zip(tmp_path / "x.zip", texts)).output.splitlines()[0]

    assert first.startswith("Nothing was imported: academicSessions.csv cannot be used (1 row)")
    assert ". Mend academicSessions.csv" in first


def test_a_version_that_nobody_knows_is_not_for_skip_bad(command: Command, tmp_path: Path) -> None:
    texts = contents(springfield())
    texts["manifest.csv"] = texts["manifest.csv"].replace("oneroster.version,1.2", "oneroster.version,7")

    output = command(write_zip(tmp_path / "x.zip", texts)).output

    assert output.startswith("Nothing was imported: the manifest's oneroster.version is neither 1.1 nor 1.2. Mend")
    assert "--skip-bad" not in output


def test_a_pipe_gets_a_line_for_each_example(command: Command, bad_school: Path) -> None:
    output = command(bad_school).output

    assert "\norgs.csv:4: type: scool: error word: not in the vocabulary, and not ext: and a word\n" in output
    assert ESCAPE_OR_BOX.search(output) is None


def test_the_name_of_a_file_is_no_command_to_the_terminal(command: Command, tmp_path: Path) -> None:
    output = command(write_zip(tmp_path / "x.zip", contents({}) | {"user\x1b[s.csv": ""})).output

    assert output.startswith("Nothing was imported: user�[s.csv cannot be used. Mend user�[s.csv.\n")


@pytest.fixture
def in_terminal(database_url: str) -> Callable[..., list[str]]:
    """What the command shows on a terminal so many columns wide, in lines without colours."""

    def run(columns: int, *arguments: object) -> list[str]:
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (40, columns))
        environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        started = subprocess.Popen(
            [sys.executable, "-m", "scripts.homeroom", "import", *map(str, arguments)],
            env={**environment, "HOMEROOM_DATABASE_URL": database_url, "TERM": "xterm"},
            cwd=ROOT,
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        shown = read_all(ours)
        started.wait()
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown).splitlines()

    return run


def read_all(terminal: int) -> str:
    shown = b""
    try:
        while piece := os.read(terminal, 4096):
            shown += piece
    except OSError:  # Linux says so when the other side has closed
        pass
    os.close(terminal)
    return shown.decode()


def test_a_table_is_as_wide_as_the_terminal_allows(in_terminal: Callable[..., list[str]], tmp_path: Path) -> None:
    files = springfield()
    files["users"][0]["enabledUser"] = value = "perhaps " * 11
    bundle = write_zip(tmp_path / "x.zip", contents(files))

    wide, narrow = in_terminal(200, bundle), in_terminal(80, bundle)

    assert any("users.csv" in line and value.strip() in line for line in wide)
    assert max(map(len, wide)) > 100
    assert max(map(len, narrow)) <= 80
    assert any("perhaps" in line and "…" in line for line in narrow)
    assert next(line for line in narrow if line.startswith("rows")).split()[-1] == "retired"


def refused_rows(*causes: str, file: str = "enrollments.csv") -> list[Issue]:
    return [
        Issue(file, line, "classSourcedId", f"c{line}", Rule.REFUSED_REFERENCE, cause=cause)
        for line, cause in enumerate(causes, start=2)
    ]


def report_of(*issues: Issue, **read: int) -> Report:
    """As an import makes it that refused what the issues refuse."""
    report = Report()
    report.accepted = False
    tell(report, *issues)
    report.read.update(read)
    for name in read:
        lines = {issue.line for issue in issues if issue.rule.is_error and issue.file == f"{name}.csv"}
        report.counts[name].refused = len(lines)
    return report


def tell(report: Report, *issues: Issue) -> None:
    for issue in issues:
        report.add(issue)


ORG = Issue("orgs.csv", 2, "type", "scool", Rule.WORD)
USER = Issue("users.csv", 7, "enabledUser", "perhaps", Rule.BOOLEAN)


def test_the_cause_that_took_the_most_rows_with_it_comes_first() -> None:
    causes = ["users.csv line 7", "orgs.csv line 2", "orgs.csv line 2", "orgs.csv line 2"]
    report = report_of(ORG, USER, *refused_rows(*causes), orgs=1, users=9, enrollments=10)

    assert [(cause.rows, cause.place, cause.rule) for cause in report.causes.biggest(10)] == [
        (3, "orgs.csv line 2", Rule.WORD),
        (1, "users.csv line 7", Rule.BOOLEAN),
    ]
    assert (len(report.causes), len(report.causes.biggest(1))) == (2, 1)
    assert summary(report).startswith("Nothing was imported: 2 of 20 rows have errors and 4 more rows refer to")


def test_a_row_that_refers_twice_to_a_cause_is_one_row() -> None:
    (row,) = refused_rows("orgs.csv line 2")

    assert report_of(ORG, row, row).causes.biggest(1)[0].rows == 1


def test_a_row_that_is_wrong_itself_does_not_follow_from_another() -> None:
    (row,) = refused_rows("orgs.csv line 2")
    wrong = Issue(row.file, row.line, "role", "", Rule.REQUIRED)

    for issues in ([ORG, wrong, row], [ORG, row, wrong]):
        causes = report_of(*issues).causes
        assert (causes.wrong, causes.following, causes.biggest(1)) == (2, 0, [])


def test_a_header_is_one_cause_for_all_rows_that_refer_to_its_file() -> None:
    header = Issue("users.csv", 1, "givenName", "", Rule.COLUMN_REQUIRED)
    report = report_of(header, *refused_rows("users.csv line 3", "users.csv line 1"), enrollments=2)

    assert [(cause.rows, cause.place) for cause in report.causes.biggest(10)] == [(2, "users.csv")]


class Page(HTMLParser):
    """Reads a report: its tables by their captions, what it links to, what it would run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = ""
        self.policy = ""
        self.tables: dict[str, list[list[str]]] = {}
        self.ids: set[str] = set()
        self.links: dict[str, str] = {}
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, str] = {}  # the text of each style and script
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        self.open.append(tag)
        if name := found.get("id"):
            assert name not in self.ids
            self.ids.add(name)
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"] or ""
        if tag == "caption":
            self.rows = []
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self.open.pop() != tag:
            pass

    def handle_data(self, text: str) -> None:
        self.text += text
        if self.open and self.open[-1] == "caption":
            self.tables[text] = self.rows
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += text
        if self.open and self.open[-1] in ("style", "script"):
            self.inside[self.open[-1]] = self.inside.get(self.open[-1], "") + text
        if "a" in self.open:
            self.links[text] = self.elements[-1][1].get("href") or ""

    def issues(self, title: str) -> list[list[str]]:
        return self.tables[title][1:]


def page_of(folder: Path, *issues: Issue) -> Page:
    with report_to(folder / "report.html") as sink:
        report = Report(sink)
        report.accepted = not issues
        tell(report, *issues)
        sink.end(report)
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_the_page_of_an_import(command: Command, bad_school: Path, tmp_path: Path) -> None:
    said = command(bad_school, "--report", tmp_path / "report.html").output.splitlines()[0]

    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert said in page.text.replace("\n", " ")
    assert page.issues("error word") == [["orgs.csv", "4", "type", "scool", ""]]
    assert {row[0] for row in page.issues("error refused-reference")} == {"classes.csv", "enrollments.csv"}
    assert page.text.index("error word") < page.text.index("error refused-reference")
    rows = {row[0]: row[1:] for row in page.issues("Rows and issues of each file")}
    assert rows["orgs.csv"] == ["4", "1", "0", "0", "0", "0", "0", "1", "0"]
    assert stat.S_IMODE((tmp_path / "report.html").stat().st_mode) == 0o600


def test_a_page_leads_from_what_follows_to_its_cause(tmp_path: Path) -> None:
    page = page_of(tmp_path, ORG, *refused_rows("orgs.csv line 2", "orgs.csv line 2", "orgs.csv line 5"))

    assert page.issues("The causes that took the most rows with them") == [
        ["2", "orgs.csv line 2", "word: not in the vocabulary, and not ext: and a word"],
        ["1", "orgs.csv line 5", ""],
    ]
    assert page.issues("error refused-reference")[0][-1] == "because of orgs.csv line 2"
    assert page.links["orgs.csv line 2"] == "#orgs.csv-2"
    assert "orgs.csv line 5" not in page.links  # it is not on the page
    assert {link.removeprefix("#") for link in page.links.values()} <= page.ids


def test_a_file_with_a_name_of_its_own_is_one_file_on_the_page(command: Command, tmp_path: Path) -> None:
    texts = contents(with_a_bad_school())
    texts["Orgs.CSV"] = texts.pop("orgs.csv")
    output = command(write_zip(tmp_path / "x.zip", texts), "--report", tmp_path / "report.html").output

    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    rows = {row[0]: row[1:] for row in page.issues("Rows and issues of each file")}
    assert "3 rows refused because Orgs.CSV (orgs.csv) line 4 was (word)" in output
    assert page.links["Orgs.CSV (orgs.csv) line 4"].removeprefix("#") in page.ids
    assert rows["Orgs.CSV (orgs.csv)"] == ["4", "1", "0", "0", "0", "0", "0", "1", "0"]
    assert "orgs.csv" not in rows


def test_a_page_runs_and_loads_nothing_but_its_own(tmp_path: Path) -> None:
    page = page_of(tmp_path, Issue("users.csv", 2, "<b>", "</td><script>alert(1)</script>", Rule.BOOLEAN, "<i>"))

    assert page.issues("error boolean") == [["users.csv", "2", "<b>", "</td><script>alert(1)</script>", "<i>"]]
    assert [tag for tag, _ in page.elements].count("script") == 1
    allowed = dict(re.findall(r"(\w+)-src '([^']+)'", page.policy))
    assert allowed == {name: sha256(page.inside[name]) for name in ("style", "script")} | {"default": "none"}
    named = [found for _, found in page.elements if {"src", "style", "onclick", "action"} & found.keys()]
    assert named == []
    assert all((found.get("href") or "#").startswith("#") for _, found in page.elements)


def sha256(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_a_page_is_whole_without_its_script(tmp_path: Path) -> None:
    """The filters are what works only with it; the script shows them."""
    page = page_of(tmp_path, ORG)

    hidden = [(tag, found.get("class")) for tag, found in page.elements if "hidden" in found]
    assert hidden == [("form", "filters"), ("p", "nothing")]
    controls = {found.get("name") for tag, found in page.elements if tag in ("input", "select")}
    assert controls == {"text", "file", "severity", "rule"}


def test_every_heading_of_a_table_says_what_it_heads(tmp_path: Path) -> None:
    page = page_of(tmp_path, ORG, *refused_rows("orgs.csv line 2"))

    assert {found.get("scope") for tag, found in page.elements if tag == "th"} == {"col", "row"}
    assert ("html", {"lang": "en"}) in page.elements


def test_a_page_without_issues_says_so(command: Command, tmp_path: Path) -> None:
    bundle = write_zip(tmp_path / "roster.zip", contents(springfield()))

    command(bundle, "--report", tmp_path / "report.html")

    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "Imported 17 rows: 17 new." in page.text
    assert list(page.tables) == ["Rows and issues of each file"]
    assert "form" not in [tag for tag, _ in page.elements]


def test_a_formula_is_text_on_a_page_and_in_a_spreadsheet(tmp_path: Path) -> None:
    issue = Issue("users.csv", 1, "=cmd()", "@sum(1)", Rule.COLUMN_UNKNOWN)
    page = page_of(tmp_path, issue)
    with report_to(tmp_path / "report.csv") as sink:
        tell(Report(sink), issue)

    with open(tmp_path / "report.csv", encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert page.issues("warning column-unknown") == [["users.csv", "1", "=cmd()", "@sum(1)", ""]]
    assert (row["field"], row["value"]) == ("'=cmd()", "'@sum(1)")


def test_a_page_cuts_a_cell_of_a_book(command: Command, tmp_path: Path) -> None:
    files = springfield()
    files["users"][0]["enabledUser"] = "x" * 100_000
    files["users"][1]["givenName"] = "x" * 200_000
    bundle = write_zip(tmp_path / "roster.zip", contents(files))

    output = command(bundle, "--report", tmp_path / "report.html").output

    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert page.issues("error boolean")[0][3] == "x" * 200 + "…"
    assert page.issues("error csv-syntax")[0][:2] == ["users.csv", "3"]
    assert max(map(len, output.splitlines())) < 400


def test_a_page_shows_the_first_of_thousands_and_counts_all(tmp_path: Path) -> None:
    issues = [
        Issue(f"{name}.csv", line, "", "", Rule.CELL_COUNT) for name in ("a", "b") for line in range(3_001, 1, -1)
    ]

    page = page_of(tmp_path, *issues)

    shown = page.issues("error cell-count")
    assert [row[0] for row in shown] == ["a.csv"] * 500 + ["b.csv"] * 500
    assert [int(row[1]) for row in shown] == sorted(int(row[1]) for row in shown[:500]) * 2
    assert "1,000 of these 6,000 are on this page" in page.text
    assert {row[0]: row[2] for row in page.issues("Rows and issues of each file")} == {
        "a.csv": "3,000",
        "b.csv": "3,000",
    }


def test_a_report_of_an_import_that_broke_off_says_so(tmp_path: Path) -> None:
    report = Report()
    tell(report, ORG)

    assert summary(report) == "The import did not come to its end. Until then it found 1 error and 0 warnings."
