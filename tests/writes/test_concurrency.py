"""Writers that meet on the same records: each is answered, nothing is lost, and the history tells what happened."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable
from typing import Any

import pytest

from models.database import Database
from tests.writes.bodies import (
    Body,
    a_class,
    a_line_item,
    a_result,
    a_term,
    a_user,
    an_enrollment,
    an_org,
    found_school,
    ref,
)
from tests.writes.program import Answer, Program, place
from tests.writes.replay import Replay, left_behind

WRITERS = 20
ROUNDS = 6


@pytest.fixture
async def school(program: Program, replay: Replay) -> Program:
    await found_school(program)
    await replay.follow()
    return program


async def at_once(*writes: Awaitable[Answer]) -> list[Answer]:
    return list(await asyncio.gather(*writes))


def statuses(answers: Iterable[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


def shown(answer: Answer, member: str) -> Any:
    return answer.object[member]


async def test_of_writers_on_the_same_rows_each_leaves_one_entry(school: Program, replay: Replay) -> None:
    sent = [(key, f"{key} by {writer}") for writer in range(WRITERS) for key in ("algebra-1", "algebra-2")]
    answers = await at_once(*(school.put("classes", key, a_class(title)) for key, title in sent))

    assert statuses(answers) == {201: len(sent)}
    changes = await replay.follow()
    for key in ("algebra-1", "algebra-2"):
        called = [step.after["title"] for step in changes["classes", key]]
        assert sorted(called) == sorted(title for other, title in sent if other == key)


async def test_a_new_record_is_created_once_however_many_put_it(school: Program, replay: Replay) -> None:
    answers = await at_once(*(school.put("orgs", "adams", an_org(f"Adams {number}")) for number in range(50)))

    assert statuses(answers) == {201: 50}
    steps = (await replay.follow())["orgs", "adams"]
    assert [step.entry.what for step in steps] == ["created", *["updated"] * 49]


async def test_what_a_record_lists_is_what_one_writer_sent(school: Program, replay: Replay) -> None:
    """Never a mixture: the roles of one and the agents of another."""
    for name in ("bea", "cem"):
        await school.put("users", name, a_user(name, (("parent", "lincoln"),)))
    roles = [("student", "lincoln"), ("aide", "lincoln"), ("proctor", "lincoln")]
    sent = {
        f"Ana {number}": a_user(
            f"Ana {number}",
            (roles[number % 3], roles[(number + 1) % 3])[: 1 + number % 2],
            agents=[ref(name) for name in ("bea", "cem")[: number % 3]],
        )
        for number in range(WRITERS)
    }
    answers = await at_once(*(school.put("users", "ana", body) for body in sent.values()))

    assert statuses(answers) == {201: WRITERS}
    for answer in (*answers, await school.get("users", "ana")):
        wanted = sent[shown(answer, "givenName")]["user"]
        assert listed_roles(answer.object) == listed_roles(wanted)
        assert listed_agents(answer.object) == listed_agents(wanted)
    await replay.follow()


def listed_roles(user: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((role["role"], role["org"]["sourcedId"]) for role in user["roles"])


def listed_agents(user: dict[str, Any]) -> list[str]:
    return sorted(agent["sourcedId"] for agent in user.get("agents", []))


async def test_who_sends_the_same_list_at_once_is_not_refused(school: Program, replay: Replay) -> None:
    await school.put("academicSessions", "spring", a_term())
    both = a_class(terms=[ref("fall"), ref("spring")])
    for _ in range(3):
        await school.put("classes", "algebra-1", a_class())

        answers = await at_once(*(school.put("classes", "algebra-1", both) for _ in range(WRITERS)))

        assert statuses(answers) == {201: WRITERS}
    await replay.follow()


async def test_agents_that_are_added_at_once_are_all_there(school: Program, replay: Replay) -> None:
    names = [f"agent-{number}" for number in range(8)]
    for name in names:
        await school.put("users", name, a_user(name, (("parent", "lincoln"),)))
    path = f"{place('users', 'ana')}/agents"

    answers = await at_once(*(school.send("POST", path, {"agentSourcedId": name}) for name in [*names, *names]))

    assert statuses(answers) == {201: 16}
    assert listed_agents((await school.get("users", "ana")).object) == names
    await replay.follow()


async def test_no_increment_on_condition_is_lost(school: Program, replay: Replay) -> None:
    await school.put("categories", "counter", {"category": {"title": "Counter", "weight": 0}})

    async def increment() -> None:
        while True:
            read = await school.get("categories", "counter")
            body = {"category": {"title": "Counter", "weight": shown(read, "weight") + 1}}
            answer = await school.put("categories", "counter", body, If_Match=read.headers["ETag"])
            if answer.status == 201:
                return
            assert answer.status == 412

    await asyncio.gather(*(increment() for _ in range(WRITERS)))

    assert shown(await school.get("categories", "counter"), "weight") == WRITERS
    steps = (await replay.follow())["categories", "counter"]
    assert [step.after["weight"] for step in steps] == list(range(WRITERS + 1))


async def test_of_those_who_want_to_be_first_one_is(school: Program, replay: Replay) -> None:
    first = (school.put("orgs", "adams", an_org(), If_None_Match="*") for _ in range(WRITERS))

    assert statuses(await at_once(*first)) == {201: 1, 412: WRITERS - 1}
    assert len((await replay.follow())["orgs", "adams"]) == 1


async def test_a_post_that_comes_often_at_once_is_done_once(school: Program, replay: Replay) -> None:
    body = {"categories": [{"title": "Homework"}, {"title": "Quiz"}]}
    posts = (
        school.send("POST", place("categories", "").rstrip("/"), body, Idempotency_Key="k") for _ in range(WRITERS)
    )
    answers = await at_once(*posts)

    assert statuses(answers) == {201: WRITERS}
    assert len({str(answer.json) for answer in answers}) == 1
    assert len(await replay.follow()) == 2


async def put_until_refused(program: Program, kind: str, name: str, body: Body) -> None:
    """New records, one after the other, until what they refer to is not there any more."""
    for number in range(10_000):
        answer = await program.put(kind, f"{name}-{number}", body)
        if answer.status == 422:
            return
        assert answer.status == 201, answer.json


async def delete_in_the_end(program: Program, kind: str, sourced_id: str) -> None:
    """Even if others refer to it, which a DELETE that does not cascade minds."""
    answer = await program.delete(kind, sourced_id)
    if answer.status == 409:
        answer = await program.delete(kind, sourced_id, cascade=True)
    assert answer.status == 204


async def test_nobody_is_enrolled_in_a_class_that_is_deleted(
    school: Program, replay: Replay, database: Database
) -> None:
    for number in range(ROUNDS):
        key = f"class-{number}"
        await school.put("classes", key, a_class())
        await asyncio.gather(
            *(put_until_refused(school, "enrollments", f"{key}-{each}", an_enrollment(key)) for each in range(3)),
            delete_in_the_end(school, "classes", key),
        )
    assert await left_behind(database) == []
    await replay.follow()


async def test_what_changes_while_all_around_it_is_deleted_is_deleted_as_it_was_last(
    school: Program, replay: Replay, database: Database
) -> None:
    """A PATCH that names no class looks at none, and so does not wait for its end."""
    for number in range(ROUNDS):
        key = f"class-{number}"
        await school.put("classes", key, a_class())
        users = [f"{key}-{user}" for user in range(4)]
        await at_once(*(school.put("enrollments", each, an_enrollment(key)) for each in users))
        patch = {"enrollment": {"role": "proctor"}}
        patched = (school.send("PATCH", place("enrollments", each), patch) for each in users)
        *answers, deleted = await at_once(*patched, school.delete("classes", key, cascade=True))

        assert statuses(answers).keys() <= {200, 404}
        assert deleted.status == 204
        await replay.follow()
    assert await left_behind(database) == []


async def test_nothing_is_put_below_what_is_deleted_from_above(
    school: Program, replay: Replay, database: Database
) -> None:
    """Deleting the school deletes the class, its line items and their results; each is joined by others meanwhile."""
    for number in range(ROUNDS):
        org, key, item = f"school-{number}", f"class-{number}", f"item-{number}"
        await school.put("orgs", org, an_org())
        await school.put("orgs", f"{org}/below", an_org(parent=ref(org)))
        await school.put("classes", key, a_class(school=org))
        await school.put("lineItems", item, a_line_item(class_=key))
        await asyncio.gather(
            put_until_refused(school, "results", item, a_result(item)),
            put_until_refused(school, "enrollments", key, an_enrollment(key)),
            put_until_refused(school, "orgs", f"{org}/below", an_org(parent=ref(f"{org}/below"))),
            put_until_refused(school, "users", org, a_user("Bea", (("aide", org),))),
            delete_in_the_end(school, "orgs", org),
        )
        await replay.follow()
    assert await left_behind(database) == []


async def test_deletions_that_overlap_end_and_each_record_is_deleted_once(
    school: Program, replay: Replay, database: Database
) -> None:
    for number in range(ROUNDS):
        org, key, item = f"school-{number}", f"class-{number}", f"item-{number}"
        await school.put("orgs", org, an_org())
        await school.put("users", f"user-{number}", a_user("Bea", (("student", org),), primaryOrg=ref(org)))
        await school.put("classes", key, a_class(school=org))
        await school.put("enrollments", key, an_enrollment(key, f"user-{number}"))
        await school.put("lineItems", item, a_line_item(class_=key))
        await school.put("results", item, a_result(item, f"user-{number}"))
        await replay.follow()
        trees = (("orgs", org), ("classes", key), ("users", f"user-{number}"), ("lineItems", item))
        answers = await at_once(*(school.delete(kind, each, cascade=True) for kind, each in trees))

        assert statuses(answers).keys() <= {204, 404}
        await replay.follow()
        for kind, each in (*trees, ("enrollments", key), ("results", item)):
            assert (await school.get(kind, each)).status == 404
    assert await left_behind(database) == []


async def test_a_class_that_loses_all_its_terms_at_once_is_deleted(school: Program, replay: Replay) -> None:
    """Each of the two deletions leaves it the other term, if it does not look again."""
    for number in range(ROUNDS):
        terms, key = [f"term-{number}-{each}" for each in range(2)], f"class-{number}"
        for term in terms:
            await school.put("academicSessions", term, a_term())
        await school.put("classes", key, a_class(terms=[ref(term) for term in terms]))
        answers = await at_once(*(school.delete("academicSessions", term, cascade=True) for term in terms))

        assert statuses(answers) == {204: 2}
        assert (await school.get("classes", key)).status == 404
        await replay.follow()
