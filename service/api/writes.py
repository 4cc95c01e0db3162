"""What answers a write: read, check, find, change, commit, answer, in that order.

Each handler is one transaction. `find` asks everything that it must know of the database at once and locks it.
"""

import json
from dataclasses import replace

from quart import Response, g, request

from models.base import ACTIVE, TO_BE_DELETED
from models.tally import current_tally
from service.access import refused as refused_token
from service.api.bodies import IN_PATH, Path, Write, read_json, read_one_record, read_records
from service.api.conditions import expect_conditions, has_conditions
from service.api.repeats import earlier_answer, keep_answer, turn
from service.errors import Conflict, NotFound
from service.lists.addresses import services_url
from service.lists.collection import shown_statement
from service.lists.reading import one_response
from service.lists.tags import CACHING
from service.records.deleting import delete_record
from service.records.finding import Found, Stored, find, parent_named
from service.records.history import Author
from service.records.kinds import reference_of
from service.records.parsing import Record, refused
from service.records.rules import Rule
from service.records.writable import Writable
from service.records.writing import create_all, new_id, store
from service.sessions import repeatable


@repeatable
async def put_one(write: Write, path: Path) -> Response:
    """201 with the object, whether it was created or replaced: some clients take nothing else."""
    author, record = this_author(), await read_one_record(write, path)
    found = await find(g.session, author, write.writable, [record], with_json=has_conditions() or bool(write.allowed))
    expect_client(found)
    stored = found.active(record.sourced_id)
    if stored and not is_of_kind(write, stored):
        raise Conflict(f"the {write.writable.one} with this sourcedId is of another kind")
    expect_conditions(stored, author.services)
    expect_no_loop(write.writable, found, record)
    expect_references(found, [record])
    shown = await store_or_delete(author, write.writable, record, found)
    await g.session.commit()
    return one_response(write.writable.collection, shown, author.services, 201)


@repeatable
async def patch_one(write: Write, path: Path) -> Response:
    """Changes the members that the body names. 200 with the object."""
    author, record = this_author(), await read_one_record(write, path, partial=True)
    found = await find(g.session, author, write.writable, [record], with_json=has_conditions() or bool(write.allowed))
    expect_client(found)
    expect_there(write, found, record.sourced_id)
    expect_conditions(found.active(record.sourced_id), author.services)
    expect_no_loop(write.writable, found, record)
    expect_references(found, [record])
    shown = await store_or_delete(author, write.writable, record, found)
    await g.session.commit()
    return one_response(write.writable.collection, shown, author.services)


@repeatable
async def delete_one(write: Write, path: Path) -> Response:
    """204. With `?cascade=true`, what refers to it goes too."""
    author, sourced_id = this_author(), path["sourcedId"]
    meant = Record(sourced_id, "", ACTIVE, {}, {}, [])
    found = await find(g.session, author, write.writable, [meant], with_json=has_conditions() or bool(write.allowed))
    expect_client(found)
    expect_there(write, found, sourced_id)
    expect_conditions(found.active(sourced_id), author.services)
    await delete_record(g.session, author, write.writable.table, sourced_id, cascade=wants_cascade())
    await g.session.commit()
    return Response(b"", 204, headers={"Cache-Control": CACHING})


@repeatable
async def post_all(write: Write, path: Path) -> Response:
    """201 with the sourcedIds that they got: of the one object that was sent, or of the list."""
    author = this_author()
    single, records = read_records(write, path, await read_json())
    async with turn(author.name):
        found = await find(g.session, author, write.writable, records)
        expect_client(found)
        if (answer := await earlier_answer(g.session, author.name)) is None:
            pairs = await create(author, write, path, records, found)
            answer = json.dumps({"sourcedIdPairs": pairs[0] if single else pairs})
            await keep_answer(g.session, author.name, answer)
            await g.session.commit()
    return Response(answer, 201, content_type="application/json", headers={"Cache-Control": CACHING})


def this_author() -> Author:
    return Author("client", g.caller.client_id, getattr(current_tally(), "id", None), services_url())


def expect_client(found: Found) -> None:
    """A token may outlive its client; what is written asks for the client itself."""
    if not found.client:
        raise refused_token("this client's access was taken back", "invalid_token")


def expect_there(write: Write, found: Found, sourced_id: str) -> None:
    stored = found.active(sourced_id)
    if stored is None or not is_of_kind(write, stored):
        raise NotFound(f"no {write.writable.one} with this sourcedId")


def is_of_kind(write: Write, stored: Stored) -> bool:
    """Whether it is what the operation is for, such as a school among organisations."""
    shown = json.loads(stored.shown or "{}")
    return all(shown.get(member) in words for member, words in write.allowed.items())


def expect_references(found: Found, records: list[Record]) -> None:
    """Raises NotFound for what the path names, InvalidData for what the body does."""
    missing = [
        each for record in records for each in record.references if each.sourced_id not in found.referred[each.table]
    ]
    if any(each.at == IN_PATH for each in missing):
        raise NotFound("no such object in the path")
    if missing:
        raise refused([(each.at, Rule.UNKNOWN_REFERENCE) for each in missing])


def expect_no_loop(writable: Writable, found: Found, record: Record) -> None:
    """Raises InvalidData if the parent that was sent leads back to the record itself."""
    parent = parent_named(writable, record)
    if parent and record.sourced_id in found.way_up(parent):
        at = next(each.at for each in record.references if each.table == writable.table.name)
        raise refused([(at, Rule.PARENT_LOOP)])


async def store_or_delete(author: Author, writable: Writable, record: Record, found: Found) -> str:
    """The object's JSON. One that comes as `tobedeleted` is stored, then deleted as DELETE would do it."""
    gone = record.status == TO_BE_DELETED
    shown = await store(g.session, author, writable, replace(record, status=ACTIVE), found)
    if gone:
        await delete_record(g.session, author, writable.table, record.sourced_id, cascade=wants_cascade())
        wanted = {"sourcedId": record.sourced_id, "services": author.services}
        shown = str(await g.session.scalar(shown_statement(writable.collection), wanted))
    return shown


async def create(author: Author, write: Write, path: Path, records: list[Record], found: Found) -> list[dict[str, str]]:
    """The pairs of sourcedIds. What comes as `tobedeleted` is created, then deleted, as by a PUT."""
    for record in records:
        if record.sourced_id not in found.rows:  # else it gets another sourcedId, to which nothing leads yet
            expect_no_loop(write.writable, found, record)
    expect_references(found, records)
    if write.check:
        await write.check(g.session, path, records)
    pairs = allocate(write.writable, found, records)
    await create_all(g.session, author, write.writable, [replace(record, status=ACTIVE) for record in records])
    for record in records:
        if record.status == TO_BE_DELETED:
            await delete_record(g.session, author, write.writable.table, record.sourced_id)
    return pairs


def wants_cascade() -> bool:
    return request.args.get("cascade", "").lower() == "true"


def allocate(writable: Writable, found: Found, records: list[Record]) -> list[dict[str, str]]:
    """Give each record its sourcedId: that which it came with, if it is free.

    Raises Conflict where it can have no other, as the demographics of a user.
    """
    pairs, taken = [], set(found.rows)
    for record in records:
        supplied = record.sourced_id
        if supplied in taken and reference_of(writable.table.c.sourced_id):
            raise Conflict(f"{record.at}.sourcedId: there is one with it already, and PUT replaces it")
        if not supplied or supplied in taken:
            record.sourced_id = new_id()
        taken.add(record.sourced_id)
        pairs.append({"suppliedSourcedId": supplied or record.sourced_id, "allocatedSourcedId": record.sourced_id})
    return pairs
