"""A report as one page that needs nothing but itself: neither a server nor another file, nor its own script."""

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from itertools import chain
from typing import TextIO

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from service.bundles.causes import CONSEQUENCE
from service.bundles.report import COUNTS, Group, Issue, Report, shortened
from service.bundles.summary import counted, summary
from service.records.rules import Rule

SHOWN = 500  # issues of one rule in one file: a browser must cope, and nobody reads more
CAUSES_SHOWN = 100
PAGES = Environment(
    loader=PackageLoader("service.bundles", "page"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass
class Kept:
    """Of the issues of one rule in one file."""

    found: int = 0
    issues: list[Issue] = field(default_factory=list)


class HtmlSink:
    """Keeps the issues that the page shows, and writes it at the end, when causes and consequences are known."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.kept: dict[Rule, dict[str, Kept]] = defaultdict(lambda: defaultdict(Kept))

    def issue(self, issue: Issue) -> None:
        kept = self.kept[issue.rule][issue.file]
        kept.found += 1
        if kept.found <= SHOWN:
            kept.issues.append(replace(issue, value=shortened(issue.value)))

    def end(self, report: Report) -> None:
        pieces = PAGES.get_template("report.html.jinja").generate(
            report=report,
            summary=summary(report),
            now=datetime.now(UTC),
            style=inline("report.css"),
            script=inline("report.js"),
            links=Links(report, self.errors()),
            roots=self.whole(report.roots()),
            consequences=self.whole(report.consequences()),
            warned=self.whole(report.warned()),
            causes=report.causes.biggest(CAUSES_SHOWN),
            files=list(self.file_rows(report)),
            counted=counted,
            columns=COUNTS,
        )
        self.file.writelines(pieces)

    def whole(self, groups: Iterable[Group]) -> list[Group]:
        """With all issues that are kept, in the order of the lines of each file."""
        return [replace(group, samples=list(self.in_order(group.rule))) for group in groups]

    def in_order(self, rule: Rule) -> Iterator[Issue]:
        for kept in self.kept[rule].values():
            yield from sorted(kept.issues, key=lambda issue: issue.line)

    def errors(self) -> Iterator[Issue]:
        for rule, kept in self.kept.items():
            if rule.is_error and rule is not CONSEQUENCE:
                yield from chain.from_iterable(each.issues for each in kept.values())

    def file_rows(self, report: Report) -> Iterator[tuple[str, list[int | None]]]:
        """Of each file what was read, errors, warnings, and what became of its rows."""
        names = {report.file_of(name): name for name in report.counts}
        mentioned = (file for kept in self.kept.values() for file in kept)
        for file in dict.fromkeys([*names, *mentioned]):
            found = [(rule, kept[file].found) for rule, kept in self.kept.items() if file in kept]
            errors = sum(count for rule, count in found if rule.is_error)
            warnings = sum(count for rule, count in found if not rule.is_error)
            name = names.get(file, "")
            became = report.counted[name].values() if name else [None] * len(COUNTS)
            yield file, [report.read.get(name), errors, warnings, *became]


class Links:
    """From what is refused to the row on the page that says why."""

    def __init__(self, report: Report, errors: Iterable[Issue]) -> None:
        self.report = report
        self.unnamed = {(issue.file, issue.line) for issue in errors}
        self.shown = frozenset(self.unnamed)

    def name(self, issue: Issue) -> str:
        """The fragment of a row: of several about one line, the first one has it."""
        place = issue.file, issue.line
        if not issue.rule.is_error or issue.rule is CONSEQUENCE or place not in self.unnamed:
            return ""
        self.unnamed.remove(place)
        return fragment(*place)

    def to(self, file: str, line: int) -> str:
        """Empty if the page does not show it."""
        return fragment(file, line) if (file, line) in self.shown else ""

    def to_cause(self, issue: Issue) -> str:
        return self.to(*self.report.causes.root(issue.cause)) if issue.cause else ""


def fragment(file: str, line: int) -> str:
    return f"{file.replace(' ', '_')}-{line}"


def inline(name: str) -> tuple[Markup, str]:
    """A file of the page, and what names it in a Content-Security-Policy."""
    source = (files("service.bundles") / "page" / name).read_text(encoding="utf-8")
    return Markup(source), f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"  # noqa: S704  our own
