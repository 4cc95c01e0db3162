"""Entity tags: nobody overwrites what somebody else wrote meanwhile, and nothing is sent twice (RFC 9110, 13)."""

import asyncio

import pytest
from sqlalchemy import text

from models import LineItem
from tests.api.calls import GRADEBOOK, ROSTERING, Caller, expect_refusal
from tests.api.written import NEW, a_new, address_of, create, database_of, history, shown
from tests.samples import a_result

each_object = pytest.mark.parametrize("name", NEW)
CATEGORY = {"category": {"title": "Projects"}}


@each_object
async def test_a_tag_is_the_same_after_a_write_and_a_read(name: str, writer: Caller) -> None:
    path, seen = address_of(name), []
    for method, body in (("PUT", a_new(name)), ("PUT", a_new(name)), ("PATCH", {name: {"metadata": {"a": 1}}})):
        written = await writer.send(method, path, json=body)
        read = await writer.get(path)
        again = await writer.get(path, headers={"If-None-Match": written.headers["ETag"]})

        assert written.headers["ETag"] == read.headers["ETag"]
        assert not read.headers["ETag"].startswith("W/")
        assert (again.status, again.text, again.headers["ETag"]) == (304, "", read.headers["ETag"])
        seen.append(written.headers["ETag"])
    assert len(set(seen)) == 3


async def test_a_list_that_did_not_change_is_not_sent_again(writer: Caller) -> None:
    path = f"{GRADEBOOK}/categories"
    tag = (await writer.get(path)).headers["ETag"]
    unchanged = await writer.get(path, headers={"If-None-Match": tag})
    await create(writer, "category")
    changed = await writer.get(path, headers={"If-None-Match": tag})

    assert (unchanged.status, unchanged.text) == (304, "")
    assert changed.status == 200
    assert changed.headers["ETag"] != tag


async def test_a_tag_does_not_depend_on_the_name_of_the_host(writer: Caller) -> None:
    path = address_of("class", "algebra-1")
    tags = {(await writer.get(path, headers={"Host": host})).headers["ETag"] for host in ("a.example", "b.example")}

    assert len(tags) == 1


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_only_who_knows_the_last_version_changes_it(method: str, writer: Caller) -> None:
    path, body = address_of("category"), CATEGORY
    await create(writer, "category")
    first = (await writer.get(path)).headers["ETag"]
    await create(writer, "category")
    second = (await writer.get(path)).headers["ETag"]
    before = len(await history(writer))

    for tag in (first, '"another"', f"W/{second}"):
        expect_refusal(await writer.send(method, path, json=body, headers={"If-Match": tag}), 412, "invaliddata")
    assert len(await history(writer)) == before
    good = await writer.send(method, path, json=body, headers={"If-Match": f'"another", {second}'})
    assert good.status in (200, 201, 204), good.text


async def test_a_part_of_an_object_is_part_of_its_version(writer: Caller) -> None:
    path = address_of("user", "ana")
    tag = (await writer.get(path)).headers["ETag"]
    await writer.delete(f"{ROSTERING}/users/ana/agents/maria")

    expect_refusal(await writer.patch(path, {"user": {}}, If_Match=tag), 412, "invaliddata")


async def test_of_two_who_change_the_same_version_one_is_told(writer: Caller) -> None:
    path = address_of("user", "ana")
    tag = (await writer.get(path)).headers["ETag"]
    answers = await asyncio.gather(
        *(writer.patch(path, {"user": {"givenName": f"Ana {number}"}}, If_Match=tag) for number in range(8))
    )

    assert sorted(answer.status for answer in answers) == [200] + [412] * 7
    [won] = [shown(answer)["givenName"] for answer in answers if answer.status == 200]
    assert shown(await writer.get(path))["givenName"] == won


@pytest.mark.parametrize("star", ["*", '"x", *'][:1])
async def test_what_must_be_new_is_created_once(star: str, writer: Caller) -> None:
    path = address_of("category")
    answers = await asyncio.gather(*(writer.put(path, CATEGORY, If_None_Match=star) for _ in range(8)))

    assert sorted(answer.status for answer in answers) == [201] + [412] * 7
    await writer.delete(path)
    assert (await writer.put(path, CATEGORY, If_None_Match=star)).status == 201, "what is deleted is not there"


async def test_what_must_be_there_is_not_created(writer: Caller) -> None:
    path = address_of("category")

    expect_refusal(await writer.put(path, CATEGORY, If_Match="*"), 412, "invaliddata")
    await create(writer, "category")
    assert (await writer.put(path, CATEGORY, If_Match="*")).status == 201


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_writers_at_once_lose_nothing(method: str, writer: Caller) -> None:
    """Without conditions, each is done, one after the other."""
    path = address_of("user", "ana")
    bodies = [{"user": {"roles": [{**role, "org": {"sourcedId": "lincoln"}}]}} for role in ROLES]
    if method == "PUT":
        bodies = [a_new("user", **body["user"]) for body in bodies]
    path = path + "?cascade=true" if method == "DELETE" else path
    answers = await asyncio.gather(*(writer.send(method, path, json=body) for body in bodies * 3))

    statuses = {answer.status for answer in answers}
    assert statuses == {"PUT": {201}, "PATCH": {200}, "DELETE": {204, 404}}[method]
    if method != "DELETE":
        assert len(shown(await writer.get(path))["roles"]) == 1
    own = [each for each in await history(writer) if each["sourcedId"] == "ana" and each["collection"] == "users"]
    assert len(own) == (1 if method == "DELETE" else len(bodies) * 3)


ROLES = [{"roleType": "primary", "role": role} for role in ("student", "aide", "proctor")]


async def test_agents_that_are_added_at_once_are_all_there(writer: Caller) -> None:
    agents = ["maria", "turing", "noether", "bare-teacher", "sean", "li"]
    path = f"{ROSTERING}/users/bare-student/agents"
    answers = await asyncio.gather(*(writer.post(path, {"agentSourcedId": each}) for each in agents))

    assert {answer.status for answer in answers} == {201}
    listed = shown(await writer.get(address_of("user", "bare-student")))["agents"]
    assert {each["sourcedId"] for each in listed} == set(agents)


async def until_it_waits(caller: Caller) -> None:
    """Until somebody waits for a lock; on SQLite, which does not tell, for a while."""
    for _ in range(20):
        await asyncio.sleep(0.05)
        if "postgresql" in caller.app.config["SETTINGS"].database_url:
            async with database_of(caller).read_session() as session:
                if await session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                    return


@pytest.mark.parametrize("path", ["lineItems/hw-2", "categories/homework"])
async def test_nothing_is_written_below_what_is_deleted_meanwhile(path: str, writer: Caller) -> None:
    """Not even below what goes with it at some distance. The other one has written when the deletion begins."""
    async with database_of(writer).write_session() as other:
        await other.get_one(LineItem, "hw-2", with_for_update={"read": True})  # as a PUT of its result does
        other.add(a_result("hw-2", "li", 1.0, 9))
        await other.flush()
        deletion = asyncio.create_task(writer.delete(f"{GRADEBOOK}/{path}?cascade=true"))
        await until_it_waits(writer)
        await other.commit()

    assert (await deletion).status == 204
    assert (await writer.get(f"{GRADEBOOK}/results", filter="lineItem='hw-2'")).items() == []


async def test_an_entry_shows_the_row_as_it_was_just_before(writer: Caller) -> None:
    """Of what a deletion changes along the way, too."""
    async with database_of(writer).write_session() as other:
        (await other.get_one(LineItem, "hw-1", with_for_update=True)).title = "Renamed meanwhile"
        await other.flush()
        deletion = asyncio.create_task(writer.delete(f"{ROSTERING}/gradingPeriods/q1?cascade=true"))
        await until_it_waits(writer)
        await other.commit()

    assert (await deletion).status == 204
    [entry] = await history(writer, "lineItems", "hw-1")
    assert entry["before"]["title"] == "Renamed meanwhile"
