"""A mapping file to start from: what an import did not understand, as lines that only want an answer.

All of them are comments, so that the file as it is changes nothing. Of a bundle's values it holds only those that
stand where a word of a vocabulary belongs, and none if they are too many to be words.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from service.bundles.column_names import close_to, letters
from service.bundles.files import COMMON, FILE, FILES, METADATA
from service.bundles.map_checks import (
    COLUMNS,
    DEFAULTS,
    DROP,
    ENCODING,
    FILES_KEY,
    PLACE,
    TARGETS,
    VALUES,
    fields_of,
    words_of,
)
from service.bundles.mapping import NO_MAP, RosterMap
from service.bundles.reading import Bundle, Unreadable
from service.bundles.report import Issue
from service.bundles.source import Source
from service.bundles.v1p1 import FILES_1_1
from service.records.rules import Rule

STRANGE_FILE = (Rule.FILE_UNKNOWN, Rule.FILE_NAME)
STRANGE_COLUMN = (Rule.COLUMN_UNKNOWN, Rule.COLUMN_NAME)
STRANGE_WORD = (Rule.WORD, Rule.BOOLEAN, Rule.STATUS)
WORDS_MAX = 20  # different ones of a column
WORD_LENGTH = 40
NEAR = 0.5  # how alike two names are to be worth a suggestion
NEAR_WORD = 0.6  # two words: a pupil ("Schüler") that is taken for a teacher may read too much
SHARED = 2  # columns that tell one file from another
V1P1 = {file.name: file.header for file in FILES_1_1}


class Proposal:
    """`hear` is told of every issue of an import, by the names of the standard."""

    def __init__(self, bundle: Bundle, roster_map: RosterMap | None = None) -> None:
        self.known = roster_map or NO_MAP
        self.source = Source(bundle, roster_map=self.known)
        self.files: dict[str, list[str]] = {}  # each with its header
        self.strange: dict[str, list[str]] = defaultdict(list)
        self.missing: dict[str, list[str]] = defaultdict(list)
        self.required: dict[str, list[str]] = defaultdict(list)
        self.words: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def hear(self, issue: Issue) -> None:
        name = issue.file.removesuffix(".csv")
        if issue.rule in STRANGE_FILE and name != issue.file and self.source.has(issue.file):
            self.files[issue.file] = self.header_of(issue.file)
        elif issue.rule in STRANGE_COLUMN and issue.field:
            self.strange[name].append(issue.field)
        elif issue.rule in (Rule.COLUMN_MISSING, Rule.COLUMN_REQUIRED):
            self.missing[name].append(issue.field)
            if issue.rule is Rule.COLUMN_REQUIRED:
                self.required[name].append(issue.field)
        elif issue.rule in STRANGE_WORD:
            self.hear_word(self.words[name, issue.field], issue.value)

    def header_of(self, name: str) -> list[str]:
        """Of a file that was not read, and may be anything."""
        try:
            records = self.source.first_records(name, 1)
        except Unreadable:
            return []
        return records[0].cells if records else []

    @staticmethod
    def hear_word(words: Counter[str], word: str) -> None:
        """One more than are shown is enough to know that they are too many."""
        if word in words or len(words) <= WORDS_MAX:
            words[word] += 1

    def text(self) -> str:
        return "\n".join(self.lines()) + "\n"

    def lines(self) -> Iterator[str]:
        yield f"# A mapping file for {printable(self.source.bundle.name)}, to be named with --map."
        yield "# A line that starts with # has no effect. Take the # away where you put an answer in."
        if self.known.encoding:
            yield from ("", f"{ENCODING} = {quoted(self.known.encoding)}")
        if self.known.files or self.files:
            yield from ("", f"[{FILES_KEY}]")
            yield from (f"{quoted(name)} = {quoted(target)}" for name, target in self.known.files.items())
            for name, cells in self.files.items():
                yield suggestion(name, TARGETS, like(cells))
        for name in FILE:
            yield from self.lines_of(name)

    def lines_of(self, name: str) -> Iterator[str]:
        known = self.known.tables.get(name)
        if known and known.drop:
            yield from ("", f"[{name}]", f"{DROP} = [{', '.join(map(quoted, known.drop))}]")
        elif self.strange[name]:
            yield from ("", f"[{name}]", f"# {DROP} = [{', '.join(map(quoted, self.strange[name]))}]")
        yield from table(f"{name}.{COLUMNS}", known.columns if known else {}, self.column_lines(name))
        yield from table(f"{name}.{DEFAULTS}", known.defaults if known else {}, self.default_lines(name))
        values = known.values if known else {}
        for column in dict.fromkeys([*values, *(field for file, field in self.words if file == name)]):
            yield from table(f"{name}.{VALUES}.{column}", values.get(column, {}), self.word_lines(name, column))

    def column_lines(self, name: str) -> Iterator[str]:
        if self.strange[name] and self.missing[name]:
            yield f"# columns of the standard that are not in the file: {', '.join(self.missing[name])}"
        for cell in self.strange[name]:
            kept = f"{METADATA}{cell}"
            yield suggestion(cell, [*self.missing[name], *close_to(cell, fields_of(name))], otherwise=kept)

    def default_lines(self, name: str) -> Iterator[str]:
        for column in self.required[name]:
            words = words_of(fields_of(name).get(column, ()))
            answers = f": {', '.join(words)}" if words else ""
            yield f"# {column} = {quoted(PLACE)}  # every row needs one{answers}"

    def word_lines(self, name: str, column: str) -> Iterator[str]:
        words, allowed = self.words[name, column], words_of(fields_of(name).get(column, ()))
        if not words:
            return
        if len(words) > WORDS_MAX:
            yield f"# more than {WORDS_MAX} different words: this is probably another column"
            return
        yield f"# allowed are {', '.join(allowed)}"
        for word, count in words.most_common():
            if len(word) <= WORD_LENGTH:
                yield f"{suggestion(word, allowed, cutoff=NEAR_WORD)}  # {count:,} {'row' if count == 1 else 'rows'}"


def table(header: str, known: Mapping[str, str], suggested: Iterator[str]) -> Iterator[str]:
    lines = [*(f"{key(name)} = {quoted(value)}" for name, value in known.items()), *suggested]
    if lines:
        yield from ("", f"[{header}]", *lines)


def suggestion(
    name: str, allowed: Collection[str], best: str = "", otherwise: str = PLACE, cutoff: float = NEAR
) -> str:
    """`# "Rolle" = "role"`, with `best` or the nearest one, if there is one."""
    by_letters = {letters(each): each for each in allowed}
    near = [by_letters[each] for each in get_close_matches(letters(name), by_letters, n=3, cutoff=cutoff)]
    first, *others = [best] if best else near or [otherwise]
    return f"# {quoted(name)} = {quoted(first)}" + (f"  # or {', '.join(others)}" if others else "")


def like(cells: Collection[str]) -> str:
    """The file of the standard that shares most of its own columns with the header, and "" if that is not many."""
    shared = {file.csv_name: len({*file.header, *V1P1.get(file.name, ())} & {*cells} - {*COMMON}) for file in FILES}
    best = max(shared, key=lambda name: shared[name])
    return best if shared[best] >= SHARED else ""


def key(name: str) -> str:
    return name if name.isascii() and name.isalnum() else quoted(name)


def quoted(text: str) -> str:
    """Of JSON, TOML has all but the letters that JSON leaves as they are and TOML does not want."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())
