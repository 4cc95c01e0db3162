"""Which cell of a row is what, as the header row says."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from service.bundles.files import METADATA, File
from service.bundles.reading import Unreadable
from service.bundles.report import Issue, Report
from service.records.kinds import Field
from service.records.rules import Rule

COLUMNS_MAX = 500
TOLD_BY = {"schoolYear": "endDate"}  # columns that a file may lack, and what tells their values


@dataclass(frozen=True)
class Layout:
    """Positions of the fields and of the `metadata.x` columns. `usable`: no breach that spoils every row.

    `repairs`: what can be read in only one way is read, though the standard has it otherwise.
    """

    file: File
    width: int
    fields: tuple[tuple[int, Field], ...]
    metadata: tuple[tuple[int, str], ...]
    usable: bool
    repairs: bool = True

    def position(self, name: str) -> int | None:
        return next((position for position, field in self.fields if field.name == name), None)

    @property
    def derivable(self) -> tuple[Field, ...]:
        """Fields without a column, though rows need them, that another column tells."""
        lacking = [field for field in self.file.fields if self.repairs and self.position(field.name) is None]
        return tuple(field for field in lacking if self.position(TOLD_BY.get(field.name, "")) is not None)


def read_header(file: File, cells: Sequence[str], report: Report, *, strict: bool = False) -> Layout:
    if len(cells) > COLUMNS_MAX:
        raise Unreadable(f"{file.csv_name}: {len(cells):,} columns, and at most {COLUMNS_MAX} are allowed")
    flaws = [*header_flaws(file, cells, strict=strict)]
    for issue in flaws:
        report.add(issue)
    known = {field.name: field for field in file.fields}
    return Layout(
        file,
        len(cells),
        tuple((at, known[name]) for at, name in enumerate(cells) if name in known),
        tuple((at, name.removeprefix(METADATA)) for at, name in enumerate(cells) if is_metadata(name)),
        usable=not any(issue.rule.is_error for issue in flaws),
        repairs=not strict,
    )


def header_flaws(file: File, cells: Sequence[str], *, strict: bool) -> list[Issue]:
    missing = [field for field in file.fields if field.name not in cells]
    strange = [name for name in cells if name not in file.header and not is_metadata(name)]
    order = [file.header.index(name) if name in file.header else len(file.header) for name in cells]
    near = {name: close for name in strange if (close := closest(name, missing))}
    return [
        *(flaw(file, name, Rule.COLUMN_NAME, f"did you mean {near[name]}?") for name in near),
        *(flaw(file, name, Rule.COLUMN_UNKNOWN) for name in strange if name not in near),
        *(flaw(file, name, Rule.COLUMN_TWICE) for name, count in Counter(cells).items() if count > 1 and name),
        *(
            flaw(file, field.name, missing_rule(field))
            for field in missing
            if field.name not in near.values() and not (not strict and TOLD_BY.get(field.name) in cells)
        ),
        *([] if order == sorted(order) else [flaw(file, "", Rule.COLUMN_ORDER)]),
    ]


def flaw(file: File, name: str, rule: Rule, hint: str = "") -> Issue:
    return Issue(file.csv_name, 1, name[:100], "", rule, hint)


def missing_rule(field: Field) -> Rule:
    return Rule.COLUMN_REQUIRED if field.required else Rule.COLUMN_MISSING


def is_metadata(name: str) -> bool:
    return name.startswith(METADATA) and len(name) > len(METADATA)


def closest(name: str, missing: Sequence[Field]) -> str | None:
    """The missing column that was probably meant."""
    if name.strip().lower().startswith(METADATA):
        return f"{METADATA}{name.strip()[len(METADATA) :] or 'x'}"
    wanted = {field.name.lower(): field.name for field in missing}
    found = get_close_matches(name.strip().lower()[:100], wanted, n=1, cutoff=0.85)
    return wanted[found[0]] if found else None
