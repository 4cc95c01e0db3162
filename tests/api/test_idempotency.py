"""A POST that comes again under its Idempotency-Key has one effect, and gets the answer that it had."""

import asyncio
from datetime import timedelta

from sqlalchemy import select, update

from models import IdempotentAnswer
from models.base import stamp
from service.access import SCOPES
from tests.api.calls import GRADEBOOK, Caller, expect_refusal
from tests.api.written import a_new, count_of, database_of, expect_invalid, history, ref
from tests.doors import bearer

PATH = f"{GRADEBOOK}/lineItems/bare-item/results"
BATCH = {"results": list(a_new("result").values())}
OTHER = {"results": list(a_new("result", score=1).values())}


async def test_the_same_request_has_one_effect_and_one_answer(writer: Caller) -> None:
    first = await writer.post(PATH, BATCH, Idempotency_Key="k")
    again = await writer.post(PATH, BATCH, Idempotency_Key="k")

    assert (first.status, again.status) == (201, 201), again.text
    assert (again.json, again.headers["Content-Type"]) == (first.json, first.headers["Content-Type"])
    assert len(await history(writer)) == 1


async def test_without_a_key_or_under_another_it_is_another_request(writer: Caller) -> None:
    for headers in ({}, {}, {"Idempotency_Key": "a"}, {"Idempotency_Key": "b"}, {"Idempotency_Key": ""}):
        assert (await writer.post(PATH, BATCH, **headers)).status == 201

    assert len(await history(writer)) == 5


async def test_a_key_is_for_one_request(writer: Caller) -> None:
    await writer.post(PATH, BATCH, Idempotency_Key="k")

    for path, body in ((PATH, OTHER), (f"{PATH}?x=1", BATCH), (f"{GRADEBOOK}/results", BATCH)):
        answer = await writer.post(path, body, Idempotency_Key="k")
        expect_invalid(answer, "another request came with this Idempotency-Key")
    assert len(await history(writer)) == 1


async def test_a_hundred_at_once_have_one_effect(writer: Caller) -> None:
    before = await count_of(writer, "results")
    answers = await asyncio.gather(*(writer.post(PATH, BATCH, Idempotency_Key="k") for _ in range(100)))

    assert {answer.status for answer in answers} == {201}, {answer.text for answer in answers}
    assert len({answer.text for answer in answers}) == 1
    assert await count_of(writer, "results") == before + 1
    assert len(await history(writer)) == 1


async def test_a_refused_request_keeps_nothing(writer: Caller) -> None:
    for wrong in ({"score": "x"}, {"student": ref("nobody")}):
        refused = await writer.post(PATH, {"results": [{**BATCH["results"][0], **wrong}]}, Idempotency_Key="k")
        expect_refusal(refused, 422, "invaliddata")
        assert await count_of(writer, "idempotent_answers") == 0
    assert (await writer.post(PATH, BATCH, Idempotency_Key="k")).status == 201


async def test_another_clients_key_is_another_key(writer: Caller) -> None:
    other = Caller(writer.app, bearer(*SCOPES, client_id="vendor"))
    for caller in (writer, other):
        assert (await caller.post(PATH, BATCH, Idempotency_Key="k")).status == 201

    assert len(await history(writer)) == 2


async def test_an_answer_is_forgotten_after_a_day(writer: Caller) -> None:
    await writer.post(PATH, BATCH, Idempotency_Key="old")
    await writer.post(PATH, BATCH, Idempotency_Key="new")
    async with database_of(writer).transaction() as session:
        now = (await session.execute(select(stamp()))).scalar_one()
        for key, hours in (("old", 24.1), ("new", 23.9)):
            aged = update(IdempotentAnswer).where(IdempotentAnswer.key == key)
            await session.execute(aged.values(created_at=now - timedelta(hours=hours)))
    for key in ("old", "new"):
        await writer.post(PATH, BATCH, Idempotency_Key=key)

    assert len(await history(writer)) == 3


async def test_an_answer_stays_what_it_was_whatever_came_after(writer: Caller) -> None:
    first = await writer.post(PATH, BATCH, Idempotency_Key="k")
    await writer.delete(f"{GRADEBOOK}/lineItems/bare-item")

    assert (await writer.post(PATH, BATCH, Idempotency_Key="k")).json == first.json


async def test_a_key_is_short_and_can_be_printed(writer: Caller) -> None:
    for key in ("x" * 256, "a\tb"):
        expect_refusal(await writer.post(PATH, BATCH, Idempotency_Key=key), 400, "invaliddata")
    for key in ("x" * 255, "é", "a b/?&"):
        assert (await writer.post(PATH, BATCH, Idempotency_Key=key)).status == 201
