"""Which refused rows are wrong themselves, and which only refer to one that was refused."""

from array import array
from collections import defaultdict
from dataclasses import dataclass
from heapq import nlargest

from service.records.rules import Rule

HEADER = 1  # the line of a file whose errors refuse all others
CONSEQUENCE = Rule.REFUSED_REFERENCE  # the row itself may be without a flaw
SOUND, FOLLOWS, WRONG = range(3)  # the mark of a line; WRONG + n: the n-th rule says why
RULES = tuple(Rule)
MARK = {rule: WRONG + number for number, rule in enumerate(RULES)}


@dataclass(frozen=True, slots=True)
class Cause:
    """A refused row, or with line 1 a refused file, and how many rows are refused only because of it."""

    file: str
    line: int
    rows: int
    rule: Rule | None  # that the cause breaks

    @property
    def place(self) -> str:
        return self.file if self.line <= HEADER else f"{self.file} line {self.line}"


class Causes:
    """Takes the errors of an import, and counts what follows from what.

    Keeps one byte for each line up to the last bad one, and four where others refer to it: millions of rows may be bad.
    The errors for which a row refers to refused ones must come one after the other, after all others of the row.
    """

    def __init__(self) -> None:
        self.marks: dict[str, bytearray] = defaultdict(bytearray)
        self.taken: dict[str, array[int]] = defaultdict(lambda: array("I"))  # rows that each line took with it
        self.row = ("", 0)
        self.named: set[str] = set()  # the causes of that row

    def add(self, file: str, line: int, rule: Rule, cause: str = "") -> None:
        """`cause` is that of a consequence: "orgs.csv line 2"."""
        if self.row != (file, line):
            self.end_row()
            self.row = (file, line)
        marks = self.marks[file]
        marks.extend(bytes(max(0, line + 1 - len(marks))))
        if rule is not CONSEQUENCE:
            marks[line] = marks[line] if marks[line] >= WRONG else MARK[rule]
        elif marks[line] == SOUND:
            marks[line] = FOLLOWS
        if cause:
            self.named.add(cause)

    def end_row(self) -> None:
        """A row that is wrong itself would be refused without its causes, too."""
        if self.named and self.mark(*self.row) == FOLLOWS:
            for file, line in {self.root(cause) for cause in self.named}:
                taken = self.taken[file]
                taken.extend([0] * (line + 1 - len(taken)))
                taken[line] += 1
        self.named = set()

    def root(self, cause: str) -> tuple[str, int]:
        """File and line. What is wrong with a header counts as one cause, not as one for each row."""
        file, _, line = cause.rpartition(" line ")
        if not line.isdecimal():
            return cause, HEADER
        return file, HEADER if self.spoiled(file) else int(line)

    def spoiled(self, file: str) -> bool:
        """Whether the whole file cannot be used: all of its rows are refused, or it was not read."""
        return max(self.mark(file, 0), self.mark(file, HEADER)) >= WRONG

    def mark(self, file: str, line: int) -> int:
        marks = self.marks.get(file, b"")
        return marks[line] if line < len(marks) else SOUND

    def rule(self, file: str, line: int) -> Rule | None:
        """The first one that the row breaks, if it is wrong itself."""
        mark = self.mark(file, line)
        return RULES[mark - WRONG] if mark >= WRONG else None

    def spoiled_files(self) -> list[str]:
        return [file for file in self.marks if self.spoiled(file)]

    def files(self) -> list[str]:
        """Those that have errors of their own."""
        return [file for file, marks in self.marks.items() if max(marks) >= WRONG]

    @property
    def following(self) -> int:
        """Rows that are refused for nothing but what they refer to. Those of spoiled files are not among them."""
        return sum(marks.count(FOLLOWS) for file, marks in self.marks.items() if not self.spoiled(file))

    @property
    def wrong(self) -> int:
        """Rows with errors of their own. Those of spoiled files are not among them."""
        bad = (len(marks) - marks.count(SOUND) for file, marks in self.marks.items() if not self.spoiled(file))
        return sum(bad) - self.following

    def __len__(self) -> int:
        self.end_row()
        return sum(len(taken) - taken.count(0) for taken in self.taken.values())

    def biggest(self, most: int) -> list[Cause]:
        """Those that took the most rows with them."""
        self.end_row()
        files = list(self.taken)
        found = (
            (rows, -number, -line)
            for number, file in enumerate(files)
            for line, rows in enumerate(self.taken[file])
            if rows
        )
        places = ((rows, files[-number], -line) for rows, number, line in nlargest(most, found))
        return [Cause(file, line, rows, self.rule(file, line)) for rows, file, line in places]
