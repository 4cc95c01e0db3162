"""The filter of a list: its grammar, and what it means in SQL.

    filter = term { "OR" term }        term = factor { "AND" factor }       factor = "(" filter ")" | clause
    clause = path operator value       path = name { "." name }             operator = "=" "!=" ">" ">=" "<" "<=" "~"
    value  = 'text, with '' for a quote' | number | "true" | "false"

The standard allows two clauses and one logical operator (OneRoster 1.2, REST binding, "Filtering"). Clients in the
field send more, so this is what all of them send. `AND` binds closer than `OR`, both in either case.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple, cast

from sqlalchemy import ColumnElement, and_, or_

from service.lists.comparing import BadValue, Operator, Path
from service.lists.fields import Field, UnknownField, compare_field

TOKEN = re.compile(
    r"""\s*(?:
        (?P<parenthesis>[()])
      | (?P<operator>!=|>=|<=|=|>|<|~)
      | '(?P<text>(?:[^']|'')*)'
      | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])
      | (?P<word>[A-Za-z_][\w\-]*(?:\.[A-Za-z_][\w\-]*)*)
    )""",
    re.VERBOSE | re.ASCII,
)
CLAUSES_MAX = 100
STAMP = "dateLastModified"
DEPTH_MAX = 20


class BadFilter(ValueError):
    """The filter cannot be understood, or names what a filter cannot ask for. The text is for the client."""


@dataclass(frozen=True)
class Clause:
    path: Path
    operator: Operator
    value: str


@dataclass(frozen=True)
class Both:
    parts: tuple["Filter", ...]


@dataclass(frozen=True)
class Either:
    parts: tuple["Filter", ...]


Filter = Clause | Both | Either


class Token(NamedTuple):
    kind: str
    text: str
    at: int  # where it starts in the filter, from 0


def parse_filter(text: str) -> Filter:
    """Raises BadFilter, saying where the text stops making sense."""
    reader = Reader(text)
    tree = reader.any_of(depth=0)
    reader.expect_end()
    return tree


class Reader:
    """Recursive descent over the tokens; one method for a rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.tokens = list(tokens(text))
        self.position = 0
        self.clauses = 0

    def any_of(self, depth: int) -> Filter:
        parts = [self.all_of(depth)]
        while self.take_word("OR"):
            parts.append(self.all_of(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def all_of(self, depth: int) -> Filter:
        parts = [self.factor(depth)]
        while self.take_word("AND"):
            parts.append(self.factor(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def factor(self, depth: int) -> Filter:
        if self.peek("parenthesis") != "(":
            return self.clause()
        if depth == DEPTH_MAX:
            raise BadFilter(f"more than {DEPTH_MAX} parentheses inside each other")
        self.position += 1
        inside = self.any_of(depth + 1)
        if self.peek("parenthesis") != ")":
            raise self.lost("')'")
        self.position += 1
        return inside

    def clause(self) -> Clause:
        self.clauses += 1
        if self.clauses > CLAUSES_MAX:
            raise BadFilter(f"more than {CLAUSES_MAX} comparisons")
        path = self.take("word", "the name of a field")
        operator = cast(Operator, self.take("operator", "one of = != > >= < <= ~"))
        return Clause(tuple(path.split(".")), operator, self.value())

    def value(self) -> str:
        if (text := self.peek("text")) is not None:
            self.position += 1
            return text.replace("''", "'")
        if self.peek("word") in ("true", "false"):
            return self.take("word", "")
        return self.take("number", "a value in single quotes, or a number")

    def peek(self, kind: str) -> str | None:
        token = self.tokens[self.position]
        return token.text if token.kind == kind else None

    def take(self, kind: str, wanted: str) -> str:
        token = self.tokens[self.position]
        if token.kind != kind:
            raise self.lost(wanted)
        self.position += 1
        return token.text

    def take_word(self, word: str) -> bool:
        found = (self.peek("word") or "").upper() == word
        self.position += found
        return found

    def expect_end(self) -> None:
        if self.tokens[self.position].kind != "end":
            raise self.lost("AND, OR or the end")

    def lost(self, wanted: str) -> BadFilter:
        return BadFilter(f"expected {wanted} at character {self.tokens[self.position].at + 1}")


def tokens(text: str) -> Iterator[Token]:
    at = 0
    while text[at:].strip():
        found = TOKEN.match(text, at)
        if not found:
            raise BadFilter(f"cannot read the filter from character {at + 1} on")
        kind = cast(str, found.lastgroup)
        yield Token(kind, found[kind], found.start(kind) - (kind == "text"))  # a text starts with its quote
        at = found.end()
    yield Token("end", "", len(text))


def condition(tree: Filter, fields: Mapping[str, Field], aliases: Mapping[Path, Path]) -> ColumnElement[bool]:
    """The filter as an expression over the columns behind `fields`. Raises BadFilter."""
    if isinstance(tree, Clause):
        return clause_condition(replace(tree, path=aliases.get(tree.path, tree.path)), fields)
    parts = [condition(part, fields, aliases) for part in tree.parts]
    return and_(*parts) if isinstance(tree, Both) else or_(*parts)


def clause_condition(clause: Clause, fields: Mapping[str, Field]) -> ColumnElement[bool]:
    name = ".".join(clause.path)
    try:
        return compare_field(fields, clause.path, clause.operator, clause.value)
    except UnknownField:
        raise BadFilter(f"no field {name} to filter by") from None
    except BadValue as problem:
        raise BadFilter(f"{name}: {problem}") from None


def names(tree: Filter) -> set[str]:
    """The first name of every path in the filter."""
    return {tree.path[0]} if isinstance(tree, Clause) else set().union(*map(names, tree.parts))


@lru_cache(maxsize=1024)
def asks_for_changes(text: str) -> bool:
    """Whether the filter goes by stamps, which takes care (`models/stamps.py`). Raises BadFilter."""
    return bool(text) and STAMP in names(parse_filter(text))
