"""Take in a OneRoster bundle, a zip or a folder.

Example: homeroom import roster.zip --report issues.csv
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from models.database import Database
from scripts.running import read_settings, run
from service.bundles.dates import DAY_FIRST, MONTH_FIRST
from service.bundles.importing import Busy, ImportOptions, import_bundle
from service.bundles.reading import Bundle, Unreadable, open_bundle
from service.bundles.report import COUNTS, Issue, Report, Sink, report_to
from service.records.rules import Rule

VALUE_SHOWN = 60  # characters of a cell


class Unusable(click.ClickException):
    """There is no bundle to import, or nowhere to write the report."""

    exit_code = 2


async def import_and_commit(
    database: Database, bundle: Bundle, options: ImportOptions, report: Report, *, dry_run: bool
) -> bool:
    """Whether the bundle was accepted; it is stored unless this is a dry run."""
    async with database.bulk_session() as session:
        accepted = await import_bundle(session, bundle, options, report)
        if accepted and not dry_run:
            report.watch("committing", 0, 0)
            await session.commit()
            report.loaded = True
    return accepted


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("opening", total=None)
        yield lambda act, done, total: bar.update(task, description=act, completed=done, total=total or None)


def print_report(report: Report, console: Console) -> None:
    for rule in report.found:
        console.print(issues_table(rule, report.found[rule], report.samples[rule]))
    console.print(counts_table(report))


def issues_table(rule: Rule, found: int, samples: list[Issue]) -> Table:
    table = Table(
        title=f"{rule.severity.value} {rule.label}: {rule.explanation} ({found:,})",
        title_justify="left",
        title_style="bold red" if rule.is_error else "bold yellow",
        caption=None if found == len(samples) else f"and {found - len(samples):,} more",
        caption_justify="left",
    )
    for column in ("file", "line", "field", "value", "hint"):
        table.add_column(column, overflow="fold")
    for issue in samples:
        table.add_row(*map(printable, (issue.file, str(issue.line or ""), issue.field, issue.value, issue.hint)))
    return table


def printable(text: str) -> str:
    """A cell of a bundle may hold what a terminal, or rich, takes for a command."""
    shown = text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}…"
    return "".join(letter if letter.isprintable() else "�" for letter in shown).replace("[", r"\[")


def counts_table(report: Report) -> Table:
    table = Table(title="rows", title_justify="left", box=None, padding=(0, 1, 0, 0))  # fits into 80 columns
    table.add_column("file", no_wrap=True)
    for name in COUNTS:
        table.add_column(name, justify="right", no_wrap=True)
    for file, counts in report.counted.items():
        table.add_row(file, *(f"{count:,}" for count in counts.values()))
    return table


def verdict(report: Report, *, accepted: bool, dry_run: bool) -> str:
    found = f"{report.errors:,} errors, {report.warnings:,} warnings"
    if not accepted:
        return f"refused, nothing was changed: {found}"
    return f"{'dry run, nothing was changed' if dry_run else 'imported'}: {found}"


@contextmanager
def sink_at(path: Path | None) -> Iterator[Sink | None]:
    with ExitStack() as stack:
        try:
            sink = stack.enter_context(report_to(path)) if path else None
        except KeyError as error:
            raise click.BadParameter("its name must end in .csv or .json", param_hint="--report") from error
        except OSError as error:
            raise Unusable(f"cannot write {path}: {error.strerror}") from error
        yield sink


@click.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--skip-bad", is_flag=True, help="Load the good rows even if others are refused.")
@click.option("--dry-run", is_flag=True, help="Do it all, report, and change nothing.")
@click.option(
    "--report", "report_path", type=click.Path(path_type=Path), help="Write every issue to this .csv or .json file."
)
@click.option(
    "--missing",
    type=click.Choice(["keep", "retire"]),
    default="keep",
    show_default=True,
    help="What becomes of rows that a bulk file no longer has: left alone, or marked tobedeleted.",
)
@click.option(
    "--missing-limit",
    type=click.FloatRange(0, 100),
    default=10.0,
    show_default=True,
    help="Refuse to retire more than this percentage of a file's rows.",
)
@click.option("--strict", is_flag=True, help="Take the standard at its word: repair nothing.")
@click.option(
    "--dates",
    type=click.Choice([DAY_FIRST, MONTH_FIRST]),
    help="How to read dates such as 5/6/2026, if the file does not tell: the day first, or the month.",
)
@click.option(
    "--max-bytes",
    type=click.IntRange(1),
    help="Refuse a larger bundle, unpacked; else HOMEROOM_IMPORT_BYTES_MAX counts.",
)
def import_roster(path: Path, report_path: Path | None, dry_run: bool, max_bytes: int | None, **choices: Any) -> None:
    """Take in the OneRoster bundle PATH: a zip or a folder, 1.2 or 1.1, bulk or delta.

    All or nothing: if a row is refused, nothing is changed, unless --skip-bad is given. Importing the same bundle
    again changes nothing. docs/import.md lists what is checked.

    Exit codes: 0 imported, 1 refused, 2 wrong usage or an unreadable bundle.
    """
    settings, options = replace(read_settings(), statement_seconds=0), options_of(**choices)
    if options.strict and options.dates:
        raise click.BadParameter("--strict reads no such dates", param_hint="--dates")
    if report_path and path.resolve() in report_path.resolve().parents:
        raise click.BadParameter("it must not be in the bundle", param_hint="--report")
    try:
        with (
            open_bundle(path, max_bytes or settings.import_bytes_max) as bundle,
            sink_at(report_path) as sink,
            progress_bar() as watch,
        ):
            report = Report(sink, watch)
            work = partial(import_and_commit, bundle=bundle, options=options, report=report, dry_run=dry_run)
            try:
                accepted = run(work, settings)
            finally:
                if sink:
                    sink.end(report)
    except Unreadable as error:
        raise Unusable(str(error)) from error
    except Busy as error:
        raise click.ClickException(str(error)) from error
    print_report(report, Console())
    click.echo(verdict(report, accepted=accepted, dry_run=dry_run))
    if not accepted:
        raise SystemExit(1)


def options_of(*, missing: str, **choices: Any) -> ImportOptions:
    return ImportOptions(retire_missing=missing == "retire", **choices)


if __name__ == "__main__":
    import_roster(prog_name="homeroom import")
