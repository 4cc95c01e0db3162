"""A mapping file: what the files, columns and words of a bundle mean that nobody can guess. It is written in TOML.

It is checked as a whole before anything is read: each mistake is told with its line and with what is allowed.
"""

import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from service.bundles.column_names import is_metadata
from service.bundles.files import File
from service.bundles.map_checks import COLUMNS, DEFAULTS, DROP, ENCODING, FILES_KEY, VALUES, Keys, choice, problems_of
from service.bundles.reading import Unreadable
from service.records.kinds import Kind

PROBLEMS_SHOWN = 20


class Unmapped(Unreadable):
    """The mapping file is wrong, or does not fit the bundle."""


@dataclass(frozen=True)
class FileMap:
    """What is mapped in one file: its columns, by what they are called there; the rest by names of the standard."""

    columns: Mapping[str, str] = field(default_factory=dict)
    drop: Sequence[str] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class RosterMap:
    """`files`: the standard's names by those in the bundle. `tables` are by the name of the file, without `.csv`."""

    name: str = ""
    text: str = ""
    encoding: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, FileMap] = field(default_factory=dict)

    def of(self, file: File) -> FileMap:
        return self.tables.get(file.name, NOTHING)

    def misfit(self, problems: Iterable[tuple[Keys, str]]) -> Unmapped:
        """What to raise if it does not fit the bundle."""
        return unmapped(self.name, self.text, [*problems])


NOTHING = FileMap()
NO_MAP = RosterMap()


def read_map(path: Path) -> RosterMap:
    """Raises Unmapped, with everything that is wrong with the file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = tomllib.loads(text)
    except OSError as error:
        raise Unmapped(f"{path.name}: {(error.strerror or str(error)).lower()}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unmapped(f"{path.name}: not TOML: {error}") from error
    if problems := [*problems_of(document)]:
        raise unmapped(path.name, text, problems)
    files, encoding = document.pop(FILES_KEY, {}), document.pop(ENCODING, "")
    tables = {name: FileMap(**table) for name, table in document.items()}
    return RosterMap(path.name, text, encoding, files, tables)


def unmapped(name: str, text: str, problems: Sequence[tuple[Keys, str]]) -> Unmapped:
    """A line for each problem, in the order of the file."""
    lines = lines_of(text)
    told = sorted((lines.get(keys, 1), problem) for keys, problem in problems)
    shown = [f"{name}, line {line}: {problem}" for line, problem in told[:PROBLEMS_SHOWN]]
    more = len(told) - PROBLEMS_SHOWN
    return Unmapped("\n".join(shown + ([f"and {more} more"] if more > 0 else [])))


def lines_of(text: str) -> dict[Keys, int]:
    """The line where each key stands, which tomllib does not tell: found by reading statement by statement."""
    found: dict[Keys, int] = {}
    header, statement, start = "", "", 1
    for end, line in enumerate(StringIO(text), start=1):
        statement += line
        opens = statement.lstrip().startswith("[")
        try:
            known = tomllib.loads(statement if opens else header + statement)
        except tomllib.TOMLDecodeError:
            continue  # a value that goes on
        for keys in paths(known):
            found.setdefault(keys, start)
        header = statement if opens else header
        statement, start = "", end + 1
    return found


def paths(table: Mapping[str, Any]) -> Iterator[Keys]:
    for name, value in table.items():
        yield (name,)
        if isinstance(value, dict):
            yield from ((name, *keys) for keys in paths(value))


def misfits(mapped: FileMap, file: File, cells: Collection[str]) -> Iterator[tuple[Keys, str]]:
    """What does not fit the header of this file, each with the keys that lead to it."""
    for cell in (*mapped.columns, *mapped.drop):
        if cell not in cells:
            keys = (file.name, COLUMNS, cell) if cell in mapped.columns else (file.name, DROP)
            yield keys, f"{file.csv_name} has no column {cell!r}; {choice(cell, cells)}"
    for cell, column in mapped.columns.items():
        if cell in cells and column in cells and column not in (*mapped.columns, *mapped.drop):
            yield (file.name, COLUMNS, cell), f"{file.csv_name} has a column {column} as well: drop one of them"
    named = [((COLUMNS, cell), column) for cell, column in mapped.columns.items() if not is_metadata(column)]
    named += [((DEFAULTS, column), column) for column in mapped.defaults]
    named += [((VALUES, column), column) for column in mapped.values]
    for keys, column in named:
        if column not in file.header:
            what = f"{column!r} is no column of {file.csv_name} in this version"
            yield (file.name, *keys), f"{what}; {choice(column, file.header)}"


def edit_of(map_: FileMap, column: str, kind: Kind | None) -> Callable[[str], str] | None:
    """What is to be done to the cells of a column, or None."""
    words, default = map_.values.get(column), map_.defaults.get(column)
    if words:
        translate = items_in(words) if kind in (Kind.LIST, Kind.LINKS) else lambda cell: words.get(cell, cell)
        return translate if default is None else lambda cell: filled(translate(cell), default)
    return None if default is None else lambda cell: filled(cell, default)


def filled(cell: str, default: str) -> str:
    return cell if cell and not cell.isspace() else default


def items_in(words: Mapping[str, str]) -> Callable[[str], str]:
    """The cell as a whole, or each item of the list that it holds."""

    def translate(cell: str) -> str:
        if cell in words:
            return words[cell]
        return ",".join(words.get(item.strip(), item) for item in cell.split(",")) if "," in cell else cell

    return translate
