"""What a bundle says of itself in manifest.csv: its version, and which files it has, as bulk or as delta."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from itertools import islice

from service.bundles.files import FILES, MANIFEST, File
from service.bundles.reading import Bundle
from service.bundles.records import Record
from service.bundles.report import Issue, Report
from service.bundles.source import Source
from service.bundles.v1p1 import FILES_1_1
from service.records.rules import Rule

NAME = MANIFEST
HEADER = ["propertyName", "value"]
PROPERTIES_MAX = 1_000
LOOKED_AT = 100  # records of a file of which the manifest says nothing
VERSION = "oneroster.version"
PROPERTIES = (VERSION, *(f"file.{file.name}" for file in FILES))
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


def read_manifest(source: Source, report: Report) -> Manifest:
    """What the manifest says, or what the files look like where it says nothing."""
    properties = read_properties(source, report)
    version = stated_version(source, properties, report) or guessed_version(source)
    modes: dict[File, Mode] = {}
    for file in VERSIONS[version]:
        mode = mode_of(source, file, properties, report)
        if mode is not Mode.ABSENT:
            modes[file] = mode
    report_other_files(source.bundle, version, report)
    return Manifest(version, modes)


def read_properties(source: Source, report: Report) -> dict[str, Property]:
    if not source.has(NAME):
        report.add(Issue(NAME, 0, "", "", Rule.MANIFEST_MISSING))
        return {}
    with source.records(NAME) as reader:
        header, *records = [*islice(reader, PROPERTIES_MAX)] or [Record(1, [], None)]
        source.tell_form(reader, NAME, report)
    if header.cells != HEADER:
        report.add(Issue(NAME, 1, "", ",".join(header.cells), Rule.MANIFEST_VALUE, "propertyName,value"))
    found = {cells[0]: Property(line, cells[1]) for line, cells, fault in records if len(cells) > 1 and not fault}
    return found if source.strict else in_any_case(found, report)


def in_any_case(properties: dict[str, Property], report: Report) -> dict[str, Property]:
    """`file.Users` goes with a file Users.csv."""
    meant = {name.lower(): name for name in PROPERTIES}
    for name, found in [*properties.items()]:
        known = meant.get(name.strip().lower(), name)
        if known not in properties:
            report.add(Issue(NAME, found.line, name[:100], found.value, Rule.MANIFEST_VALUE, f"read as {known}"))
            properties[known] = found
    return properties


def stated_version(source: Source, properties: Mapping[str, Property], report: Report) -> str | None:
    stated = properties.get(VERSION)
    meant = (stated.value if source.strict else stated.value.strip()) if stated else ""
    if not properties or meant in VERSIONS:
        return meant or None
    line, value = (stated.line, stated.value) if stated else (0, "")
    rule = Rule.VERSION if stated or source.strict else Rule.VERSION_MISSING
    report.add(Issue(NAME, line, VERSION, value, rule))
    return None


def guessed_version(source: Source) -> str:
    """1.1 if the files have columns that 1.2 gave up."""
    older = {file.name: file for file in FILES_1_1}
    for name, column in ONLY_1_1.items():
        if source.has(older[name].csv_name) and column in source.columns(older[name]):
            return "1.1"
    return "1.2"


def mode_of(source: Source, file: File, properties: Mapping[str, Property], report: Report) -> Mode:
    """ABSENT if there is nothing to read."""
    stated, there = properties.get(f"file.{file.name}"), source.has(file.csv_name)
    if stated is None:
        if there and properties:
            report.add(Issue(file.csv_name, 0, "", "", Rule.MANIFEST_INCOMPLETE))
        return guessed_mode(source, file) if there else Mode.ABSENT
    mode = parse_mode(file, stated, report)
    if mode is Mode.ABSENT and there:
        report.add(Issue(file.csv_name, 0, "", "", Rule.FILE_UNANNOUNCED))
    elif mode is not Mode.ABSENT and not there and (source.strict or stated.value.strip()):
        report.add(Issue(file.csv_name, 0, "", "", Rule.FILE_ABSENT))
    return (mode or guessed_mode(source, file)) if there else Mode.ABSENT


def parse_mode(file: File, stated: Property, report: Report) -> Mode | None:
    """None if the manifest has a word of its own."""
    if stated.value not in MODES:
        report.add(Issue(NAME, stated.line, f"file.{file.name}", stated.value, Rule.MANIFEST_VALUE))
    return MODES.get(stated.value.strip().lower())


def guessed_mode(source: Source, file: File) -> Mode:
    """Delta if the first rows have a status: only a bulk file may retire rows, so a doubt makes no harm."""
    _, *rows = source.first_records(file.csv_name, LOOKED_AT) or [Record(1, [], None)]
    columns = source.columns(file)
    stated = [dict(zip(columns, row.cells, strict=False)).get("status") for row in rows]
    return Mode.DELTA if stated and all(stated) else Mode.BULK


def report_other_files(bundle: Bundle, version: str, report: Report) -> None:
    known = {NAME.lower(): NAME} | {file.csv_name.lower(): file.csv_name for file in VERSIONS[version]}
    for name in sorted(set(bundle.sizes) - set(known.values())):
        close = get_close_matches(name.lower(), set(known) - {*bundle.sizes}, n=1, cutoff=0.85)
        if close:
            report.add(Issue(name[:100], 0, "", "", Rule.FILE_NAME, f"did you mean {known[close[0]]}?"))
        else:
            report.add(Issue(name[:100], 0, "", "", Rule.FILE_UNKNOWN))
