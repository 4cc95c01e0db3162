"""A bundle as it is to be read: which file of the standard each of its files is, and how to get at the records."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice

from service.bundles.files import File
from service.bundles.headers import columns_of
from service.bundles.map_checks import FILES_KEY, TARGETS, Keys, choice
from service.bundles.mapping import NO_MAP, RosterMap, misfits
from service.bundles.reading import Bundle, Unreadable, nothing_at_top
from service.bundles.records import Record, Records
from service.bundles.report import Issue, Report
from service.records.rules import Rule


@dataclass(frozen=True)
class Source:
    """`strict`: nothing is repaired. `roster_map` is what a mapping file says, `dates` the order of day and month if
    that is known."""

    bundle: Bundle
    strict: bool = False
    roster_map: RosterMap = NO_MAP
    dates: str | None = None

    def has(self, name: str) -> bool:
        return name in self.bundle.sizes

    @contextmanager
    def records(self, name: str) -> Iterator[Records]:
        """Raises Unreadable, as reading from it may."""
        own, encoding = self.bundle.own_name(name), self.roster_map.encoding
        with self.bundle.open(name) as stream:
            yield Records(stream, own, strict=self.strict, encoding=encoding)

    def first_records(self, name: str, count: int) -> list[Record]:
        with self.records(name) as records:
            return list(islice(records, count))

    def columns(self, file: File) -> list[str]:
        """Those that the cells of the file's header mean."""
        mapped = self.roster_map.of(file)
        header = self.first_records(file.csv_name, 1) or [Record(1, [], None)]
        return columns_of(file, header[0].cells, strict=self.strict, mapped=mapped)

    def check_map(self, files: Iterable[File]) -> None:
        """Raises Unmapped if the mapping file does not fit the headers of these files."""
        problems: list[tuple[Keys, str]] = []
        for file in files:
            if file.name in self.roster_map.tables:
                header = self.first_records(file.csv_name, 1) or [Record(1, [], None)]
                problems += misfits(self.roster_map.of(file), file, header[0].cells)
        if problems:
            raise self.roster_map.misfit(problems)

    def tell_encoding(self, records: Records, name: str, report: Report) -> None:
        """Once its records are read: some show late that they are not UTF-8."""
        if records.encoding and not self.roster_map.encoding:
            report.add(Issue(name, 0, "", records.encoding, Rule.ENCODING))


def source_of(
    bundle: Bundle, roster_map: RosterMap | None, report: Report, *, strict: bool, dates: str | None = None
) -> Source:
    """Reports what is read as a file of another name. Raises Unreadable, and Unmapped if the map does not fit."""
    known = roster_map or NO_MAP
    return Source(name_files(bundle, known, report, strict=strict), strict, known, dates)


def name_files(bundle: Bundle, roster_map: RosterMap, report: Report, *, strict: bool) -> Bundle:
    """The bundle with its files by the standard's names: what the mapping file says, then those in other capitals.

    Raises Unreadable, and Unmapped if the mapping file does not fit.
    """
    if bundle.folder and strict:
        raise Unreadable(nothing_at_top(bundle.folder))
    if bundle.folder:
        report.add(Issue(bundle.folder[:100], 0, "", "", Rule.FILE_FOLDER))
    if problems := [*misnamed(bundle, roster_map)]:
        raise roster_map.misfit(problems)
    names = {target: name for name, target in roster_map.files.items()}
    for known in TARGETS:
        variants = [name for name in bundle.sizes if name.lower() == known.lower() and name not in roster_map.files]
        if not strict and len(variants) == 1 and variants != [known] and known not in names:
            names[known] = variants[0]
            report.add(Issue(variants[0][:100], 0, "", "", Rule.FILE_CASE, f"read as {known}"))
    for known, name in names.items():
        report.name_file(known, name)
    return renamed(bundle, names)


def misnamed(bundle: Bundle, roster_map: RosterMap) -> Iterator[tuple[Keys, str]]:
    for name, target in roster_map.files.items():
        if name not in bundle.sizes:
            yield (FILES_KEY, name), f"the bundle has no file {name!r}; {choice(name, sorted(bundle.sizes))}"
        elif target in bundle.sizes and target not in roster_map.files:
            yield (FILES_KEY, name), f"the bundle has a file {target} as well: only one can be read"


def renamed(bundle: Bundle, names: dict[str, str]) -> Bundle:
    """`names`: the bundle's own by those of the standard."""
    own = {name: known for known, name in names.items()}
    sizes = {own.get(name, name): size for name, size in bundle.sizes.items()}
    return replace(bundle, sizes=sizes, own_names=names)
