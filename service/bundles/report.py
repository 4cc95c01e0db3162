"""What an import found and did: its issues in groups, and which row took which others with it.

Issues go to a file as they arise; counts and a few examples stay in memory.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Protocol

from service.bundles.causes import CONSEQUENCE, Causes
from service.records.rules import Rule

SAMPLES = 5  # issues that are kept of each rule
VALUE_MAX = 200  # characters of a cell
FATAL = (Rule.VERSION, Rule.RETIRE_LIMIT)  # refuse the bundle, whatever the options say


@dataclass(frozen=True, slots=True)
class Issue:
    """One breach. `line` is 0 where a whole file is meant; the hint says what was probably meant.

    `cause` is where it began if the row is refused because of another one: "orgs.csv line 2".
    """

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


def shortened(text: str, most: int = VALUE_MAX) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


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


@dataclass(frozen=True, slots=True)
class Group:
    """The issues of one rule, and some of them."""

    rule: Rule
    found: int
    samples: Sequence[Issue]


class Sink(Protocol):
    """Where every issue goes."""

    def issue(self, issue: Issue) -> None: ...

    def end(self, report: "Report") -> None: ...


class Report:
    """`watch(act, done, total)` is told how far the work has come; done and total are bytes, or 0 of 0.

    `listen` hears of every issue by the names of the standard; all else has the bundle's own beside them.
    `accepted` says whether the bundle was, or None as long as nobody knows; `loaded`, whether it is stored.
    """

    def __init__(self, sink: Sink | None = None, watch: Callable[[str, int, int], None] = lambda *_: None) -> None:
        self.sink = sink
        self.watch = watch
        self.listen: Callable[[Issue], None] | None = None
        self.own_names: dict[tuple[str, str], str] = {}  # by file and field; the field is "" for the file itself
        self.bundle = ""
        self.dry_run = False
        self.accepted: bool | None = None
        self.loaded = False
        self.found: Counter[Rule] = Counter()
        self.samples: dict[Rule, list[Issue]] = defaultdict(list)
        self.causes = Causes()
        self.read: Counter[str] = Counter()  # rows of each file, by the name that `counts` has
        self.counts: dict[str, Counts] = defaultdict(Counts)

    def name_file(self, csv_name: str, own: str) -> None:
        """In the bundle, the file has another name."""
        self.own_names[csv_name, ""] = own

    def name_columns(self, csv_name: str, own: Mapping[str, str]) -> None:
        """What the columns are called in the file."""
        self.own_names |= {(csv_name, name): other for name, other in own.items() if name != other and name}

    def as_in_bundle(self, issue: Issue) -> Issue:
        """Both names where they differ: the bundle's own, and the standard's in brackets."""
        field = self.own_names.get((issue.file, issue.field), "") if issue.field else ""
        cause, *line = issue.cause.partition(" line ")
        return replace(
            issue,
            file=self.own_file(issue.file),
            field=f"{field} ({issue.field})" if field else issue.field,
            cause="".join([self.own_file(cause), *line]),
        )

    def own_file(self, csv_name: str) -> str:
        own = self.own_names.get((csv_name, ""), "")
        return f"{own} ({csv_name})" if own else csv_name

    def add(self, issue: Issue) -> None:
        if self.listen:
            self.listen(issue)
        if self.own_names:
            issue = self.as_in_bundle(issue)
        self.found[issue.rule] = found = self.found[issue.rule] + 1
        if found <= SAMPLES:
            self.samples[issue.rule].append(replace(issue, value=shortened(issue.value)))
        if issue.rule.is_error and issue.rule not in FATAL:
            self.causes.add(issue.file, issue.line, issue.rule, issue.cause)
        if self.sink:
            self.sink.issue(issue)

    def file_of(self, name: str) -> str:
        """What issues call the file whose rows `counts` has under this name."""
        return self.own_file(f"{name}.csv")

    @property
    def errors(self) -> int:
        return sum(count for rule, count in self.found.items() if rule.is_error)

    @property
    def warnings(self) -> int:
        return self.found.total() - self.errors

    def groups(self, wanted: Callable[[Rule], bool]) -> Iterator[Group]:
        """In the order of the rules: first what is wrong with the bundle, then with a header, a row, a cell."""
        for rule in Rule:
            if self.found[rule] and wanted(rule):
                yield Group(rule, self.found[rule], self.samples[rule])

    def roots(self) -> Iterator[Group]:
        """The errors that stand for themselves."""
        return self.groups(lambda rule: rule.is_error and rule is not CONSEQUENCE)

    def consequences(self) -> Iterator[Group]:
        """The errors of rows whose references were refused; `causes` says which."""
        return self.groups(lambda rule: rule is CONSEQUENCE)

    def warned(self) -> Iterator[Group]:
        return self.groups(lambda rule: not rule.is_error)

    @property
    def refused(self) -> int:
        """Rows that would not be loaded, with --skip-bad either."""
        return sum(self.counts[name].refused for name in self.read)

    @property
    def counted(self) -> Mapping[str, Mapping[str, int]]:
        """`{"users": {"created": 3, …}}`."""
        return {name: asdict(counts) for name, counts in self.counts.items()}
