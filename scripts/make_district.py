"""Write an invented school district as a OneRoster 1.2 bulk bundle; same seed and sizes, same bytes.

Example: python -m scripts.make_district district.zip --students 1200 --schools 3 --seed 1
"""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TextIO
from zipfile import ZIP_DEFLATED, ZipFile

import click
from rich.console import Console
from rich.progress import Progress

from scripts.district.gradebook import FILES
from scripts.district.plan import District
from scripts.district.roster import Row, Rows

Advance = Callable[[str, int], None]
Create = Callable[[str], AbstractContextManager[TextIO]]
CHUNK = 5_000  # rows between two steps of the progress bar


def manifest(district: District) -> Rows:
    yield "propertyName", "value"
    yield "manifest.version", "1.0"
    yield "oneroster.version", "1.2"
    yield from ((f"file.{name}", "bulk") for name in sorted(FILES))
    yield "source.systemName", "Homeroom make-district"
    yield "source.systemCode", f"seed-{district.seed}"


def write_rows(file: TextIO, rows: Rows, advance: Callable[[int], None]) -> None:
    while lines := list(map(line, islice(rows, CHUNK))):
        file.write("".join(lines))
        advance(len(lines))


def line(cells: Row) -> str:
    """A row with the binding's CRLF; few need quotes, and looking for the need is quicker than csv.writer."""
    plain = ",".join(cells)
    if plain.count(",") == len(cells) - 1 and '"' not in plain and "\n" not in plain:
        return plain + "\r\n"
    quoted = io.StringIO(newline="")
    csv.writer(quoted).writerow(cells)
    return quoted.getvalue()


@contextmanager
def zip_of_files(path: Path) -> Iterator[Create]:
    """A half-written zip never bears the name that was asked for."""
    part = path.with_name(f"{path.name}.part")
    try:
        with ZipFile(part, "w", ZIP_DEFLATED, compresslevel=1) as bundle:
            # open() dates every entry 1980-01-01, where writestr() would take the clock
            yield lambda name: io.TextIOWrapper(bundle.open(name, "w", force_zip64=True), "utf-8", newline="")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def folder_of_files(path: Path) -> Iterator[Create]:
    path.mkdir(exist_ok=True)
    yield lambda name: (path / name).open("w", encoding="utf-8", newline="")


def is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def write_district(  # noqa: PLR0913 - six knobs, five of them with a default
    path: Path,
    *,
    students: int = 1200,
    schools: int = 3,
    seed: int = 1,
    results_per_student: int = 20,
    progress: Advance | None = None,
) -> None:
    """A zip if the path ends in .zip, else a folder; replaces those files of the bundle that are there.

    `progress` hears of a file's name and how many more of its rows are written. Raises ValueError for sizes
    that no district has (`District`) and OSError where nothing can be written.
    """
    district = District(students, schools, seed, results_per_student)
    advance = progress or (lambda name, count: None)
    path.parent.mkdir(parents=True, exist_ok=True)
    with (zip_of_files if is_zip(path) else folder_of_files)(path) as create:
        with create("manifest.csv") as file:
            write_rows(file, manifest(district), partial(advance, "manifest"))
        for name, (columns, rows) in FILES.items():
            with create(f"{name}.csv") as file:
                write_rows(file, chain([tuple(columns)], rows(district)), partial(advance, name))


@contextmanager
def progress_bar(rows_expected: int) -> Iterator[Advance]:
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("writing", total=rows_expected)
        yield lambda name, count: bar.update(task, description=name, advance=count)


def refuse_to_overwrite(path: Path) -> None:
    if path.is_dir() and not is_zip(path) and not any(path.iterdir()):
        return
    if path.exists():
        raise click.UsageError(f"{path} is there already: name another PATH, or replace it with --force")


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--students", default=1200, show_default=True, help="From 1 to 1,000,000.")
@click.option("--schools", default=3, show_default=True, help="From 1 to 10,000.")
@click.option("--seed", default=1, show_default=True, help="Another number, another district.")
@click.option("--results-per-student", default=20, show_default=True, help="The gradebook's size; 0 for none.")
@click.option("--force", is_flag=True, help="Replace what is at PATH.")
def make_district(path: Path, force: bool, students: int, results_per_student: int, **sizes: int) -> None:
    """Write an invented district to PATH as a OneRoster 1.2 bulk bundle.

    The bundle is a zip if PATH ends in .zip, else a folder. The same seed and sizes give the same bytes.
    """
    if not force:
        refuse_to_overwrite(path)
    try:
        with progress_bar(students * (14 + results_per_student * 6 // 5)) as advance:
            sizes |= {"students": students, "results_per_student": results_per_student}
            write_district(path, progress=advance, **sizes)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror or error}") from error
    click.echo(f"wrote {path}: {students:,} students")


if __name__ == "__main__":
    make_district()
