"""The lists of a record, such as a user's roles and agents: what a write makes of them, and a deletion."""

from tests.writes.bodies import a_line_item, a_term, a_user, an_org, found_school, ref
from tests.writes.program import Program
from tests.writes.replay import Replay

AIDE = {"roleType": "secondary", "role": "aide", "org": ref("lincoln")}
FIRST_TIME = {**AIDE, "beginDate": "2024-09-01", "endDate": "2025-06-30"}
SECOND_TIME = {**AIDE, "beginDate": "2026-09-01"}


async def test_a_role_that_somebody_has_twice_can_be_taken_back_once(program: Program, replay: Replay) -> None:
    await found_school(program)
    for listed in ([FIRST_TIME, SECOND_TIME], [SECOND_TIME], [SECOND_TIME, FIRST_TIME], [FIRST_TIME]):
        body = a_user()
        body["user"]["roles"] = listed
        answer = await program.put("users", "ana", body)

        shown = {role["beginDate"] for role in answer.object["roles"]}
        assert shown == {role["beginDate"] for role in listed}
        assert len(answer.object["roles"]) == len(listed)


async def test_to_send_the_same_roles_again_changes_none_of_them(program: Program, replay: Replay) -> None:
    await found_school(program)
    body = a_user()
    body["user"]["roles"] = [FIRST_TIME, SECOND_TIME]
    await program.put("users", "ana", body)
    await replay.follow()
    body["user"]["roles"] = [SECOND_TIME, FIRST_TIME]
    await program.put("users", "ana", body)

    assert set(await replay.follow()) == {("users", "ana")}


async def test_who_is_deleted_keeps_the_agents_that_are_deleted_later(program: Program, replay: Replay) -> None:
    """A deleted record does not change any more, or its history would have to say so."""
    await found_school(program)
    await program.put("users", "bea", a_user("Bea", (("parent", "lincoln"),)))
    await program.put("users", "ana", a_user("Ana", agents=[ref("bea")]))
    await program.delete("users", "ana")
    await replay.follow()
    await program.delete("users", "bea")

    assert ("users", "ana") not in await replay.follow()
    assert replay.images["users", "ana"]["agentSourcedIds"] == ["bea"]


async def test_a_new_record_is_not_answered_with_what_others_have(program: Program) -> None:
    await found_school(program)
    await program.put("orgs", "below", an_org(parent=ref("lincoln")))
    for period in ("one", "two"):
        await program.put("academicSessions", period, a_term(type="gradingPeriod"))
        item = a_line_item()
        item["lineItem"]["gradingPeriod"] = ref(period)
        assert (await program.put("lineItems", period, item)).status == 201
    org = await program.put("orgs", "new", an_org())
    line_item = await program.put("lineItems", "new", a_line_item())

    assert (org.status, line_item.status) == (201, 201)
    assert "children" not in org.object
    assert "gradingPeriod" not in line_item.object
