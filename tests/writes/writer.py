"""A program that writes to the service, and to the model of what that means; after each write both agree."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import note
from hypothesis import strategies as st

from models.database import Database
from tests.writes.drawing import Draw, bodies, ids, keys
from tests.writes.model import DELETED, KINDS, Body, Key, Refused, School, on_wire
from tests.writes.program import PATHS, Answer, Program, place
from tests.writes.replay import Replay, Step


@dataclass
class Writer:
    """Writes to the service, and to the model of it; after each write both agree."""

    program: Program
    database: Database
    draw: Draw
    school: School = field(default_factory=School)
    replay: Replay = field(init=False)
    tags: dict[Key, str] = field(default_factory=dict)  # of each record as it was after one of its writes
    posts: dict[str, tuple[Any, Answer]] = field(default_factory=dict)  # by their Idempotency-Key

    def __post_init__(self) -> None:
        self.replay = Replay(self.database)

    async def put(self) -> None:
        key = self.draw(keys(self.school, list(KINDS)))
        body, cascade = self.draw(bodies(self.school, key[0])), self.draw(st.booleans())
        headers, matches = await self.condition(key)
        answer = await self.program.send("PUT", place(*key, cascade=cascade), sent(key[0], body), **headers)
        await self.agree(answer, 201, lambda tried: tried.put(key, body, matches=matches, cascade=cascade), cascade)
        await self.expect_record(key, answer)

    async def begin(self, records: Iterable[tuple[Key, Body]]) -> None:
        for key, body in records:
            assert (await self.program.put(*key, sent(key[0], body))).status == 201
            self.school.put(key, body)
        await self.replay.follow()

    async def patch(self) -> None:
        key = self.draw(keys(self.school, list(KINDS)))
        body = self.draw(bodies(self.school, key[0], partial=True))
        headers, matches = await self.condition(key)
        answer = await self.program.send("PATCH", place(*key), sent(key[0], body), **headers)
        await self.agree(answer, 200, lambda tried: tried.patch(key, body, matches=matches))
        await self.expect_record(key, answer)

    async def delete(self) -> None:
        key, cascade = self.draw(keys(self.school, list(KINDS))), self.draw(st.booleans())
        headers, matches = await self.condition(key)
        answer = await self.program.send("DELETE", place(*key, cascade=cascade), **headers)
        await self.agree(answer, 204, lambda tried: tried.delete(key, matches=matches, cascade=cascade), cascade)
        await self.expect_record(key)

    async def post(self) -> None:
        """One object or a list, each with a sourcedId of its own choice or without."""
        kind = self.draw(st.sampled_from(list(KINDS)))
        listed = self.draw(st.lists(bodies(self.school, kind), min_size=1, max_size=2))
        wished = [self.draw(st.none() | keys(self.school, [kind]).map(lambda key: key[1])) for _ in listed]
        objects = [
            sent(kind, body)[KINDS[kind].one] | ({} if wish is None else {"sourcedId": wish})
            for body, wish in zip(listed, wished, strict=True)
        ]
        body = {KINDS[kind].one: objects[0]} if len(objects) == 1 else {kind: objects}
        await self.post_body(kind, body, listed, wished)

    async def post_body(self, kind: str, body: Any, listed: list[Body], wished: list[str | None]) -> None:
        name = self.draw(st.sampled_from(["", "one key", "other key"]))
        answer = await self.program.send("POST", PATHS[kind], body, Idempotency_Key=name)
        if name in self.posts:
            await self.expect_repeated(answer, (kind, body), *self.posts[name])
            return
        taken = allocated(answer) if answer.status == 201 else [f"refused-{number}" for number, _ in enumerate(listed)]
        for given, got in zip(wished, taken, strict=True):
            free = (
                given is not None
                and (kind, given) not in self.school.records
                and taken.index(got) == wished.index(given)
            )
            assert (given == got) is free or answer.status != 201
        made = [{**each, "sourcedId": got} for each, got in zip(listed, taken, strict=True)]
        await self.agree(answer, 201, lambda tried: tried.post(kind, made))
        if answer.status == 201:
            self.posts |= {name: ((kind, body), answer)} if name else {}
            for got in taken:
                await self.expect_record((kind, got))

    async def post_again(self) -> None:
        """What came before under a key, to the letter."""
        for name, ((kind, body), first) in self.posts.items():
            answer = await self.program.send("POST", PATHS[kind], body, Idempotency_Key=name)
            await self.expect_repeated(answer, (kind, body), (kind, body), first)

    async def expect_repeated(self, answer: Answer, request: Any, earlier: Any, first: Answer) -> None:
        """It has no effect, and the answer that it had; another one under the same key is refused."""
        if request == earlier:
            assert (answer.status, answer.json) == (201, first.json)
        else:
            assert answer.status == 422
        assert await self.replay.follow() == {}

    async def add_agent(self) -> None:
        key, agent = self.draw(keys(self.school, ["users"])), self.draw(ids(self.school, "users"))
        answer = await self.program.send("POST", f"{place(*key)}/agents", {"agentSourcedId": agent})
        await self.agree(answer, 201, lambda tried: tried.add_agent(key, agent))
        await self.expect_record(key, answer)

    async def drop_agent(self) -> None:
        key, agent = self.draw(keys(self.school, ["users"])), self.draw(ids(self.school, "users"))
        answer = await self.program.send("DELETE", f"{place(*key)}/agents/{agent}")
        await self.agree(answer, 204, lambda tried: tried.drop_agent(key, agent))
        await self.expect_record(key)

    async def condition(self, key: Key) -> tuple[dict[str, str], bool]:
        """What a request may be sent with, and whether that is so."""
        kind = self.draw(st.sampled_from(["", "", "", "", "right", "stale", "new"]))
        if not kind:
            return {}, True
        now = (await self.program.get(*key)).headers.get("ETag", '"none"')
        if kind == "new":
            return {"If_None_Match": "*"}, not self.school.is_active(key)
        tag = now if kind == "right" else self.tags.get(key, '"another"')
        return {"If_Match": tag}, self.school.is_active(key) and tag == now

    # --- what is expected ---

    async def agree(self, answer: Answer, status: int, write: Callable[[School], None], cascade: bool = False) -> None:
        """The write is done, and written down, as the model does it; or it is refused, and nothing has happened."""
        note(f"{write.__qualname__}: {answer.status}")
        tried = self.school.copy()
        try:
            write(tried)
        except Refused as refused:
            tried, status = self.school.copy(), refused.status
        assert answer.status == status, answer.json
        steps = await self.replay.follow()
        whats = {key: whats_of(taken) for key, taken in steps.items() if key[0] in KINDS}
        if cascade:  # a record may be touched more than once on the way
            assert {key: each[-1] for key, each in whats.items()} == {k: v[-1] for k, v in tried.changes.items()}
        else:
            assert whats == tried.changes
        self.school = tried

    async def expect_record(self, key: Key, answer: Answer | None = None) -> None:
        """It is shown as the model shows it, and was so in the answer to its write."""
        read = await self.program.get(*key)
        assert read.status == (200 if self.school.is_active(key) else 404)
        if answer is not None and answer.status < 300:
            expect_same(answer.object, self.school.shown(key))
            self.tags[key] = answer.headers["ETag"]
        if read.status == 200:
            expect_same(read.object, self.school.shown(key))

    async def expect_lists(self) -> None:
        for kind, path in PATHS.items():
            read = await self.program.send("GET", f"{path}?limit=1000")
            [listed] = read.json.values()
            there = sorted(self.school.active(kind))
            assert [plain(each) for each in listed] == [plain(self.school.shown((kind, each))) for each in there]
            read = await self.program.send("GET", f"{path}?limit=1000&fields=sourcedId&filter=status='{DELETED}'")
            [listed] = read.json.values()
            gone = {each for other, each in self.school.records if other == kind} - set(there)
            assert {each["sourcedId"] for each in listed} == gone


def expect_same(shown: Body, wanted: Body) -> None:
    found, wanted = plain(shown), plain(wanted)
    wrong = [name for name in {**found, **wanted} if found.get(name) != wanted.get(name)]
    assert wrong == [], {name: (found.get(name), wanted.get(name)) for name in wrong}


def sent(kind: str, body: Body) -> Body:
    return {KINDS[kind].one: {member: on_wire(KINDS[kind], member, value) for member, value in body.items()}}


def allocated(answer: Answer) -> list[str]:
    pairs = answer.json["sourcedIdPairs"]
    return [pair["allocatedSourcedId"] for pair in (pairs if isinstance(pairs, list) else [pairs])]


def whats_of(steps: list[Step]) -> list[str]:
    assert {step.entry.author for step in steps} == {"a-test"}
    return [step.entry.what for step in steps]


def plain(shown: Body) -> Body:
    """Without addresses and stamps, and with roles in an order that does not depend on their sourcedIds."""
    found: Body = json.loads(json.dumps(shown), object_hook=without_addresses)
    if "roles" in found:
        found["roles"].sort(key=lambda role: (role["role"], role["org"]["sourcedId"]))
    return found


def without_addresses(each: Body) -> Body:
    return {name: value for name, value in each.items() if name not in ("href", "dateLastModified")}


RULES = (
    Writer.put,
    Writer.put,
    Writer.patch,
    Writer.delete,
    Writer.delete,
    Writer.post,
    Writer.post_again,
    Writer.add_agent,
    Writer.drop_agent,
)
