"""How the text of one cell becomes a value.

Each `parse_…` returns the value of a flawless cell and raises Breach for any other. The Breach of a warning
carries the value that is loaded all the same.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from math import isfinite
from typing import Any

from models.base import Vocabulary, as_utc
from service.records.kinds import Field, Kind
from service.records.rules import Rule

ID_MAX = 255
# Beyond the standard's own alphabet, what a path segment of a URL may hold unencoded (RFC 3986, pchar).
ID_FLAWED = re.compile(r"[^0-9A-Za-z.\-_/@]")
ID_WRONG = re.compile(r"[^0-9A-Za-z.\-_/@!$&'()*+;=:~]")
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
LOOSE_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?", re.ASCII)
SLASH_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
EXTENSION = re.compile(r"ext:[0-9A-Za-z.\-_]+")
PAIR = re.compile(r"\{([^{}:]+):([^{}]*)\}")
PAIRS = re.compile(rf"{PAIR.pattern}(,{PAIR.pattern})*")
YEAR = re.compile(r"\d{4}", re.ASCII)
BOOLEANS = {"true": True, "false": False}

Parse = Callable[[str], Any]


class Breach(ValueError):
    """A cell breaks a rule; `value` is what to load if the rule only warns, the hint what to do."""

    def __init__(self, rule: Rule, value: Any = None, hint: str = "") -> None:
        super().__init__(rule.label)
        self.rule = rule
        self.value = value
        self.hint = hint


def parser_of(field: Field, filled: Parse | None = None) -> Parse:
    """The parser of the field's cells. A blank cell is None, or a breach where the field is required.

    `filled`: how a cell that is not blank is read, if not as everywhere.
    """
    parse = filled or plain_parser(field)

    def parse_cell(text: str) -> Any:
        if text and not text.isspace():
            return parse(text)
        if field.required:
            raise Breach(Rule.REQUIRED)
        if field.expected:
            raise Breach(Rule.EXPECTED)
        return None

    return parse_cell


def plain_parser(field: Field) -> Parse:
    if field.vocabulary and field.kind is Kind.WORD:
        return word_parser(field.vocabulary)
    if field.kind is Kind.LIST:
        return list_parser(word_parser(field.vocabulary) if field.vocabulary else str)
    if field.pair:
        return pairs_parser(*field.pair)
    return PARSERS[field.kind]


def parse_id(text: str) -> str:
    if len(text) > ID_MAX:
        raise Breach(Rule.ID_LENGTH)
    if ID_FLAWED.search(text):
        raise Breach(Rule.ID) if ID_WRONG.search(text) else Breach(Rule.ID_CHARACTERS, text)
    return text


def parse_boolean(text: str) -> bool:
    if text in BOOLEANS:
        return BOOLEANS[text]
    if text.lower() in BOOLEANS:
        raise Breach(Rule.BOOLEAN_CASE, BOOLEANS[text.lower()])
    raise Breach(Rule.BOOLEAN)


def parse_date(text: str) -> date:
    try:
        if ISO_DATE.fullmatch(text):
            return date.fromisoformat(text)
        meant = loose_date(text)
    except ValueError:
        raise Breach(Rule.DATE) from None
    raise Breach(Rule.DATE_FORMAT, meant)


def loose_date(text: str) -> date:
    """Raises ValueError unless the text can only mean one day: `5/13/2026` can, `5/6/2026` cannot."""
    if found := LOOSE_DATE.fullmatch(text):
        return date(*map(int, found.groups()))
    if found := SLASH_DATE.fullmatch(text):
        month, day, year = map(int, found.groups())
        if day > 12 or day == month:
            return date(year, month, day)
    raise ValueError(text)


def parse_moment(text: str) -> datetime:
    try:
        if ISO_DATE.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        meant = as_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise Breach(Rule.MOMENT) from None
    if MOMENT.fullmatch(text):
        return meant
    raise Breach(Rule.MOMENT_FORMAT, meant)


def parse_number(text: str) -> float:
    if NUMBER.fullmatch(text) and isfinite(number := float(text)):
        return number
    raise Breach(Rule.NUMBER)


def parse_year(text: str) -> str:
    if YEAR.fullmatch(text):
        return text
    raise Breach(Rule.YEAR, text)


def parse_links(text: str) -> list[str]:
    """Each of the listed sourcedIds once, in their order."""
    return list(dict.fromkeys(list_parser(parse_id)(text)))


def list_parser(parse: Parse) -> Parse:
    """Splits at commas. If several items break a rule, the worst breach is raised."""

    def parse_list(text: str) -> list[Any]:
        parts = text.split(",")
        items = [part.strip() for part in parts if part and not part.isspace()]
        values, worst = [], None if items == parts else Rule.LIST
        for item in items:
            try:
                values.append(parse(item))
            except Breach as breach:
                if breach.rule.is_error:
                    raise
                worst = breach.rule
                values.append(breach.value)
        if worst:
            raise Breach(worst, values)
        return values

    return parse_list


def pairs_parser(left: str, right: str) -> Parse:
    def parse_pairs(text: str) -> list[dict[str, str]]:
        if PAIRS.fullmatch(text):
            return [{left: found[1], right: found[2]} for found in PAIR.finditer(text)]
        raise Breach(Rule.PAIRS)

    return parse_pairs


def word_parser(vocabulary: Vocabulary) -> Parse:
    words = {word.lower(): word for word in vocabulary.words}

    def parse_word(text: str) -> str:
        meant = words.get(text.lower())
        if meant == text or (vocabulary.extensible and EXTENSION.fullmatch(text)):
            return text
        if meant:
            raise Breach(Rule.WORD_CASE, meant)
        raise Breach(Rule.WORD)

    return parse_word


PARSERS: dict[Kind, Parse] = {
    Kind.ID: parse_id,
    Kind.TEXT: str,
    Kind.YEAR: parse_year,
    Kind.BOOLEAN: parse_boolean,
    Kind.DATE: parse_date,
    Kind.MOMENT: parse_moment,
    Kind.NUMBER: parse_number,
    Kind.LINKS: parse_links,
}
