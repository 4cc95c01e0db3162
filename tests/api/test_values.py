"""How values look in an answer."""

from tests.api.calls import GRADEBOOK, ROSTERING, Caller
from tests.samples import SLASHED


async def test_booleans_are_texts_and_absent_ones_are_left_out(caller: Caller) -> None:
    ana = (await caller.get(f"{ROSTERING}/demographics/ana")).json["demographics"]
    sean = (await caller.get(f"{ROSTERING}/demographics/sean")).json["demographics"]

    assert (ana["asian"], ana["white"], sean["white"]) == ("false", "true", "true")
    assert "asian" not in sean


async def test_moments_are_in_utc_with_milliseconds(caller: Caller) -> None:
    user = (await caller.get(f"{ROSTERING}/users/turing")).json["user"]

    assert user["dateLastModified"] == "2026-09-01T11:07:24.441Z"  # 3.123456 hours after eight, cut


async def test_days_are_days(caller: Caller) -> None:
    assert (await caller.get(f"{ROSTERING}/demographics/ana")).json["demographics"]["birthDate"] == "2011-02-28"


async def test_numbers_lose_no_digit(caller: Caller) -> None:
    results = await caller.get(f"{GRADEBOOK}/results", fields="sourcedId,score")

    scores = {item["sourcedId"]: item.get("score") for item in results.items()}
    assert (scores["hw-1-sean"], scores["hw-2-ana"], scores["quiz-ana"]) == (0.1 + 0.2, 12.5, 300)
    assert scores[f"hw-1-{SLASHED}"] is None


async def test_texts_survive_quotes_backslashes_and_any_alphabet(caller: Caller) -> None:
    users = {user["sourcedId"]: user["familyName"] for user in (await caller.get(f"{ROSTERING}/users")).items()}

    assert users[SLASHED] == 'Smith, "Jr." \\ AND'
    assert (users["sean"], users["li"], users["ana"]) == ("O'Brien", "李", "Núñez")


async def test_metadata_is_served_as_it_was_given(caller: Caller) -> None:
    org = (await caller.get(f"{ROSTERING}/orgs/springfield")).json["org"]

    assert org["metadata"]["homeroom.seats"] == {"open": 3, "by": ["grade", "class"]}


async def test_what_the_standard_requires_and_the_row_lacks_has_a_substitute(caller: Caller) -> None:
    assert (await caller.get(f"{ROSTERING}/courses/art")).json["course"]["courseCode"] == "art"
    assert (await caller.get(f"{ROSTERING}/orgs/lab")).json["org"]["identifier"] == "lab"
    assert (await caller.get(f"{ROSTERING}/enrollments/algebra-1-ana")).json["enrollment"]["primary"] == "false"


async def test_learning_objectives_stand_together_by_source(caller: Caller) -> None:
    item = (await caller.get(f"{GRADEBOOK}/lineItems/hw-1")).json["lineItem"]
    result = (await caller.get(f"{GRADEBOOK}/results/hw-1-ana")).json["result"]

    assert item["learningObjectiveSet"] == [
        {"source": "case", "learningObjectiveIds": ["urn:0", "urn:1"]},
        {"source": "unknown", "learningObjectiveIds": ["urn:2"]},
    ]
    assert result["learningObjectiveSet"] == [
        {"source": "case", "learningObjectiveResults": [{"learningObjectiveId": "urn:0", "score": 4}]},
        {"source": "unknown", "learningObjectiveResults": [{"learningObjectiveId": "urn:2", "textScore": "B"}]},
    ]


async def test_a_grading_period_is_one_only_if_it_is_one(caller: Caller) -> None:
    first = (await caller.get(f"{GRADEBOOK}/lineItems/hw-1")).json["lineItem"]
    second = (await caller.get(f"{GRADEBOOK}/lineItems/hw-2")).json["lineItem"]

    assert (first["gradingPeriod"]["sourcedId"], first["academicSession"]["sourcedId"]) == ("q1", "q1")
    assert "gradingPeriod" not in second
    assert second["academicSession"]["sourcedId"] == "fall"


async def test_credentials_come_without_a_password(caller: Caller) -> None:
    [lms, mail] = (await caller.get(f"{ROSTERING}/users/ana")).json["user"]["userProfiles"]

    assert mail["credentials"] == [{"type": "password", "username": "ana@old"}]
    assert "credentials" not in lms


async def test_children_that_are_retired_are_left_out(caller: Caller) -> None:
    district = (await caller.get(f"{ROSTERING}/orgs/springfield")).json["org"]
    fall = (await caller.get(f"{ROSTERING}/terms/fall")).json["academicSession"]

    assert [child["sourcedId"] for child in district["children"]] == ["bare-school", "lincoln", "shelbyville"]
    assert [child["sourcedId"] for child in fall["children"]] == ["q1", "q2"]


async def test_a_list_of_nothing_is_left_out_unless_the_standard_requires_it(caller: Caller) -> None:
    bare = (await caller.get(f"{ROSTERING}/users/bare-student")).json["user"]

    assert bare.keys() & {"agents", "resources", "userProfiles"} == set()
    assert "children" not in (await caller.get(f"{ROSTERING}/orgs/lab")).json["org"]
