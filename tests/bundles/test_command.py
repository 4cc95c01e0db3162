"""`homeroom import`, as an administrator calls it."""

import csv
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scripts.homeroom import homeroom
from tests.bundles.conftest import Command
from tests.bundles.making import contents, springfield, write_folder, write_zip

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_zip(tmp_path / "roster.zip", contents(springfield()))


@pytest.fixture
def bad_bundle(tmp_path: Path) -> Path:
    files = springfield()
    files["users"][0] |= {"enabledUser": "perhaps", "familyName": "=cmd()", "primaryOrgSourcedId": "=no/where"}
    files["results"][0]["score"] = "[bold]\x1b[31mnine"
    return write_zip(tmp_path / "bad.zip", contents(files))


def test_a_bundle_is_imported(command: Command, bundle: Path) -> None:
    first, again = command(bundle), command(bundle)

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.output.startswith("Imported 17 rows: 17 new.\n")
    assert again.output.startswith("Imported 17 rows: 17 as before.\n")
    assert row_of(first, "users") == ["users", "2", "0", "0", "0", "0", "0"]
    assert row_of(again, "users") == ["users", "0", "0", "2", "0", "0", "0"]


def row_of(result: Result, file: str) -> list[str]:
    rows = (line.split() for line in result.output.splitlines())
    return next(row for row in rows if row[:1] == [file])


def test_a_bad_bundle_is_refused(command: Command, bad_bundle: Path, bundle: Path) -> None:
    result = command(bad_bundle)

    assert result.exit_code == 1
    assert result.output.startswith("Nothing was imported: 2 of 17 rows have errors")
    assert "error boolean: neither true nor false (1)" in result.output
    assert r"[bold]�[31mnine" in result.output
    assert row_of(command(bundle), "orgs")[1] == "2"


def test_a_dry_run_changes_nothing(command: Command, bundle: Path) -> None:
    dry, real = command(bundle, "--dry-run"), command(bundle)

    assert dry.exit_code == 0
    assert dry.output.startswith("This was a dry run, nothing was changed. 17 rows would be imported: 17 new.\n")
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
        "cause": "",
    }
    assert report["counts"]["users"]["refused"] == 1
    assert (report["errors"] + report["warnings"], report["loaded"]) == (len(report["issues"]), False)


def test_the_report_as_csv(command: Command, bad_bundle: Path, tmp_path: Path) -> None:
    command(bad_bundle, "--skip-bad", "--report", tmp_path / "report.csv")

    with open(tmp_path / "report.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["file", "line", "field", "value", "rule", "severity", "hint", "cause"]
    assert {row["value"] for row in rows if row["field"] == "primaryOrgSourcedId"} == {"'=no/where"}
    assert {row["value"] for row in rows if (row["file"], row["field"]) == ("users", "created")} == {"1"}


def test_a_report_is_for_its_owner_and_holds_no_password(command: Command, bad_bundle: Path, tmp_path: Path) -> None:
    command(bad_bundle, "--report", tmp_path / "report.json")

    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == 0o600
    assert "secret" not in (tmp_path / "report.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--report", "report.txt"], ".csv, .json or .html"),
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
    assert "1 row that the bundle no longer has was retired." in retired.output.splitlines()[0]


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
