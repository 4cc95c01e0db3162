"""A parent that leads back to the record itself is refused, however long the way."""

import asyncio

import pytest

from tests.api.calls import GRADEBOOK, ROSTERING, Answer, Caller
from tests.api.written import a_new, address_of, ref

TREES = [  # what is put, the top, what is below it, at the bottom, and the member
    ("org", "orgs", "springfield", "lincoln", "lab", "parent"),
    ("academicSession", "academicSessions", "2026-27", "fall", "q1", "parent"),
]


def expect_loop(answer: Answer, at: str) -> None:
    assert answer.status == 422, answer.text
    assert f"{at}: parent-loop" in answer.json["imsx_description"]


@pytest.mark.parametrize(("one", "many", "top", "middle", "bottom", "member"), TREES)
@pytest.mark.parametrize("which", [0, 1, 2])
async def test_nothing_becomes_its_own_forebear(  # noqa: PLR0913 - a table
    writer: Caller, one: str, many: str, top: str, middle: str, bottom: str, member: str, which: int
) -> None:
    parent = (top, middle, bottom)[which]
    address = f"{ROSTERING}/{many}/{top}"

    expect_loop(await writer.put(address, a_new(one, **{member: ref(parent)})), f"{one}.{member}.sourcedId")
    expect_loop(await writer.patch(address, {one: {member: ref(parent)}}), f"{one}.{member}.sourcedId")


async def test_line_items_of_assessments_form_trees_too(writer: Caller) -> None:
    path = f"{GRADEBOOK}/assessmentLineItems/state-test"
    answer = await writer.patch(path, {"assessmentLineItem": {"parentAssessmentLineItem": ref("state-test-reading")}})

    expect_loop(answer, "assessmentLineItem.parentAssessmentLineItem.sourcedId")


async def test_a_new_record_cannot_name_itself(writer: Caller) -> None:
    expect_loop(await writer.put(address_of("org", "new"), a_new("org", parent=ref("new"))), "org.parent.sourcedId")
    posted = await writer.post(f"{ROSTERING}/orgs", a_new("org", sourcedId="fresh", parent=ref("fresh")))
    expect_loop(posted, "org.parent.sourcedId")


async def test_what_is_posted_under_a_sourced_id_that_is_taken_is_another_record(writer: Caller) -> None:
    body = a_new("org", sourcedId="lincoln", parent=ref("lab"))

    assert (await writer.post(f"{ROSTERING}/orgs", body)).status == 201


async def test_a_parent_may_change_within_the_tree(writer: Caller) -> None:
    for parent in ("lincoln", "springfield", "bare-school"):
        answer = await writer.patch(f"{ROSTERING}/orgs/lab", {"org": {"parent": ref(parent)}})
        assert answer.json["org"]["parent"]["sourcedId"] == parent


@pytest.mark.parametrize("length", [2, 3, 4, 6])
async def test_writers_do_not_close_a_loop_together(writer: Caller, length: int) -> None:
    """Each puts its own record below the next one; so one of them, whoever is last, must be refused."""
    names = [f"ring-{at}" for at in range(length)]
    for _ in range(5):
        for name in names:
            assert (await writer.put(address_of("org", name), a_new("org"))).status == 201
        changes = [
            writer.patch(address_of("org", name), {"org": {"parent": ref(other)}})
            for name, other in zip(names, [*names[1:], names[0]], strict=True)
        ]
        answers = await asyncio.gather(*changes)
        assert sorted(answer.status for answer in answers) == [200] * (length - 1) + [422]


async def test_two_who_join_halves_of_a_loop_do_not_close_it(writer: Caller) -> None:
    """Neither of them touches what the other one changes; they meet on the way up only."""
    names = [f"half-{at}" for at in range(6)]
    for _ in range(5):
        for name in names:
            await writer.put(address_of("org", name), a_new("org"))
        for below, above in ((1, 2), (2, 3), (4, 5), (5, 0)):
            await writer.patch(address_of("org", names[below]), {"org": {"parent": ref(names[above])}})
        answers = await asyncio.gather(
            writer.patch(address_of("org", names[0]), {"org": {"parent": ref(names[1])}}),
            writer.patch(address_of("org", names[3]), {"org": {"parent": ref(names[4])}}),
        )
        assert sorted(answer.status for answer in answers) == [200, 422]
