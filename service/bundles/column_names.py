"""Which column of the standard a cell of a header means, where it is not the name of one."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from service.bundles.aliases import alias
from service.bundles.files import METADATA, File
from service.records.rules import Rule

CLOSE = 0.85  # how alike two names are of which one was probably meant
NEAR_MAX = 3
TYPO_LETTERS = 5  # from here on, one wrong letter leaves no doubt what was meant
NAME_MAX = 100

Candidates = Callable[[str, Collection[str]], list[str]]  # the columns of those that are free that a name may mean


@dataclass
class Names:
    """What the cells of one header mean.

    `read`: the column that a cell is read as, and the rule that says so. `doubtful`: columns that it may mean.
    """

    read: dict[str, tuple[str, Rule]] = field(default_factory=dict)
    doubtful: dict[str, list[str]] = field(default_factory=dict)


def recognise(file: File, strange: Collection[str], used: Collection[str], *, strict: bool) -> Names:
    """`strange` are the cells that are no column's name, `used` those that are. Strictly, none is read as another.

    Other capitals count before names of other systems, and these before a typo: what a surer way has found is used
    when it comes to the next one.
    """
    names, used = Names(), {*used}
    rounds = () if strict else ROUNDS
    for rule, candidates_of in ((rule, ways(file)) for rule, ways in rounds):
        left = [cell for cell in strange if cell not in names.read]
        found = {cell: candidates_of(cell, free(file, used)) for cell in left}
        wanted = Counter(column for columns in found.values() for column in columns)
        for cell, columns in found.items():
            if len(columns) == 1 and wanted[columns[0]] == 1:
                names.read[cell] = (columns[0], rule)
                used.add(columns[0])
            elif columns:
                names.doubtful.setdefault(cell, columns)
    for cell in strange:
        if cell not in names.read and (near := close_to(cell, free(file, used))):
            names.doubtful.setdefault(cell, near)
    names.doubtful = {cell: columns for cell, columns in names.doubtful.items() if cell not in names.read}
    return names


def free(file: File, used: Collection[str]) -> list[str]:
    return [name for name in file.header if name not in used]


def is_metadata(name: str) -> bool:
    return name.startswith(METADATA) and len(name) > len(METADATA)


def letters(name: str) -> str:
    """What of a name counts, whoever wrote it: `Given Name`, `given_name` and `givenName` are one."""
    return "".join(filter(str.isalnum, name[:NAME_MAX])).lower()


def by_letters(_file: File) -> Candidates:
    def candidates(cell: str, columns: Collection[str]) -> list[str]:
        if meant := metadata_of(cell):
            return [meant]
        return [column for column in columns if letters(column) == letters(cell)]

    return candidates


def metadata_of(cell: str) -> str:
    """`metadata.x` for ` Metadata.x`, and "" for what is no such name."""
    stripped = cell.strip()
    rest = stripped[len(METADATA) :] if stripped.lower().startswith(METADATA) else ""
    return METADATA + rest if rest else ""


def by_alias(file: File) -> Candidates:
    def candidates(cell: str, columns: Collection[str]) -> list[str]:
        meant = alias(file.name, letters(cell))
        return [meant] if meant in columns else []

    return candidates


def by_typo(_file: File) -> Candidates:
    def candidates(cell: str, columns: Collection[str]) -> list[str]:
        return [column for column in columns if is_typo(letters(cell), letters(column))]

    return candidates


ROUNDS = ((Rule.COLUMN_SPELLING, by_letters), (Rule.COLUMN_ALIAS, by_alias), (Rule.COLUMN_SPELLING, by_typo))


def is_typo(one: str, other: str) -> bool:
    """One letter more, less or other, or two in each other's place. A digit is none: `email2` is a second one."""
    shorter = min(len(one), len(other))
    same = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    left, right = one[same:], other[same:]
    if shorter < TYPO_LETTERS or any(map(str.isdigit, left[:1] + right[:1])):
        return False
    swapped = left[:2] == right[1::-1] and left[2:] == right[2:]
    return swapped or left[1:] in (right, right[1:]) or left == right[1:]


def close_to(cell: str, columns: Iterable[str]) -> list[str]:
    """The columns that were probably meant, if there are any; the nearest one first."""
    if cell.strip().lower().startswith(METADATA):
        return [metadata_of(cell) or f"{METADATA}x"]
    wanted: Mapping[str, str] = {column.lower(): column for column in columns}
    near = get_close_matches(cell.strip().lower()[:NAME_MAX], wanted, n=NEAR_MAX, cutoff=CLOSE)
    return [wanted[name] for name in near]
