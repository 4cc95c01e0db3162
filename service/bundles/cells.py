"""Cells that the standard has otherwise, and that can only mean one thing: spaces around them, yes for true."""

import re
from collections.abc import Mapping

from models.base import ACTIVE, TO_BE_DELETED
from service.records.kinds import Field, Kind
from service.records.rules import Rule
from service.records.values import Breach, Parse

INACTIVE = "inactive"  # what OneRoster 1.0 said for tobedeleted
YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})\b", re.ASCII)  # nobody puts the day in the middle
TRUTHS: Mapping[str, str] = {
    **dict.fromkeys(("yes", "y", "t", "1"), "true"),
    **dict.fromkeys(("no", "n", "f", "0"), "false"),
}


def forgiving(field: Field, parse: Parse) -> Parse:
    """Reads what `parse` refuses, if it is only written otherwise."""

    def parse_cell(text: str) -> object:
        try:
            return parse(text)
        except Breach as breach:
            if not breach.rule.is_error or not (respelt := respell(field, text)):
                raise
        rule, plain = respelt
        value = value_of(parse, plain)
        raise Breach(rule, value, f"read as {plain}")

    return parse_cell


def respell(field: Field, text: str) -> tuple[Rule, str] | None:
    """What the cell means, and the rule that says so. None if it is written as it should be."""
    plain = text.strip()
    if field.kind is Kind.BOOLEAN and plain.lower() in TRUTHS:
        return Rule.BOOLEAN_WORD, TRUTHS[plain.lower()]
    if field.kind in (Kind.DATE, Kind.MOMENT) and YEAR_FIRST.match(plain):
        return Rule.DATE_FORMAT, YEAR_FIRST.sub(r"\1-\2-\3", plain, count=1)
    return (Rule.CELL_SPACES, plain) if plain and plain != text else None


def value_of(parse: Parse, text: str) -> object:
    """Raises Breach if the text is refused."""
    try:
        return parse(text)
    except Breach as breach:
        if breach.rule.is_error:
            raise
        return breach.value


def respell_status(text: str) -> tuple[Rule | None, str]:
    """As `respell`: of no other word is anything made, since a status deletes rows."""
    plain = text.strip()
    meant = plain.lower()
    if meant == INACTIVE:
        return Rule.STATUS_INACTIVE, TO_BE_DELETED
    if meant == text or meant not in ("", ACTIVE, TO_BE_DELETED):
        return None, text
    return (Rule.WORD_CASE if plain == text else Rule.CELL_SPACES), meant


def is_blank(cells: list[str]) -> bool:
    """Spreadsheets end a file in rows of commas."""
    return not any(cells) or not any(map(str.strip, cells))
