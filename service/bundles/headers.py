"""Which cell of a row is what, as the header row says, and the mapping file."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from service.bundles.aliases import CELLS
from service.bundles.column_names import Names, is_metadata, letters, recognise
from service.bundles.files import METADATA, File
from service.bundles.mapping import NOTHING, FileMap, edit_of
from service.bundles.reading import Unreadable
from service.bundles.report import Issue, Report
from service.records.kinds import Field
from service.records.rules import Rule

COLUMNS_MAX = 500
TOLD_BY = {"schoolYear": "endDate"}  # columns that a file may lack, and what tells their values


@dataclass(frozen=True)
class Layout:
    """Positions of the fields and of the `metadata.x` columns. `usable`: no breach that spoils every row.

    `width` is the number of cells with a name, `header_width` that of all. `added` is what a mapping file puts at the
    end of every row, `edits` what it does to the cells there and before. `repairs`: what can be read in only one way is
    read, though the standard has it otherwise.
    """

    file: File
    width: int
    fields: tuple[tuple[int, Field], ...]
    metadata: tuple[tuple[int, str], ...]
    usable: bool
    header_width: int = 0
    added: tuple[str, ...] = ()
    edits: tuple[tuple[int, Callable[[str], str]], ...] = ()
    repairs: bool = True

    def position(self, name: str) -> int | None:
        return next((position for position, field in self.fields if field.name == name), None)

    @property
    def derivable(self) -> tuple[Field, ...]:
        """Fields without a column, though rows need them, that another column tells."""
        lacking = [field for field in self.file.fields if self.repairs and self.position(field.name) is None]
        return tuple(field for field in lacking if self.position(TOLD_BY.get(field.name, "")) is not None)

    def edit(self, rows: Sequence[list[str]]) -> None:
        if self.added or self.edits:
            for row in rows:
                row += self.added
                for at, change in self.edits:
                    row[at] = change(row[at])


def read_header(
    file: File, cells: Sequence[str], report: Report, *, strict: bool = False, mapped: FileMap = NOTHING
) -> Layout:
    if len(cells) > COLUMNS_MAX:
        raise Unreadable(f"{file.csv_name}: {len(cells):,} columns, and at most {COLUMNS_MAX} are allowed")
    named = [*cells] if strict else without_blank_end(cells)
    names = understand(file, named, strict=strict, mapped=mapped)
    columns = [column_of(cell, names, mapped) for cell in named]
    told = [] if strict else [name for name, other in TOLD_BY.items() if other in columns]
    flaws = [*header_flaws(file, named, columns, names, mapped)]
    flaws += missing_flaws(file, [*columns, *told], names, mapped)
    if len(named) < len(cells):
        flaws.append(flaw(file, "", Rule.COLUMN_BLANK, f"{len(cells) - len(named)} at the end"))
    for issue in flaws:
        report.add(issue)
    report.name_columns(file.csv_name, dict(zip(columns, named, strict=True)))
    edits = tuple(edits_of(file, named, columns, mapped))
    added = {name: value for name, value in mapped.defaults.items() if name not in columns}
    columns += added
    known = {field.name: field for field in file.fields}
    return Layout(
        file,
        len(named),
        tuple((at, known[name]) for at, name in enumerate(columns) if name in known),
        tuple((at, name.removeprefix(METADATA)) for at, name in enumerate(columns) if is_metadata(name)),
        usable=not any(issue.rule.is_error for issue in flaws),
        header_width=len(cells),
        added=tuple(added.values()),
        edits=edits,
        repairs=not strict,
    )


def without_blank_end(cells: Sequence[str]) -> list[str]:
    filled = [at for at, cell in enumerate(cells, start=1) if cell.strip()]
    return [*cells[: max(filled, default=len(cells))]]


def understand(file: File, cells: Sequence[str], *, strict: bool, mapped: FileMap = NOTHING) -> Names:
    """What the cells mean that are no column's name; what is mapped is not looked at."""
    own = {*mapped.columns, *mapped.drop}
    used = {cell for cell in cells if cell not in own and (cell in file.header or is_metadata(cell))}
    strange = [cell for cell in cells if cell not in own and cell not in used]
    return recognise(file, strange, used | {*mapped.columns.values()}, strict=strict)


def columns_of(file: File, cells: Sequence[str], *, strict: bool, mapped: FileMap = NOTHING) -> list[str]:
    """The columns that the cells of a header mean, as far as that is clear."""
    names = understand(file, cells, strict=strict, mapped=mapped)
    return [column_of(cell, names, mapped) for cell in cells]


def column_of(cell: str, names: Names, mapped: FileMap) -> str:
    """The cell itself, if it is the name of a column, or of none."""
    if cell in mapped.drop:
        return ""
    column, _ = names.read.get(cell, (cell, None))
    return mapped.columns.get(cell, column)


def header_flaws(
    file: File, cells: Sequence[str], columns: Sequence[str], names: Names, mapped: FileMap
) -> Iterator[Issue]:
    """What is to be said of the header; `columns` are what its cells mean."""
    for cell, meant in names.doubtful.items():
        yield flaw(file, cell, Rule.COLUMN_NAME, f"did you mean {' or '.join(meant)}?")
    for cell, (column, rule) in names.read.items():
        yield flaw(file, cell, rule, f"read as {column}")
    for cell, column in zip(cells, columns, strict=True):
        if not is_known(file, column) and cell not in (*names.doubtful, *mapped.drop):
            yield flaw(file, cell, Rule.COLUMN_UNKNOWN)
    twice = [name for name, count in Counter(columns).items() if count > 1 and name]
    yield from (flaw(file, name, Rule.COLUMN_TWICE) for name in twice)
    order = [file.header.index(name) if name in file.header else len(file.header) for name in columns if name]
    if order != sorted(order):
        yield flaw(file, "", Rule.COLUMN_ORDER)


def missing_flaws(file: File, columns: Sequence[str], names: Names, mapped: FileMap) -> Iterator[Issue]:
    """Of a column that was dropped it is no news, unless every row needs it."""
    doubted = {column for meant in names.doubtful.values() for column in meant}
    for each in file.fields:
        known = each.name in (*columns, *mapped.defaults, *doubted)
        if not known and (each.required or each.name not in mapped.drop):
            yield flaw(file, each.name, missing_rule(each))


def is_known(file: File, column: str) -> bool:
    return column in file.header or is_metadata(column)


def edits_of(
    file: File, cells: Sequence[str], columns: Sequence[str], mapped: FileMap
) -> Iterator[tuple[int, Callable[[str], str]]]:
    kinds = {each.name: each.kind for each in file.fields}
    for at, (cell, column) in enumerate(zip(cells, columns, strict=True)):
        if cell != column and (change := CELLS.get((file.name, letters(cell)))):
            yield at, change
        if change := edit_of(mapped, column, kinds.get(column)):
            yield at, change


def flaw(file: File, name: str, rule: Rule, hint: str = "") -> Issue:
    return Issue(file.csv_name, 1, name[:100], "", rule, hint)


def missing_rule(field: Field) -> Rule:
    return Rule.COLUMN_REQUIRED if field.required else Rule.COLUMN_MISSING
