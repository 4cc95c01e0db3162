"""Programs write to the roster, which the standard only reads: PUT, POST, PATCH and DELETE of each collection."""

from typing import Any

import pytest

from tests.api.calls import ROSTERING, Caller, expect_refusal
from tests.api.written import (
    OF_ROSTER,
    a_new,
    address_of,
    column,
    create,
    expect_invalid,
    history,
    new_id,
    ref,
    shown,
)
from tests.samples import SLASHED

each_object = pytest.mark.parametrize("name", OF_ROSTER)
PRIMARY = {"roleType": "primary", "role": "student", "org": ref("lincoln")}


@each_object
async def test_an_object_is_created_replaced_changed_and_deleted(name: str, writer: Caller) -> None:
    path, seen = address_of(name), []
    for method, body, status in (
        ("PUT", a_new(name, metadata={"a": 1}), 201),
        ("PUT", a_new(name), 201),
        ("PATCH", {name: {"metadata": {"b": 2}}}, 200),
    ):
        answer = await writer.send(method, path, json=body)
        assert (answer.status, list(answer.json)) == (status, [name]), answer.text
        assert answer.json == (await writer.get(path)).json
        seen.append(shown(answer))
    gone = await writer.delete(path)

    assert [each.pop("metadata", None) for each in seen] == [{"a": 1}, None, {"b": 2}]
    stamps = [each.pop("dateLastModified") for each in seen]
    assert stamps == sorted(set(stamps))
    assert seen[0] == seen[1] == seen[2]
    assert (gone.status, gone.text) == (204, "")
    expect_refusal(await writer.get(path), 404, "unknownobject")
    own = [each["what"] for each in await history(writer) if each["sourcedId"] == new_id(name)]
    assert own == ["created", "updated", "updated", "deleted"]
    assert (await create(writer, name))["status"] == "active", "a PUT revives it"


@each_object
async def test_post_takes_one_or_many(name: str, writer: Caller) -> None:
    path, [given] = address_of(name).rpartition("/")[0], a_new(name).values()
    ids = ("turing", "noether") if name == "demographics" else (None, "mine")
    one = await writer.post(path, {name: {**given, "sourcedId": ids[0]}})
    many = await writer.post(path, {path.rpartition("/")[2]: [{**given, "sourcedId": ids[1]}]})

    if name == "demographics":  # one name for one and for many
        assert one.status == 201, one.text
        return
    assert (one.status, many.status) == (201, 201), many.text
    for pair in (one.json["sourcedIdPairs"], *many.json["sourcedIdPairs"]):
        assert (await writer.get(f"{path}/{pair['allocatedSourcedId']}")).status == 200
    assert many.json == {"sourcedIdPairs": [{"suppliedSourcedId": "mine", "allocatedSourcedId": "mine"}]}


# --- organisations and times by the names of their kinds -------------------------------------------------------------

KINDS = [
    ("schools", "org", "school", "district"),
    ("terms", "academicSession", "term", "gradingPeriod"),
    ("gradingPeriods", "academicSession", "gradingPeriod", "term"),
]


@pytest.mark.parametrize(("path", "name", "kind", "other"), KINDS)
async def test_what_is_written_by_the_name_of_its_kind_is_of_it(
    path: str, name: str, kind: str, other: str, writer: Caller
) -> None:
    body = a_new(name, type=None)
    put = await writer.put(f"{ROSTERING}/{path}/new", body)
    posted = await writer.post(f"{ROSTERING}/{path}", body)
    patched = await writer.patch(f"{ROSTERING}/{path}/new", {name: {"metadata": {"a": 1}}})

    assert [put.status, posted.status, patched.status] == [201, 201, 200], (put.text, posted.text, patched.text)
    assert shown(put)["type"] == kind
    made = posted.json["sourcedIdPairs"]["allocatedSourcedId"]
    assert {"new", made} <= set((await writer.get(f"{ROSTERING}/{path}")).ids())
    for method in ("PUT", "PATCH"):
        wrong = await writer.send(method, f"{ROSTERING}/{path}/new", json=a_new(name, type=other))
        expect_invalid(wrong, f"{name}.type: path")
    assert (await writer.delete(f"{ROSTERING}/{path}/new")).status == 204


@pytest.mark.parametrize(
    ("path", "name", "sourced_id"),
    [
        ("schools", "org", "springfield"),
        ("terms", "academicSession", "q1"),
        ("gradingPeriods", "academicSession", "fall"),
    ],
)
async def test_what_is_of_another_kind_is_not_there(path: str, name: str, sourced_id: str, writer: Caller) -> None:
    address = f"{ROSTERING}/{path}/{sourced_id}"

    expect_refusal(await writer.patch(address, {name: {}}), 404, "unknownobject")
    expect_refusal(await writer.delete(address), 404, "unknownobject")
    expect_refusal(await writer.put(address, a_new(name, type=None)), 409, "invaliddata")
    assert await history(writer) == []


async def test_a_semester_is_a_term(writer: Caller) -> None:
    answer = await writer.patch(f"{ROSTERING}/terms/fall", {"academicSession": {"title": "Autumn"}})

    assert shown(answer)["type"] == "semester"


async def test_a_term_or_a_grading_period_may_be_called_so_in_a_body(writer: Caller) -> None:
    for path, name in (("terms", "term"), ("gradingPeriods", "gradingPeriod")):
        [given] = a_new("academicSession", type=None).values()
        answer = await writer.put(f"{ROSTERING}/{path}/new-{name}", {name: given})
        assert (answer.status, list(answer.json)) == (201, ["academicSession"])


async def test_a_grading_period_may_be_made_in_its_term(writer: Caller) -> None:
    path, [given] = f"{ROSTERING}/terms/fall/gradingPeriods", a_new("academicSession", type=None, parent=None).values()
    answer = await writer.post(path, {"academicSession": given})

    made = answer.json["sourcedIdPairs"]["allocatedSourcedId"]
    assert made in (await writer.get(path)).ids()
    wrong = await writer.post(path, {"academicSession": {**given, "parent": ref("spring")}})
    expect_invalid(wrong, "academicSession.parent.sourcedId: path")
    for nowhere in ("nowhere", "retired-term"):
        expect_refusal(
            await writer.post(path.replace("fall", nowhere), {"academicSession": given}), 404, "unknownobject"
        )


async def test_a_school_year_may_be_a_number(writer: Caller) -> None:
    assert (await create(writer, "academicSession", schoolYear=2027))["schoolYear"] == "2027"


# --- classes and who is in them --------------------------------------------------------------------------------------


async def test_enrolled_by_class_as_student_or_teacher(writer: Caller) -> None:
    for path, role, user in (("students", "student", "li"), ("teachers", "teacher", "noether")):
        answer = await writer.post(
            f"{ROSTERING}/classes/algebra-1/{path}", {"enrollment": {"user": ref(user), "primary": True}}
        )
        assert answer.status == 201, answer.text
        made = answer.json["sourcedIdPairs"]["allocatedSourcedId"]
        enrollment = shown(await writer.get(f"{ROSTERING}/enrollments/{made}"))
        assert enrollment["role"] == role
        assert enrollment["primary"] == "true"
        assert (enrollment["class"]["sourcedId"], enrollment["school"]["sourcedId"]) == ("algebra-1", "lincoln")
        assert user in (await writer.get(f"{ROSTERING}/classes/algebra-1/{path}")).ids()
    wrong = {"enrollment": {"user": ref("li"), "role": "teacher"}}
    expect_invalid(await writer.post(f"{ROSTERING}/classes/algebra-1/students", wrong), "enrollment.role: path")
    for gone in ("retired-class", "nowhere"):
        answer = await writer.post(f"{ROSTERING}/classes/{gone}/students", {"enrollment": {"user": ref("li")}})
        expect_refusal(answer, 404, "unknownobject")


async def test_a_class_lists_its_terms_and_resources(writer: Caller) -> None:
    made = await create(writer, "class", terms=[ref("fall"), ref("spring"), ref("fall")], resources=[ref("book")])
    fewer = await create(writer, "class", terms=[ref("spring")])
    kept = shown(await writer.patch(address_of("class"), {"class": {"title": "Geometry 2"}}))

    assert [each["sourcedId"] for each in made["terms"]] == ["fall", "spring"]
    assert [each["sourcedId"] for each in made["resources"]] == ["book"]
    assert [each["sourcedId"] for each in fewer["terms"]] == [each["sourcedId"] for each in kept["terms"]] == ["spring"]
    assert "resources" not in fewer
    befores = [each["before"] for each in await history(writer, "classes", new_id("class"))]
    assert [each and each["termSourcedIds"] for each in befores] == [None, ["fall", "spring"], ["spring"]]


async def test_a_class_needs_a_term(writer: Caller) -> None:
    nothing: tuple[Any, ...] = ([], None, "")
    for terms in nothing:
        expect_invalid(
            await writer.patch(address_of("class", "algebra-1"), {"class": {"terms": terms}}), "class.terms: required"
        )


async def test_a_class_may_call_its_school_org(writer: Caller) -> None:
    assert (await create(writer, "class", school=None, org=ref("lincoln")))["school"]["sourcedId"] == "lincoln"


async def test_lists_of_plain_values_may_hold_numbers(writer: Caller) -> None:
    assert (await create(writer, "class", grades=[9, "10", ""], periods=[1]))["grades"] == ["9", "10"]


# --- users, and what travels in them ---------------------------------------------------------------------------------


async def test_what_a_user_is_made_of_is_replaced_by_put_and_kept_by_patch(writer: Caller) -> None:
    path = address_of("user", "ana")
    before = shown(await writer.get(path))
    patched = shown(await writer.patch(path, {"user": {"givenName": "Anna"}}))
    put = shown(await writer.put(path, a_new("user")))

    parts = ("roles", "userProfiles", "agents", "resources")
    assert patched["givenName"] == "Anna"
    assert {name: patched[name] for name in parts} == {name: before[name] for name in parts}
    assert [each["role"] for each in put["roles"]] == ["student"]
    assert not {"userProfiles", "agents", "resources", "userIds", "email"} & set(put)


async def test_a_user_may_be_sent_back_as_it_was_served(writer: Caller) -> None:
    for sourced_id in ("ana", "maria", "li", "noether"):
        served = (await writer.get(address_of("user", sourced_id))).json
        answer = await writer.put(address_of("user", sourced_id), served)

        assert answer.status == 201, answer.text
        assert {**shown(answer), "dateLastModified": ""} == {**served["user"], "dateLastModified": ""}
    assert {each["collection"] for each in await history(writer)} == {"users"}, "no part changed"


async def test_a_role_that_stays_keeps_its_sourced_id(writer: Caller) -> None:
    second = {"roleType": "secondary", "role": "aide", "org": ref("shelbyville")}
    await create(writer, "user", "ana", roles=[{**PRIMARY, "endDate": "2027-01-31"}, second])

    assert await column(writer, "roles", "status", "ana-student-lincoln") == "active"
    assert str(await column(writer, "roles", "end_date", "ana-student-lincoln")) == "2027-01-31"
    roles = [
        (each["what"], each["sourcedId"] == "ana-student-lincoln")
        for each in await history(writer)
        if each["collection"] == "roles"
    ]
    assert sorted(roles) == [("created", False), ("updated", True)]


async def test_a_role_that_is_gone_and_comes_again_is_the_same(writer: Caller) -> None:
    teacher = {"roleType": "primary", "role": "teacher", "org": ref("lincoln")}
    await create(writer, "user", "ana", roles=[teacher])
    gone = await column(writer, "roles", "status", "ana-student-lincoln")
    await create(writer, "user", "ana", roles=[PRIMARY])

    assert (gone, await column(writer, "roles", "status", "ana-student-lincoln")) == ("tobedeleted", "active")


async def test_profiles_and_the_roles_that_use_them(writer: Caller) -> None:
    profile = {
        "profileId": "p1",
        "profileType": "lms",
        "vendorId": "v",
        "credentials": [{"type": "x", "username": "noor"}],
    }
    made = await create(writer, "user", userProfiles=[profile], roles=[{**PRIMARY, "userProfile": "p1"}])
    again = await create(writer, "user", userProfiles=made["userProfiles"], roles=made["roles"])

    [shown_profile] = made["userProfiles"]
    assert made["roles"][0]["userProfile"] == shown_profile["profileId"]
    assert shown_profile["credentials"] == [{"type": "x", "username": "noor"}]
    assert (again["userProfiles"], again["roles"]) == (made["userProfiles"], made["roles"])
    wrong = await writer.put(address_of("user", "x"), a_new("user", roles=[{**PRIMARY, "userProfile": "none"}]))
    expect_invalid(wrong, "user.roles[0].userProfile: unknown-reference")


async def test_a_profile_is_one_users(writer: Caller) -> None:
    profile = {"profileId": "ana-lms", "profileType": "lms", "vendorId": "v"}

    expect_refusal(await writer.put(address_of("user"), a_new("user", userProfiles=[profile])), 409, "invaliddata")
    using = a_new("user", roles=[{**PRIMARY, "userProfile": "ana-lms"}])
    expect_invalid(await writer.put(address_of("user"), using), "user.roles[0].userProfile: unknown-reference")


async def test_the_same_profile_twice_is_refused(writer: Caller) -> None:
    profile = {"profileId": "p", "profileType": "lms", "vendorId": "v"}

    answer = await writer.put(address_of("user"), a_new("user", userProfiles=[profile, profile]))
    assert answer.status in (409, 422), answer.text


async def test_the_same_role_twice_is_one(writer: Caller) -> None:
    made = await create(writer, "user", roles=[PRIMARY, {**PRIMARY, "beginDate": "2026-09-01"}])

    assert [each.get("beginDate") for each in made["roles"]] in (
        ["2026-09-01"],
        [None, "2026-09-01"],
        ["2026-09-01", None],
    )
    again = await create(writer, "user", roles=made["roles"])
    assert again["roles"] == made["roles"]


async def test_a_user_needs_a_role(writer: Caller) -> None:
    expect_invalid(await writer.put(address_of("user"), a_new("user", roles=[])), "user.roles: required")
    expect_invalid(await writer.patch(address_of("user", "ana"), {"user": {"roles": None}}), "user.roles: required")
    wrong = [{"roleType": "first", "role": "pupil", "org": ref("nowhere")}]
    answer = await writer.put(address_of("user"), a_new("user", roles=wrong))
    expect_invalid(answer, "user.roles[0].roleType: word", "user.roles[0].role: word")


async def test_a_password_is_not_kept(writer: Caller) -> None:
    made = await create(writer, "user", password="what nobody may read")

    assert "password" not in made
    assert "nobody" not in str(await history(writer))


async def test_agents_are_added_and_taken_away(writer: Caller) -> None:
    path = f"{ROSTERING}/users/{SLASHED}/agents"
    stamp = shown(await writer.get(address_of("user", SLASHED)))["dateLastModified"]
    for _ in range(2):
        added = await writer.post(path, {"agentSourcedId": "maria"})
        assert added.status == 201, added.text
        assert [each["sourcedId"] for each in shown(added)["agents"]] == ["maria"]
    assert shown(added)["dateLastModified"] > stamp
    expect_invalid(await writer.post(path, {"agentSourcedId": "nobody"}), "agentSourcedId: unknown-reference")
    expect_invalid(await writer.post(path, {}), "agentSourcedId: required")

    assert (await writer.delete(f"{path}/maria")).status == 204
    expect_refusal(await writer.delete(f"{path}/maria"), 404, "unknownobject")
    assert "agents" not in shown(await writer.get(address_of("user", SLASHED)))
    assert (await writer.get(address_of("user", "maria"))).status == 200
    expect_refusal(
        await writer.post(f"{ROSTERING}/users/nobody/agents", {"agentSourcedId": "maria"}), 404, "unknownobject"
    )
    befores = [each["before"].get("agentSourcedIds", []) for each in await history(writer)]
    assert befores == [[], ["maria"], ["maria"]]


async def test_demographics_are_somebodys(writer: Caller) -> None:
    expect_invalid(
        await writer.put(address_of("demographics", "nobody"), a_new("demographics")),
        "demographics.sourcedId: unknown-reference",
    )
    assert (await writer.post(f"{ROSTERING}/demographics", a_new("demographics"))).status == 422
    for there in ("ana", "retired-student"):
        answer = await writer.post(f"{ROSTERING}/demographics", a_new("demographics", sourcedId=there))
        assert answer.status in (409, 422), answer.text
    assert await history(writer) == []
