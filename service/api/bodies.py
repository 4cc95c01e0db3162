"""The body of a request: JSON, and the records that it stands for where an operation writes them."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from quart import Response, request
from sqlalchemy.ext.asyncio import AsyncSession

from service.errors import InvalidData, Problem
from service.records.kinds import reference_of
from service.records.parsing import Reader, Record, Reference, read_record, refused
from service.records.rules import Rule
from service.records.writable import Writable

IN_PATH = ""  # where a reference stands that the path makes
Path = Mapping[str, str]
BATCH_MAX = 5_000  # objects of one POST: what all of them refer to is asked for in one statement


@dataclass(frozen=True, eq=False)
class Write:
    """What an operation writes.

    `allowed`: what a member may be here; the first, where it is left out. `from_path`: members that refer to what the
    path names, and which part of it. `parents`: the parts of the path that must exist, and their tables. `wrapped`:
    other names that clients have for the object in a body. `check`: what else must be true of the records. `answer`: a
    handler of its own.
    """

    writable: Writable
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    from_path: Mapping[str, str] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    wrapped: tuple[str, ...] = ()
    check: Callable[[AsyncSession, Path, list[Record]], Awaitable[None]] | None = None
    answer: Callable[["Write", Path], Awaitable[Response]] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.writable.one, *self.wrapped)


class UnsupportedMediaType(Problem):
    status = 415


async def read_json() -> Any:
    """Raises UnsupportedMediaType, Problem for what is no JSON, and werkzeug's error for what is too long."""
    if not request.is_json:
        raise UnsupportedMediaType("the body must be JSON, and its Content-Type application/json")
    try:
        return json.loads(await request.get_data(), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        at = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        raise Problem(f"the body is not JSON{at}") from None


def refuse(_constant: str) -> NoReturn:
    raise ValueError("JSON has no NaN and no Infinity")


async def read_one_record(write: Write, path: Path, *, partial: bool = False) -> Record:
    """The record of the sourcedId that the path names. Raises InvalidData, and what `read_json` does."""
    intake = Intake(write, path, partial)
    given, name = unwrapped(write, await read_json())
    record = intake.record(given, name)
    if record.sourced_id not in ("", path["sourcedId"]):
        intake.reader.refuse(f"{name}.sourcedId", Rule.PATH)
    record.sourced_id = intake.reader.id(path["sourcedId"], f"{name}.sourcedId") or ""
    intake.reader.finish()
    return with_own_reference(write.writable, record)


def read_records(write: Write, path: Path, body: Any) -> tuple[bool, list[Record]]:
    """Whether the body is one object and no list, and the records. Raises InvalidData."""
    intake = Intake(write, path)
    many = write.writable.collection.many
    listed = body.get(many) if isinstance(body, Mapping) and write.writable.one not in body else None
    if listed is None:
        records = [intake.record(*unwrapped(write, body))]
    else:
        records = [intake.record(each, f"{many}[{at}]") for at, each in enumerate(objects_of(listed, many))]
    intake.reader.finish()
    return listed is None, [with_own_reference(write.writable, record) for record in records]


def objects_of(listed: Any, name: str) -> list[Any]:
    if not isinstance(listed, list) or not 0 < len(listed) <= BATCH_MAX:
        raise InvalidData(f"{name}: a list of 1 to {BATCH_MAX:,} objects")
    return listed


def unwrapped(write: Write, body: Any) -> tuple[Any, str]:
    """The object in the body, and its name there."""
    for name in write.names:
        if isinstance(body, Mapping) and name in body:
            return body[name], name
    raise refused([(write.names[0], Rule.REQUIRED)])


@dataclass
class Intake:
    """Reads objects with what the path says of them."""

    write: Write
    path: Path
    partial: bool = False
    reader: Reader = field(default_factory=Reader)

    def record(self, given: Any, at: str) -> Record:
        if isinstance(given, Mapping):
            given = {**given, **self.words(given, at), **self.references(given, at)}
        record = read_record(self.reader, self.write.writable, given, at, partial=self.partial)
        parents = self.write.parents.items()
        record.references += [Reference(IN_PATH, table, self.path[part]) for part, table in parents]
        return record

    def words(self, given: Mapping[str, Any], at: str) -> dict[str, Any]:
        filled = {}
        for member, words in self.write.allowed.items():
            if not given.get(member) and not self.partial:
                filled[member] = words[0]
            elif member in given and given[member] not in words:
                self.reader.refuse(f"{at}.{member}", Rule.PATH)
        return filled

    def references(self, given: Mapping[str, Any], at: str) -> dict[str, Any]:
        filled = {}
        for member, part in self.write.from_path.items():
            named = given.get(member)
            if isinstance(named, Mapping) and named.get("sourcedId", self.path[part]) != self.path[part]:
                self.reader.refuse(f"{at}.{member}.sourcedId", Rule.PATH)
            filled[member] = {"sourcedId": self.path[part]}
        return filled


def with_own_reference(writable: Writable, record: Record) -> Record:
    """Demographics are those of the user with the same sourcedId."""
    if table := reference_of(writable.table.c.sourced_id):
        record.references.append(Reference(f"{record.at}.sourcedId", table, record.sourced_id))
    return record
