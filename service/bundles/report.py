"""What an import found and did. Issues go to a file as they arise; counts and samples stay in memory."""

import csv
import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Protocol, TextIO

from service.records.rules import Rule

SAMPLES = 5  # issues that are kept of each rule
VALUE_MAX = 200  # characters of a cell
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet run a cell


@dataclass(frozen=True, slots=True)
class Issue:
    """One breach. `line` is 0 where a whole file is meant; the hint says what was probably meant. `cause` is the place
    of the breach behind it, such as `orgs.csv line 2`, where a reference leads to a row that was refused."""

    file: str
    line: int
    field: str
    value: str
    rule: Rule
    hint: str = ""
    cause: str = ""

    def as_row(self) -> dict[str, str | int]:
        return {
            "file": self.file,
            "line": self.line,
            "field": self.field,
            "value": self.value[:VALUE_MAX],
            "rule": self.rule.label,
            "severity": self.rule.severity.value,
            "hint": self.hint,
            "cause": self.cause,
        }


COLUMNS = ("file", "line", "field", "value", "rule", "severity", "hint", "cause")


@dataclass
class Counts:
    """Rows of one file. Deleted: marked so by the bundle; retired: because the bundle no longer has them."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    refused: int = 0
    retired: int = 0

    @property
    def changed(self) -> int:
        return self.created + self.updated + self.deleted + self.retired


COUNTS = tuple(field.name for field in fields(Counts))


class Sink(Protocol):
    """Where every issue goes."""

    def issue(self, issue: Issue) -> None: ...

    def end(self, report: "Report") -> None: ...


class Report:
    """`watch(act, done, total)` is told how far the work has come; done and total are bytes, or 0 of 0.

    `listen` hears of every issue by the names of the standard; all else has the bundle's own beside them.
    """

    def __init__(self, sink: Sink | None = None, watch: Callable[[str, int, int], None] = lambda *_: None) -> None:
        self.sink = sink
        self.watch = watch
        self.listen: Callable[[Issue], None] | None = None
        self.own_names: dict[tuple[str, str], str] = {}  # by file and field; the field is "" for the file itself
        self.found: Counter[Rule] = Counter()
        self.samples: dict[Rule, list[Issue]] = defaultdict(list)
        self.counts: dict[str, Counts] = defaultdict(Counts)
        self.loaded = False

    def name_file(self, csv_name: str, own: str) -> None:
        """In the bundle, the file has another name."""
        self.own_names[csv_name, ""] = own

    def name_columns(self, csv_name: str, own: Mapping[str, str]) -> None:
        """What the columns are called in the file."""
        self.own_names |= {(csv_name, name): other for name, other in own.items() if name != other and name}

    def as_in_bundle(self, issue: Issue) -> Issue:
        """Both names where they differ: the bundle's own, and the standard's in brackets."""
        own = self.own_names
        file, field = own.get((issue.file, ""), ""), own.get((issue.file, issue.field), "") if issue.field else ""
        return replace(
            issue,
            file=f"{file} ({issue.file})" if file else issue.file,
            field=f"{field} ({issue.field})" if field else issue.field,
        )

    def add(self, issue: Issue) -> None:
        if self.listen:
            self.listen(issue)
        if self.own_names:
            issue = self.as_in_bundle(issue)
        self.found[issue.rule] += 1
        if len(self.samples[issue.rule]) < SAMPLES:
            self.samples[issue.rule].append(issue)
        if self.sink:
            self.sink.issue(issue)

    @property
    def errors(self) -> int:
        return sum(count for rule, count in self.found.items() if rule.is_error)

    @property
    def warnings(self) -> int:
        return self.found.total() - self.errors

    @property
    def counted(self) -> Mapping[str, Mapping[str, int]]:
        """`{"users": {"created": 3, …}}`."""
        return {name: asdict(counts) for name, counts in self.counts.items()}


class CsvSink:
    """A row for each issue, then one for each count, with the count's name as field and no rule."""

    def __init__(self, file: TextIO) -> None:
        self.writer = csv.DictWriter(file, COLUMNS, restval="")
        self.writer.writeheader()

    def issue(self, issue: Issue) -> None:
        row = issue.as_row()
        if issue.value.startswith(FORMULA):
            row["value"] = f"'{row['value']}"
        self.writer.writerow(row)

    def end(self, report: Report) -> None:
        for name, counts in report.counted.items():
            for field, value in counts.items():
                self.writer.writerow({"file": name, "field": field, "value": value, "severity": "count"})


class JsonSink:
    """`{"issues": […], "counts": {"users": {…}}, "errors": 0, "warnings": 0, "loaded": true}`."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.separator = "\n"
        file.write('{"issues": [')

    def issue(self, issue: Issue) -> None:
        self.file.write(self.separator + json.dumps(issue.as_row(), ensure_ascii=False))
        self.separator = ",\n"

    def end(self, report: Report) -> None:
        rest = {
            "counts": report.counted,
            "errors": report.errors,
            "warnings": report.warnings,
            "loaded": report.loaded,
        }
        self.file.write("\n], " + json.dumps(rest)[1:] + "\n")


SINKS: Mapping[str, Callable[[TextIO], Sink]] = {".csv": CsvSink, ".json": JsonSink}


@contextmanager
def report_to(path: Path) -> Iterator[Sink]:
    """Readable by its owner only: reported values are people's data. KeyError for an unknown suffix."""
    sink_for = SINKS[path.suffix.lower()]
    with open(path, "w", encoding="utf-8", newline="", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        yield sink_for(file)
