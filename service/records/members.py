"""How a member of a JSON object becomes a value: by the same rules, under the same names, as a cell of a CSV file.

A value that only a warning is due for is taken as it was meant, as in a file. What a client may leave out it may also
send empty: `null`, `""` and blanks are no value.
"""

import json
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from service.records.kinds import Field, Kind
from service.records.rules import Rule
from service.records.values import PAIR, Breach, parse_number, plain_parser

Json = Any  # what `json.loads` returns
DEPTH_MAX = 100


def read_member(field: Field, given: Json) -> Any:
    """The value for the field's column; None where there is none. Raises Breach, never that of a warning."""
    try:
        return reader_of(field)(given)
    except Breach as breach:
        if breach.rule.is_error:
            raise
        return breach.value


@lru_cache(maxsize=1024)
def reader_of(field: Field) -> Callable[[Json], Any]:
    read = READERS.get(field.kind, read_text)

    def read_given(given: Json) -> Any:
        if given is None or (isinstance(given, str) and (not given or given.isspace())):
            if field.required:
                raise Breach(Rule.REQUIRED)
            return None
        return read(field, given)

    return read_given


def read_text(field: Field, given: Json) -> Any:
    """Everything that a cell shows as it is. Whole numbers are taken for text: some clients send ids and years so."""
    return plain_parser(field)(as_text(given))


def as_text(given: Json) -> str:
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    if not isinstance(given, str):
        raise Breach(Rule.TYPE)
    if "\0" in given:
        raise Breach(Rule.NUL)
    try:
        given.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        raise Breach(Rule.NOT_UTF8) from None
    return given


def read_boolean(field: Field, given: Json) -> bool:
    """`"true"` and `"false"`, as the standard has it, and JSON's own."""
    return given if isinstance(given, bool) else bool(read_text(field, given))


def read_number(_field: Field, given: Json) -> float:
    if isinstance(given, str):
        return parse_number(given)
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise Breach(Rule.TYPE)
    try:
        number = float(given)
    except OverflowError:
        raise Breach(Rule.NUMBER) from None
    if not math.isfinite(number):
        raise Breach(Rule.NUMBER)
    return number


def read_list(field: Field, given: Json) -> list[str]:
    """Blank items are left out, as in a cell. Each is checked as a cell of its own."""
    if not isinstance(given, list):
        raise Breach(Rule.TYPE)
    parse = plain_parser(field)
    found: list[str] = []
    for item in filter(None, (as_text(each).strip() for each in given)):
        # A comma parts two items in a cell; in JSON it belongs to one, unless the items are words.
        found += read_warned(parse, item) if field.vocabulary else [item]
    return found


def read_warned(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except Breach as breach:
        if breach.rule.is_error:
            raise
        return breach.value


def read_pairs(field: Field, given: Json) -> list[dict[str, str]]:
    """`[{left: …, right: …}]`; other members of a pair are ignored."""
    if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
        raise Breach(Rule.TYPE)
    left, right = field.pair or ("", "")
    pairs = [(as_text(each.get(left, "")), as_text(each.get(right, ""))) for each in given]
    if not pairs and field.required:
        raise Breach(Rule.REQUIRED)
    if not all(PAIR.fullmatch(f"{{{one}:{other}}}") for one, other in pairs):
        raise Breach(Rule.PAIRS)
    return [{left: one, right: other} for one, other in pairs]


def read_document(given: Json) -> dict[str, Any] | None:
    """An object of anything, such as `metadata`; an empty one is none."""
    if given in (None, "", {}):
        return None
    if not isinstance(given, dict):
        raise Breach(Rule.TYPE)
    if is_deeper(given, DEPTH_MAX):
        raise Breach(Rule.DEPTH)
    try:
        shown = json.dumps(given, ensure_ascii=False, allow_nan=False)
        shown.encode()
    except ValueError as error:
        raise Breach(Rule.NOT_UTF8 if isinstance(error, UnicodeEncodeError) else Rule.NUMBER) from None
    if "\\u0000" in shown:
        raise Breach(Rule.NUL)
    return given


def is_deeper(given: Json, most: int) -> bool:
    """Than so many levels. Python and both databases read what is nested only so far, each another number."""
    if not isinstance(given, (dict, list)):
        return False
    inner = given.values() if isinstance(given, dict) else given
    return most == 0 or any(is_deeper(each, most - 1) for each in inner)


READERS: Mapping[Kind, Callable[[Field, Json], Any]] = {
    Kind.BOOLEAN: read_boolean,
    Kind.NUMBER: read_number,
    Kind.LIST: read_list,
    Kind.PAIRS: read_pairs,
}
