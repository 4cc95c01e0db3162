"""What a bundle says of itself in manifest.csv: its version, and which files it has, as bulk or as delta."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from itertools import islice

from service.bundles.files import FILE, FILES, File
from service.bundles.reading import Bundle
from service.bundles.records import Record, Records
from service.bundles.report import Issue, Report
from service.bundles.v1p1 import FILES_1_1
from service.records.rules import Rule

NAME = "manifest.csv"
HEADER = ["propertyName", "value"]
PROPERTIES_MAX = 1_000
VERSIONS: Mapping[str, tuple[File, ...]] = {"1.2": FILES, "1.1": FILES_1_1}
ONLY_1_1 = {"users": "orgSourcedIds", "lineItems": "gradingPeriodSourcedId"}


class Mode(StrEnum):
    BULK = "bulk"
    DELTA = "delta"
    ABSENT = "absent"


MODES = {mode.value: mode for mode in Mode}


@dataclass(frozen=True)
class Property:
    line: int
    value: str


@dataclass(frozen=True)
class Manifest:
    """`modes` of the files to read, in the order in which to read them."""

    version: str
    modes: Mapping[File, Mode]


def read_manifest(bundle: Bundle, report: Report) -> Manifest:
    """What the manifest says, or what the files look like where it says nothing."""
    properties = read_properties(bundle, report)
    version = stated_version(properties, report) or guessed_version(bundle)
    modes: dict[File, Mode] = {}
    for file in VERSIONS[version]:
        mode = mode_of(bundle, file, properties, report)
        if mode is not Mode.ABSENT:
            modes[file] = mode
    report_other_files(bundle, version, report)
    return Manifest(version, modes)


def read_properties(bundle: Bundle, report: Report) -> dict[str, Property]:
    if NAME not in bundle.sizes:
        report.add(Issue(NAME, 0, "", "", Rule.MANIFEST_MISSING))
        return {}
    header, *records = first_records(bundle, NAME, PROPERTIES_MAX) or [Record(1, [], None)]
    if header.cells != HEADER:
        report.add(Issue(NAME, 1, "", ",".join(header.cells), Rule.MANIFEST_VALUE, "propertyName,value"))
    return {cells[0]: Property(line, cells[1]) for line, cells, fault in records if len(cells) > 1 and not fault}


def first_records(bundle: Bundle, name: str, count: int) -> list[Record]:
    with bundle.open(name) as stream:
        return list(islice(Records(stream, name), count))


def stated_version(properties: Mapping[str, Property], report: Report) -> str | None:
    stated = properties.get("oneroster.version")
    if not properties or (stated and stated.value in VERSIONS):
        return stated.value if stated else None
    line, value = (stated.line, stated.value) if stated else (0, "")
    report.add(Issue(NAME, line, "oneroster.version", value, Rule.VERSION))
    return None


def guessed_version(bundle: Bundle) -> str:
    """1.1 if the files have columns that 1.2 gave up."""
    for name, column in ONLY_1_1.items():
        csv_name = FILE[name].csv_name
        if csv_name in bundle.sizes:
            for record in first_records(bundle, csv_name, 1):
                if column in record.cells:
                    return "1.1"
    return "1.2"


def mode_of(bundle: Bundle, file: File, properties: Mapping[str, Property], report: Report) -> Mode:
    """ABSENT if there is nothing to read."""
    stated, there = properties.get(f"file.{file.name}"), file.csv_name in bundle.sizes
    if stated is None:
        if there and properties:
            report.add(Issue(file.csv_name, 0, "", "", Rule.MANIFEST_INCOMPLETE))
        return guessed_mode(bundle, file) if there else Mode.ABSENT
    mode = parse_mode(file, stated, report)
    if mode is Mode.ABSENT and there:
        report.add(Issue(file.csv_name, 0, "", "", Rule.FILE_UNANNOUNCED))
    elif mode is not Mode.ABSENT and not there:
        report.add(Issue(file.csv_name, 0, "", "", Rule.FILE_ABSENT))
    return (mode or guessed_mode(bundle, file)) if there else Mode.ABSENT


def parse_mode(file: File, stated: Property, report: Report) -> Mode | None:
    """None if the manifest has a word of its own."""
    if stated.value not in MODES:
        report.add(Issue(NAME, stated.line, f"file.{file.name}", stated.value, Rule.MANIFEST_VALUE))
    return MODES.get(stated.value.strip().lower())


def guessed_mode(bundle: Bundle, file: File) -> Mode:
    """Delta if the first row has a status: only a bulk file may retire rows, so a doubt makes no harm."""
    header, *rows = first_records(bundle, file.csv_name, 2) or [Record(1, [], None)]
    row = dict(zip(header.cells, rows[0].cells, strict=False)) if rows else {}
    return Mode.DELTA if row.get("status") else Mode.BULK


def report_other_files(bundle: Bundle, version: str, report: Report) -> None:
    known = {NAME.lower(): NAME} | {file.csv_name.lower(): file.csv_name for file in VERSIONS[version]}
    for name in sorted(set(bundle.sizes) - set(known.values())):
        close = get_close_matches(name.lower(), set(known) - {*bundle.sizes}, n=1, cutoff=0.85)
        if close:
            report.add(Issue(name[:100], 0, "", "", Rule.FILE_NAME, f"did you mean {known[close[0]]}?"))
        else:
            report.add(Issue(name[:100], 0, "", "", Rule.FILE_UNKNOWN))
