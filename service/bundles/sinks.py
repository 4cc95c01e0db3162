"""The files that a report is written to, issue by issue."""

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from service.bundles.report import COLUMNS, Issue, Report, Sink
from service.bundles.report_page import HtmlSink

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet run a cell


class CsvSink:
    """A row for each issue, then one for each count, with the count's name as field and no rule."""

    def __init__(self, file: TextIO) -> None:
        self.writer = csv.DictWriter(file, COLUMNS, restval="")
        self.writer.writeheader()

    def issue(self, issue: Issue) -> None:
        self.writer.writerow({name: unarmed(cell) for name, cell in issue.as_row().items()})

    def end(self, report: Report) -> None:
        for name, counts in report.counted.items():
            for field, value in counts.items():
                self.writer.writerow({"file": name, "field": field, "value": value, "severity": "count"})


def unarmed(cell: str | int) -> str | int:
    """The names of files and columns are the sender's as well."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


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


SINKS: Mapping[str, Callable[[TextIO], Sink]] = {".csv": CsvSink, ".json": JsonSink, ".html": HtmlSink}


@contextmanager
def report_to(path: Path) -> Iterator[Sink]:
    """Readable by its owner only: reported values are people's data. KeyError for an unknown suffix."""
    sink_for = SINKS[path.suffix.lower()]
    with open(path, "w", encoding="utf-8", newline="", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        yield sink_for(file)
