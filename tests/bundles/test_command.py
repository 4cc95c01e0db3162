"""`homeroom import`, as an administrator calls it."""

import csv
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import pytest
from click.testing import CliRunner, Result

from scripts.homeroom import homeroom
from tests.bundles.making import contents, springfield, write_folder, write_zip

Command = Callable[..., Result]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def command(database_url: str) -> Command:
    def run(*arguments: object) -> Result:
        runner = CliRunner(env={"HOMEROOM_DATABASE_URL": database_url, "COLUMNS": "200"})
        return runner.invoke(homeroom, ["import", *map(str, arguments)])

    return run


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_zip(tmp_path / "roster.zip", contents(springfield()))


@pytest.fixture
def bad_bundle(tmp_path: Path) -> Path:
    files = springfield()
    files["users"][0] |= {"enabledUser": "perhaps", "familyName": "=cmd()", "primaryOrgSourcedId": "=no/where"}
    files["results"][0]["score"] = "[bold]\x1b[31mnine"
    return write_zip(tmp_path / "bad.zip", contents(files))


def failed(result: Result, code: int, words: str) -> bool:
    lines = result.output.strip().splitlines()
    return result.exit_code == code and len(lines) == 1 and words in lines[0]


def test_a_bundle_is_imported(command: Command, bundle: Path) -> None:
    first, again = command(bundle), command(bundle)

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.output.endswith("imported: 0 errors, 0 warnings\n")
    assert [cell.strip() for cell in row_of(first, "users")] == ["users", "2", "0", "0", "0", "0", "0"]
    assert [cell.strip() for cell in row_of(again, "users")] == ["users", "0", "0", "2", "0", "0", "0"]


def row_of(result: Result, file: str) -> list[str]:
    rows = (line.strip("│").split("│") for line in result.output.splitlines() if line.startswith("│"))
    return next(row for row in rows if row[0].strip() == file)


def test_a_bad_bundle_is_refused(command: Command, bad_bundle: Path, bundle: Path) -> None:
    result = command(bad_bundle)

    assert result.exit_code == 1
    assert "refused, nothing was changed: " in result.output
    assert "error boolean: neither true nor false (1)" in result.output
    assert r"[bold]�[31mnine" in result.output
    assert row_of(command(bundle), "orgs")[1].strip() == "2"


def test_a_dry_run_changes_nothing(command: Command, bundle: Path) -> None:
    dry, real = command(bundle, "--dry-run"), command(bundle)

    assert (dry.exit_code, dry.output.splitlines()[-1]) == (0, "dry run, nothing was changed: 0 errors, 0 warnings")
    assert row_of(dry, "users") == row_of(real, "users")


def test_good_rows_are_loaded_on_demand(command: Command, bad_bundle: Path) -> None:
    result = command(bad_bundle, "--skip-bad")

    assert result.exit_code == 0
    assert [cell.strip() for cell in row_of(result, "users")] == ["users", "1", "0", "0", "0", "1", "0"]


def test_the_report_as_json(command: Command, bad_bundle: Path, tmp_path: Path) -> None:
    command(bad_bundle, "--report", tmp_path / "report.json")

    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["issues"][0] == {
        "file": "users.csv",
        "line": 2,
        "field": "enabledUser",
        "value": "perhaps",
        "rule": "boolean",
        "severity": "error",
        "hint": "",
    }
    assert report["counts"]["users"]["refused"] == 1
    assert (report["errors"] + report["warnings"], report["loaded"]) == (len(report["issues"]), False)


def test_the_report_as_csv(command: Command, bad_bundle: Path, tmp_path: Path) -> None:
    command(bad_bundle, "--skip-bad", "--report", tmp_path / "report.csv")

    with open(tmp_path / "report.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["value"] for row in rows if row["field"] == "primaryOrgSourcedId"} == {"'=no/where"}
    assert {row["value"] for row in rows if (row["file"], row["field"]) == ("users", "created")} == {"1"}


def test_a_report_is_for_its_owner_and_holds_no_password(command: Command, bad_bundle: Path, tmp_path: Path) -> None:
    command(bad_bundle, "--report", tmp_path / "report.json")

    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == 0o600
    assert "secret" not in (tmp_path / "report.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--report", "report.txt"], ".csv or .json"),
        (["--report", "/nowhere/report.csv"], "cannot write"),
        (["--missing", "drop"], "drop"),
        (["--max-bytes", "10"], "at most 10"),
    ],
)
def test_wrong_usage_is_2(command: Command, bundle: Path, arguments: list[str], words: str) -> None:
    result = command(bundle, *arguments)

    assert result.exit_code == 2
    assert words in result.output.splitlines()[-1]


def test_rows_are_retired_within_the_limit(command: Command, bundle: Path, tmp_path: Path) -> None:
    command(bundle)
    smaller = write_zip(tmp_path / "smaller.zip", contents({"enrollments": []}))

    refused, retired = (
        command(smaller, "--missing", "retire"),
        command(smaller, "--missing", "retire", "--missing-limit", 100),
    )

    assert (refused.exit_code, retired.exit_code) == (1, 0)
    assert "1 of 1 rows are missing, and at most 10 % may be retired" in refused.output
    assert row_of(retired, "enrollments")[-1].strip() == "1"


def a_zip(path: Path, **members: str | bytes) -> Path:
    return write_zip(path, {**contents({"orgs": []}), **members})


def encrypted(path: Path) -> Path:
    """A zip whose directory says that its files are."""
    content = bytearray(a_zip(path).read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    return path


def bomb(path: Path) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("orgs.csv", bytes(5_000_000))
    return path


def liar(path: Path) -> Path:
    """A zip that declares less than it holds."""
    content = bytearray(bomb(path).read_bytes())
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = (100).to_bytes(4, "little")
    path.write_bytes(content)
    return path


def cut(path: Path) -> Path:
    path.write_bytes(a_zip(path, **{"users.csv": os.urandom(50_000)}).read_bytes()[:20_000])
    return path


def no_zip(path: Path) -> Path:
    path.write_text("x")
    return path


def nested(path: Path) -> Path:
    path.mkdir()
    write_folder(path / "roster", {"orgs.csv": ""})
    return path


def damaged(path: Path) -> Path:
    content = bytearray(a_zip(path).read_bytes())
    content[content.index(b"sourcedId,")] ^= 1
    path.write_bytes(content)
    return path


def misnamed(path: Path) -> Path:
    content = bytearray(a_zip(path).read_bytes())
    content[content.index(b"orgs.csv")] ^= 1
    path.write_bytes(content)
    return path


def squeezed(path: Path) -> Path:
    with ZipFile(path, "w", ZIP_BZIP2) as archive:
        archive.writestr("orgs.csv", "sourcedId")
    return path


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def twice(path: Path) -> Path:
    with ZipFile(path, "w") as archive:
        archive.writestr("orgs.csv", "")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("orgs.csv", "")
    return path


def forbidden(path: Path) -> Path:
    path.mkdir()
    (path / "orgs.csv").symlink_to(path / "orgs.csv")
    return path


UNREADABLE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "not there": (lambda path: path, "no such file"),
    "not a zip": (no_zip, "not a zip file"),
    "cut off": (cut, "not a zip file"),
    "damaged": (damaged, "Bad CRC"),
    "names that differ": (misnamed, "differ"),
    "another compression": (squeezed, "Deflate"),
    "a pipe": (pipe, "neither"),
    "encrypted": (encrypted, "encrypted"),
    "bomb": (bomb, "at most 1,000,000 are allowed"),
    "bomb that lies": (liar, "orgs.csv"),
    "same name twice": (twice, "two files of the same name"),
    "out of the bundle": (lambda path: a_zip(path, **{"../orgs.csv": ""}), "leads out"),
    "out of the bundle, as Windows says it": (lambda path: a_zip(path, **{"..\\orgs.csv": ""}), "leads out"),
    "from the root": (lambda path: a_zip(path, **{"/etc/orgs.csv": ""}), "leads out"),
    "in a folder": (lambda path: write_zip(path, {"roster/orgs.csv": ""}), "top of the bundle"),
    "nothing in it": (lambda path: write_zip(path, {"README.txt": ""}), "no CSV files"),
    "an empty folder": (lambda path: write_folder(path, {}), "no CSV files"),
    "a folder in a folder": (nested, "top of the bundle"),
    "a loop": (forbidden, "too many levels"),
    "many files": (lambda path: write_zip(path, {f"{n}.csv": "" for n in range(1_001)}), "1,001 files"),
    "one endless line": (lambda path: write_folder(path, {"orgs.csv": "x" * 3_000_000}), "at most 1,000,000"),
    "UTF-16": (lambda path: write_folder(path, {"orgs.csv": "sourcedId\n".encode("utf-16")}), "UTF-16"),
    "many columns": (lambda path: write_folder(path, {"orgs.csv": "x," * 600}), "columns"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_said_in_one_line(command: Command, tmp_path: Path, case: str) -> None:
    make, words = UNREADABLE[case]

    result = command(make(tmp_path / "x.zip"), "--max-bytes", 1_000_000)

    assert failed(result, 2, words), result.output


@pytest.mark.parametrize("text", ["x" * 3_000_000, '"x\n' * 600_000, '"x\n",' * 300_000])
def test_a_record_without_end_is_not_kept_in_memory(command: Command, tmp_path: Path, text: str) -> None:
    result = command(write_folder(tmp_path / "x", {**contents({"orgs": []}), "orgs.csv": f"sourcedId\n{text}"}))

    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.output


def test_a_report_does_not_overwrite_the_bundle(command: Command, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "x", contents(springfield()))

    result = command(folder, "--report", folder / "users.csv")

    assert result.exit_code == 2
    assert (folder / "users.csv").read_text(encoding="utf-8").startswith("sourcedId")


def test_a_database_without_tables_is_told(bundle: Path, tmp_path: Path) -> None:
    runner = CliRunner(env={"HOMEROOM_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'none.db'}"})

    assert "homeroom migrate" in runner.invoke(homeroom, ["import", str(bundle)]).output


def test_a_killed_import_leaves_the_database_as_it_was(
    command: Command, database_url: str, bundle: Path, tmp_path: Path
) -> None:
    files = springfield()
    files["orgs"] += [{"sourcedId": f"o{n}", "name": "x", "type": "school", "identifier": "i"} for n in range(100_000)]
    large = write_zip(tmp_path / "large.zip", contents(files))
    report = tmp_path / "report.json"

    started = subprocess.Popen(
        [sys.executable, "-m", "scripts.import_roster", large, "--report", report],
        env={**os.environ, "HOMEROOM_DATABASE_URL": database_url},
        cwd=ROOT,
    )
    while not report.exists() and started.poll() is None:
        time.sleep(0.01)
    time.sleep(0.5)
    started.send_signal(signal.SIGKILL)

    assert started.wait() == -signal.SIGKILL
    assert [cell.strip() for cell in row_of(command(bundle), "orgs")] == ["orgs", "2", "0", "0", "0", "0", "0"]
