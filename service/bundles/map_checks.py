"""What can be wrong with a mapping file, before a bundle is there: each mistake, with the keys that lead to it."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any

from service.bundles.column_names import is_metadata
from service.bundles.files import FILE, FILES, MANIFEST
from service.bundles.v1p1 import FILES_1_1
from service.records.kinds import Field, Kind
from service.records.values import BOOLEANS, Breach, parser_of

ENCODING, FILES_KEY = "encoding", "files"
COLUMNS, DROP, DEFAULTS, VALUES = "columns", "drop", "defaults", "values"
TARGETS = (MANIFEST, *(file.csv_name for file in FILES))
ALLOWED_SHOWN = 40
PLACE = "?"  # where a proposal wants an answer
NO_DEFAULT = ("sourcedId", "password")  # it would be the same in every row; it is never read

Keys = tuple[str, ...]
Table = Mapping[str, Any]


def problems_of(document: Table) -> Iterator[tuple[Keys, str]]:
    """Each with the keys that lead to it."""
    yield from unknown((), document, (ENCODING, FILES_KEY, *FILE))
    yield from encoding_problems(document.get(ENCODING, ""))
    yield from file_problems(document.get(FILES_KEY, {}))
    for name in FILE:
        yield from table_problems(name, document.get(name, {}))


def unknown(keys: Keys, table: Table, allowed: Collection[str]) -> Iterator[tuple[Keys, str]]:
    for name in table:
        if name not in allowed:
            yield (*keys, name), f"{name!r} is not known; {choice(name, allowed)}"


def choice(name: str, allowed: Collection[str]) -> str:
    """What somebody may have meant, and what else there is."""
    near = get_close_matches(name.lower(), {each.lower(): each for each in allowed}, n=1)
    meant = next((each for each in allowed if each.lower() in near), "")
    shown = ", ".join([*allowed][:ALLOWED_SHOWN]) + (", …" if len(allowed) > ALLOWED_SHOWN else "")
    return (f"did you mean {meant!r}? " if meant else "") + f"allowed are {shown or 'none'}"


def encoding_problems(name: Any) -> Iterator[tuple[Keys, str]]:
    if not isinstance(name, str):
        yield (ENCODING,), f"{name!r} is not text"
    elif name and not is_encoding(name):
        yield (ENCODING,), f"{name!r} is no encoding that is known; allowed are windows-1250, iso-8859-2, shift_jis, …"


def is_encoding(name: str) -> bool:
    try:
        return b"x".decode(name, "surrogateescape") == "x"  # as files are: some cannot pass over what is wrong
    except (LookupError, ValueError):
        return False


def text_problems(keys: Keys, table: Any) -> Iterator[tuple[Keys, str]]:
    if not isinstance(table, dict):
        yield keys, f'{keys[-1]} must be a table, of lines such as "one" = "other"'
        return
    for name, value in table.items():
        if not isinstance(value, str):
            yield (*keys, name), f"the value of {name!r} must be text, in quotes: {spelled(value)}"


def spelled(value: Any) -> str:
    return f'"{str(value).lower()}"' if isinstance(value, bool | int | float) else "not a list or a table"


def file_problems(table: Any) -> Iterator[tuple[Keys, str]]:
    yield from text_problems((FILES_KEY,), table)
    for name, target in texts(table).items():
        if target not in TARGETS:
            yield (FILES_KEY, name), f"{target!r} is no file of OneRoster; {choice(target, TARGETS)}"
    yield from twice((FILES_KEY,), texts(table))


def texts(table: Any) -> dict[str, str]:
    found = table if isinstance(table, dict) else {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def twice(keys: Keys, table: Mapping[str, str]) -> Iterator[tuple[Keys, str]]:
    counts, seen = Counter(table.values()), set()
    for name, target in table.items():
        if counts[target] > 1 and target in seen:
            others = ", ".join(repr(other) for other, same in table.items() if same == target and other != name)
            yield (*keys, name), f"{name!r} would be {target}, and so would {others}; only one can be"
        seen.add(target)


def table_problems(name: str, table: Any) -> Iterator[tuple[Keys, str]]:
    if not isinstance(table, dict):
        yield (name,), f"{name} must be a table: [{name}.{COLUMNS}], [{name}.{DEFAULTS}], …"
        return
    yield from unknown((name,), table, (COLUMNS, DROP, DEFAULTS, VALUES))
    yield from column_problems(name, table.get(COLUMNS, {}), table.get(DROP, []))
    yield from default_problems(name, table.get(DEFAULTS, {}))
    yield from value_problems(name, table.get(VALUES, {}))


def column_problems(name: str, columns: Any, drop: Any) -> Iterator[tuple[Keys, str]]:
    keys = (name, COLUMNS)
    yield from text_problems(keys, columns)
    for cell, column in texts(columns).items():
        if column not in fields_of(name) and not is_metadata(column):
            allowed = (*fields_of(name), "metadata.x")
            yield (*keys, cell), f"{column!r} is no column of {name}.csv; {choice(column, allowed)}"
    yield from twice(keys, texts(columns))
    if not isinstance(drop, list) or not all(isinstance(cell, str) for cell in drop):
        yield (name, DROP), f'{DROP} must be a list of columns: {DROP} = ["one", "other"]'
        return
    for cell in drop:
        if cell in texts(columns):
            yield (name, DROP), f"{cell!r} is dropped and mapped; only one can be"


def default_problems(name: str, defaults: Any) -> Iterator[tuple[Keys, str]]:
    keys = (name, DEFAULTS)
    yield from text_problems(keys, defaults)
    yield from unknown(keys, texts(defaults), [each for each in fields_of(name) if each not in NO_DEFAULT])
    for column, value in texts(defaults).items():
        if column in fields_of(name) and value == PLACE:
            yield (*keys, column), f"put the default of {column} in the place of the question mark"
        elif column in fields_of(name) and not value.strip():
            yield (*keys, column), f"the default of {column} is blank: put a value in, or leave the line out"
        elif column in fields_of(name):
            yield from cell_problems((*keys, column), fields_of(name)[column], value)


def value_problems(name: str, values: Any) -> Iterator[tuple[Keys, str]]:
    keys = (name, VALUES)
    if not isinstance(values, dict):
        yield keys, f"{VALUES} must be a table for each column: [{name}.{VALUES}.role]"
        return
    yield from unknown(keys, values, fields_of(name))
    for column, table in values.items():
        yield from text_problems((*keys, column), table)
        for cell, value in texts(table).items():
            if column in fields_of(name):
                yield from cell_problems((*keys, column, cell), fields_of(name)[column], value)


def cell_problems(keys: Keys, fields: Sequence[Field], value: str) -> Iterator[tuple[Keys, str]]:
    """Unless one of the fields, that of 1.1 or that of 1.2, can hold the value."""
    if any(can_hold(each, value) for each in fields):
        return
    words = words_of(fields)
    what = choice(value, words) if words else f"it holds {fields[0].kind.value}s"
    yield keys, f"{fields[0].name} cannot be {value!r}; {what}"


def words_of(fields: Collection[Field]) -> list[str]:
    """Those that the fields may hold, if they are of a vocabulary."""
    words = [word for each in fields if each.vocabulary for word in each.vocabulary.words]
    return [*dict.fromkeys(words)] or [*BOOLEANS] * any(each.kind is Kind.BOOLEAN for each in fields)


def can_hold(each: Field, value: str) -> bool:
    if each.kind is Kind.WITHHELD:
        return False
    try:
        parser_of(each)(value)
    except Breach as breach:
        return not breach.rule.is_error
    return True


@cache
def fields_of(name: str) -> dict[str, list[Field]]:
    """By name, those of 1.1 and of 1.2."""
    found: dict[str, list[Field]] = {}
    for file in (*FILES, *FILES_1_1):
        for each in file.fields if file.name == name else ():
            found.setdefault(each.name, []).append(each)
    return found
