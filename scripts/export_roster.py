"""Write the roster as a OneRoster bundle, a zip or a folder.

Example: homeroom export roster.zip
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from models.database import Database
from scripts.running import read_settings, run
from service.bundles.exporting import Outcome, Summary, export_bundle, snapshot
from service.bundles.writing import Unwritable, is_zip

LEGEND = "tobedeleted: a bulk file has active rows only; another word is a field: what it refers to is left out"


async def export_to(database: Database, path: Path) -> Summary:
    async with snapshot(database) as connection:
        with progress_bar() as watch:
            return await export_bundle(connection, path, watch)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("counting", total=None)
        yield lambda act, done, total: bar.update(task, description=act, completed=done, total=total)


def refuse_path(path: Path, *, force: bool) -> None:
    """Nothing is deleted that is no bundle: with --force a zip takes the place of a file, and no more."""
    if not path.parent.is_dir():
        raise click.UsageError(f"there is no folder {path.parent}")
    if path.is_dir() and is_zip(path):
        raise click.UsageError(f"{path} is a folder: the name of a folder to export to must not end in .zip")
    if path.exists() and not path.is_dir() and not is_zip(path):
        raise click.UsageError(f"{path} is a file: a bundle that is one file has a name that ends in .zip")
    if path.exists() and not force and (is_zip(path) or any(path.iterdir())):
        raise click.UsageError(f"{path} is there already: name another PATH, or replace it with --force")


def report(summary: Summary) -> Iterator[str]:
    for name, outcome in summary.files.items():
        yield f"{name:<30}{outcome.rows:>12,}{notes(outcome)}"
    for name, rows in summary.without_file.items():
        if rows:
            yield f"{name}: {rows:,} rows are not exported, the standard has no CSV file for them"
    if any(notes(outcome) for outcome in summary.files.values()):
        yield LEGEND


def notes(outcome: Outcome) -> str:
    shown = (("left out", outcome.left_out), ("left blank", outcome.dropped))
    return "".join(f"  {what}: {listed(counts)}" for what, counts in shown if counts)


def listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name.replace('status', 'tobedeleted')}" for name, count in counts.items())


@click.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace the zip, or the bundle's files in the folder, that is at PATH.")
def export_roster(path: Path, force: bool) -> None:
    """Write all active rows to PATH as a OneRoster 1.2 bulk bundle: a zip if PATH ends in .zip, else a folder.

    The bundle is one state of the database, whatever is written to it meanwhile, and imports back to the same rows.
    The same rows give the same bytes. PATH is there only once the bundle is whole, and only its owner may read it.
    docs/export.md says what is left out.

    Exit codes: 0 written, 1 failed, 2 wrong usage.
    """
    try:
        refuse_path(path, force=force)
        summary = run(partial(export_to, path=path), replace(read_settings(), statement_seconds=0))
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror or error}") from error
    except Unwritable as error:
        raise click.ClickException(str(error)) from error
    for line in report(summary):
        click.echo(line)
    click.echo(f"wrote {path}: {summary.rows:,} rows, {summary.left_out:,} left out")


if __name__ == "__main__":
    export_roster(prog_name="homeroom export")
