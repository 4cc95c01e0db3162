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

from models.database import Database
from scripts.printing import print_report
from scripts.running import read_settings, run
from service.bundles.dates import DAY_FIRST, MONTH_FIRST
from service.bundles.importing import Busy, ImportOptions, import_bundle
from service.bundles.mapping import Unmapped, read_map
from service.bundles.proposing import Proposal
from service.bundles.reading import Bundle, Unreadable, open_bundle
from service.bundles.report import Report, Sink
from service.bundles.sinks import report_to


class Unusable(click.ClickException):
    """There is no bundle to import, or nowhere to write the report."""

    exit_code = 2


async def import_and_commit(
    database: Database, bundle: Bundle, options: ImportOptions, report: Report, *, dry_run: bool
) -> bool:
    """Whether the bundle was accepted; it is stored unless this is a dry run."""
    report.bundle, report.dry_run = bundle.name, dry_run
    async with database.staging_session() as session:
        accepted = await import_bundle(session, bundle, options, report)
        if accepted and not dry_run:
            report.watch("committing", 0, 0)
            await session.commit()
            report.loaded = True
    report.accepted = accepted
    return accepted


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("opening", total=None)
        yield lambda act, done, total: bar.update(task, description=act, completed=done, total=total or None)


@contextmanager
def sink_at(path: Path | None) -> Iterator[Sink | None]:
    with ExitStack() as stack:
        try:
            sink = stack.enter_context(report_to(path)) if path else None
        except KeyError as error:
            raise click.BadParameter("its name must end in .csv, .json or .html", param_hint="--report") from error
        except OSError as error:
            raise Unusable(f"cannot write {path}: {error.strerror}") from error
        yield sink


@click.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--skip-bad", is_flag=True, help="Load the good rows even if others are refused.")
@click.option("--dry-run", is_flag=True, help="Do it all, report, and change nothing.")
@click.option(
    "--report",
    "report_path",
    type=click.Path(path_type=Path),
    help="Write every issue to this .csv or .json file, or a page to read to this .html file.",
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
    "--map", "map_path", type=click.Path(path_type=Path), help="A mapping file: what files, columns and words mean."
)
@click.option(
    "--propose",
    "proposal_path",
    type=click.Path(path_type=Path),
    help="Change nothing, and write a mapping file to start from.",
)
@click.option(
    "--max-bytes",
    type=click.IntRange(1),
    help="Refuse a larger bundle, unpacked; else HOMEROOM_IMPORT_BYTES_MAX counts.",
)
def import_roster(
    path: Path,
    report_path: Path | None,
    proposal_path: Path | None,
    dry_run: bool,
    max_bytes: int | None,
    **choices: Any,
) -> None:
    """Take in the OneRoster bundle PATH: a zip or a folder, 1.2 or 1.1, bulk or delta.

    All or nothing: if a row is refused, nothing is changed, unless --skip-bad is given. Importing the same bundle
    again changes nothing. docs/import.md lists what is checked.

    Exit codes: 0 imported, 1 refused, 2 wrong usage or an unreadable bundle.
    """
    settings, options = replace(read_settings(), statement_seconds=0), options_of(**choices)
    if report_path and path.resolve() in report_path.resolve().parents:
        raise click.BadParameter("it must not be in the bundle", param_hint="--report")
    if proposal_path and proposal_path.exists():
        raise click.BadParameter(f"{proposal_path} is there already; name another file", param_hint="--propose")
    dry_run = dry_run or proposal_path is not None
    with (
        readable(path, max_bytes or settings.import_bytes_max) as bundle,
        sink_at(report_path) as sink,
        progress_bar() as watch,
    ):
        report = Report(sink, watch)
        proposal = Proposal(bundle, options.roster_map) if proposal_path else None
        report.listen = proposal.hear if proposal else None
        work = partial(import_and_commit, bundle=bundle, options=options, report=report, dry_run=dry_run)
        try:
            accepted = run(work, settings)
        finally:
            if sink:
                sink.end(report)
    print_report(report, Console())
    if proposal_path and proposal:
        write_proposal(proposal, proposal_path)
    elif not accepted:
        raise SystemExit(1)


@contextmanager
def readable(path: Path, bytes_max: int) -> Iterator[Bundle]:
    """What keeps the bundle from being read, or now from being stored, as errors of the command."""
    try:
        with open_bundle(path, bytes_max) as bundle:
            yield bundle
    except Unreadable as error:
        raise Unusable(str(error)) from error
    except Busy as error:
        raise click.ClickException(str(error)) from error


def options_of(*, missing: str, map_path: Path | None, **choices: Any) -> ImportOptions:
    """Raises Unusable for a mapping file that is wrong."""
    try:
        roster_map = read_map(map_path) if map_path else None
    except Unmapped as error:
        raise Unusable(str(error)) from error
    options = ImportOptions(retire_missing=missing == "retire", roster_map=roster_map, **choices)
    if options.strict and options.dates:
        raise click.BadParameter("--strict reads no such dates", param_hint="--dates")
    return options


def write_proposal(proposal: Proposal, path: Path) -> None:
    """Never over a file that is there."""
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(proposal.text())
    except OSError as error:
        raise Unusable(f"cannot write {path}: {error.strerror}") from error
    click.echo(f"wrote {path}: edit it, then import with --map {path}")


if __name__ == "__main__":
    import_roster(prog_name="homeroom import")
