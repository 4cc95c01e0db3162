"""Everything that is kept about one person, as one JSON document, by the names of the CSV files."""

import json
from typing import Any

from sqlalchemy import RowMapping, select

from models.base import stamp, wire_moment
from service.privacy.people import Session, direct, entries_of, expect_person, person_tables, rows_about
from service.records.history import CHANGES, collection_of, image, known_collections
from service.records.kinds import camel_case

Document = dict[str, Any]


async def person_document(session: Session, user: str) -> Document:
    """`{"sourcedId": …, "exportedAt": …, "users": [{…}], …, "changes": [{…}]}`; deleted rows are included.

    Raises NoSuchPerson.
    """
    await expect_person(session, user)
    moment = (await session.execute(select(stamp()))).scalar_one()
    document: Document = {"sourcedId": user, "exportedAt": wire_moment(moment)}
    for table in person_tables():
        rows = select(image(table)).where(rows_about(table, user)).order_by(*table.primary_key)
        document[collection_of(table)] = [json.loads(row) for row in await session.scalars(rows)]
    entries = await session.execute(select(CHANGES).where(entries_of(user)).order_by(CHANGES.c.seq))
    document[collection_of(CHANGES)] = [entry_document(entry, user) for entry in entries.mappings()]
    return document


def entry_document(entry: RowMapping, user: str) -> Document:
    shown = {camel_case(name): value for name, value in entry.items() if value is not None}
    shown["at"] = wire_moment(entry["at"])
    before = json.loads(entry["before"] or "null")
    if before is None or was_of_another(entry["collection"], before, user):
        return {name: value for name, value in shown.items() if name != "before"}
    return {**shown, "before": before}


def was_of_another(collection: str, before: Document, user: str) -> bool:
    """A result that was entered for the wrong student has a past that is none of this person's business."""
    names = [camel_case(column.name) for column in direct(known_collections()[collection])]
    return bool(names) and all(before.get(name) != user for name in names)
