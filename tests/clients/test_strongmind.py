"""strongmind-oneroster-client, made by others of the OpenAPI document of OneRoster 1.1, reads and writes by us.

Of every object it checks what 1.1 requires and its vocabularies: an answer that lacks a member or has a word of 1.2
raises.
"""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from models.database import Database
from service.access import OLDER_SCOPES, new_client
from tests.api.calls import FULL, V1P1
from tests.samples import a_district
from tests.serving import serving

pytestmark = pytest.mark.filterwarnings("default")  # of a client that is not ours
Calls = list[tuple[str, Any]]


@pytest.fixture
async def address(database: Database, database_url: str) -> AsyncIterator[str]:
    async with database.transaction() as session:
        await a_district(session)
    async with serving(database_url) as address:
        yield address


@pytest.fixture
async def apis(address: str, database: Database) -> dict[str, Any]:
    """Its classes by name, each with a token; it knows tokens, but not how to get one."""
    oneroster_client = pytest.importorskip("oneroster_client")
    async with database.transaction() as session:
        record, secret = new_client("strongmind", list(OLDER_SCOPES))
        session.add(record)
    form = {"grant_type": "client_credentials", "scope": " ".join(OLDER_SCOPES)}
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{address}/oauth2/token", auth=(record.client_id, secret), data=form)
    configuration = oneroster_client.Configuration()
    configuration.host, configuration.access_token = address + V1P1, answer.json()["access_token"]
    client = oneroster_client.ApiClient(configuration)
    found: list[tuple[str, Any]] = inspect.getmembers(oneroster_client, inspect.isclass)
    return {name: make(client) for name, make in found if name.endswith("Api")}


def reads(apis: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for api in apis.values():
        for name, method in inspect.getmembers(api, inspect.ismethod):
            if name.startswith("get_") and not name.endswith("_with_http_info"):
                yield name, method


def known_id(argument: str) -> str:
    """`class_sourced_id` is the one below which Springfield has rows."""
    return FULL[re.sub(r"_(\w)", lambda letter: letter[1].upper(), argument).replace("sourcedid", "sourcedId")]


async def test_it_reads_everything(apis: dict[str, Any]) -> None:
    lists, singles = Calls(), Calls()
    for name, method in reads(apis):
        (singles if "sourced_id" in inspect.signature(method).parameters else lists).append((name, method))
    ids: dict[str, str] = {}
    for name, method in lists:
        given = [each for each in inspect.signature(method).parameters if each.endswith("_sourced_id")]
        answer = await asyncio.to_thread(method, **{each: known_id(each) for each in given})
        [items] = answer.to_dict().values()
        assert items, name
        ids[name] = items[0]["sourced_id"]
    for name, method in singles:
        [plural] = [each for each in ids if each in (f"{name}s", f"{name}es", name.replace("category", "categories"))]
        answer = await asyncio.to_thread(method, ids[plural])
        [one] = answer.to_dict().values()
        assert one["sourced_id"] == ids[plural], name

    assert (len(lists), len(singles)) == (39, 16)


async def test_it_changes_and_deletes(apis: dict[str, Any]) -> None:
    for api, name, sourced_id, member in (
        ("CategoriesManagementApi", "category", "extra", "title"),
        ("ResultsManagementApi", "result", "hw-1-ana", "comment"),
        ("LineItemsManagementApi", "line_item", "bare-item", "title"),
    ):
        read, put, delete = (getattr(apis[api], f"{verb}_{name}") for verb in ("get", "put", "delete"))
        body = await asyncio.to_thread(read, sourced_id)
        setattr(getattr(body, name), member, "Changed")
        await asyncio.to_thread(put, body, sourced_id)
        after = await asyncio.to_thread(read, sourced_id)
        await asyncio.to_thread(delete, sourced_id)

        assert getattr(getattr(after, name), member) == "Changed"
        with pytest.raises(Exception, match="404"):
            await asyncio.to_thread(read, sourced_id)
