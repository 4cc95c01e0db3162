"""Every read operation keeps what the discovery documents promise, and what OneRoster asks of each."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from service.app import create_app
from service.reads import Operation, Service
from service.settings import Settings
from tests.api.calls import (
    EVERY,
    FULL,
    GRADEBOOK,
    LISTS,
    NESTED,
    RESOURCES,
    ROSTERING,
    SINGLES,
    Answer,
    Caller,
    bare_parts,
    name_of,
    place,
)
from tests.doors import SECRET_KEY
from tests.samples import SLASHED

DOCUMENTS = {
    "rostering": f"{ROSTERING}/discovery/onerosterv1p2rostersservice_openapi3_v1p0.json",
    "gradebook": f"{GRADEBOOK}/discovery/onerosterv1p2gradebookservice_openapi3_v1p0.json",
    "resources": f"{RESOURCES}/discovery/onerosterv1p2resourcesservice_openapi3_v1p0.json",
}
RETIRED = {
    "academicSession": "retired-term",
    "assessmentLineItem": "retired-test",
    "assessmentResult": "state-test-retired-student",
    "category": "retired-category",
    "class": "retired-class",
    "course": "retired-course",
    "demographics": "retired-student",
    "enrollment": "algebra-2-sean",
    "lineItem": "retired-item",
    "org": "retired-school",
    "resource": "retired-resource",
    "result": "quiz-sean",
    "scoreScale": "retired-scale",
    "user": "retired-student",
}

each_operation = pytest.mark.parametrize(("service", "operation"), EVERY, ids=name_of)
each_list = pytest.mark.parametrize(("service", "operation"), LISTS, ids=name_of)
each_single = pytest.mark.parametrize(("service", "operation"), SINGLES, ids=name_of)
each_nested = pytest.mark.parametrize(("service", "operation"), NESTED, ids=name_of)


async def errors(caller: Caller, service: Service, operation: Operation | None, body: Any) -> list[str]:
    """What our own document has against an answer; without an operation, the answer is a refusal."""
    validator = (await validators(caller, service.name))[operation.id if operation else "refusal"]
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


@cache
def known_validators() -> dict[str, dict[str, Draft202012Validator]]:
    return {}


async def validators(caller: Caller, service: str) -> dict[str, Draft202012Validator]:
    known = known_validators()
    if service not in known:
        document = (await caller.get(DOCUMENTS[service])).json
        operations = [path["get"] for path in document["paths"].values()]
        refs = {each["operationId"]: body_of(each, "200") for each in operations}
        refs["refusal"] = body_of(operations[0], "400")
        known[service] = {name: validator(document, ref) for name, ref in refs.items()}
    return known[service]


def body_of(operation: dict[str, Any], status: str) -> Any:
    return operation["responses"][status]["content"]["application/json"]["schema"]


def validator(document: dict[str, Any], ref: dict[str, str]) -> Draft202012Validator:
    return Draft202012Validator({**ref, "components": document["components"]}, format_checker=FormatChecker())


async def address(caller: Caller, service: Service, operation: Operation) -> str:
    """Where the operation has something to show."""
    if not operation.single:
        return place(service, operation, FULL)
    collection = operation.path.rsplit("/", 1)[0]
    return f"{service.prefix}{collection}/{(await caller.get(service.prefix + collection)).ids()[0]}"


def expect_refusal(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.refusal()) == (status, code), answer.text


def test_the_standard_has_65_read_operations() -> None:
    names = [service.name for service, _ in EVERY]

    assert {name: names.count(name) for name in names} == {"rostering": 41, "gradebook": 19, "resources": 5}
    assert len({operation.id for _, operation in EVERY}) == 65


@each_operation
async def test_an_answer_is_what_the_document_says(service: Service, operation: Operation, caller: Caller) -> None:
    answer = await caller.get(await address(caller, service, operation))

    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert await errors(caller, service, operation, answer.json) == []
    assert None not in list(values(answer.json)), "what is absent is left out"
    assert operation.single or answer.items(), "Springfield has an example of each"


def values(tree: Any) -> Iterator[Any]:
    """Everything in it, but not what clients put into `metadata`."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name != "metadata":
                yield from values(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from values(value)
    else:
        yield tree


@each_operation
async def test_head_answers_as_get_does(service: Service, operation: Operation, caller: Caller) -> None:
    path = await address(caller, service, operation)
    got, head = await caller.get(path), await caller.get(path, method="HEAD")

    assert head.status == 200
    assert dict(head.headers) == dict(got.headers)


@each_operation
async def test_a_slash_at_the_end_changes_nothing(service: Service, operation: Operation, caller: Caller) -> None:
    path = await address(caller, service, operation)

    assert (await caller.get(path + "/")).json == (await caller.get(path)).json


@each_operation
async def test_no_token_no_answer(service: Service, operation: Operation, offline: Caller) -> None:
    answer = await offline.get(place(service, operation, {**FULL, "sourcedId": "x"}), headers={"Authorization": ""})

    expect_refusal(answer, 401, "unauthorisedrequest")
    assert await errors(offline, service, None, answer.json) == []


@each_single
async def test_what_is_not_there_or_retired_is_unknown(service: Service, operation: Operation, caller: Caller) -> None:
    for sourced_id in (RETIRED[operation.collection.one], "none", "a\0b", "x" * 300, "'; DROP TABLE orgs; --", "ﷺ%"):
        answer = await caller.get(place(service, operation, {"sourcedId": quote(sourced_id, safe="")}))

        expect_refusal(answer, 404, "unknownobject")
        assert await errors(caller, service, None, answer.json) == []


@each_nested
async def test_below_something_unknown_or_retired_there_is_no_list(
    service: Service, operation: Operation, caller: Caller
) -> None:
    retired = {name: f"retired-{name.removesuffix('SourcedId')}" for name in FULL}
    for name in re.findall(r":(\w+)>", operation.path):
        for wrong in ("no-such-thing", "a%00b", retired[name]):
            answer = await caller.get(place(service, operation, {**FULL, name: wrong}))
            expect_refusal(answer, 404, "unknownobject")


@each_nested
async def test_below_something_bare_there_is_an_empty_list(
    service: Service, operation: Operation, caller: Caller
) -> None:
    answer = await caller.get(place(service, operation, bare_parts(operation)))

    assert (answer.status, answer.json) == (200, {operation.collection.many: []})
    assert answer.headers["X-Total-Count"] == "0"
    assert answer.link("next") is None
    assert answer.link("last") is None


@each_nested
async def test_a_filter_that_finds_nothing_below_something_gives_an_empty_list(
    service: Service, operation: Operation, caller: Caller
) -> None:
    answer = await caller.get(place(service, operation, FULL), filter="sourcedId='none'")

    assert (answer.status, answer.items()) == (200, [])


@each_list
async def test_a_list_leaves_out_what_is_retired(service: Service, operation: Operation, caller: Caller) -> None:
    answer = await caller.get(place(service, operation, FULL))

    assert {item["status"] for item in answer.items()} == {"active"}
    assert answer.headers["X-Total-Count"] == str(len(answer.items()))


@each_list
async def test_the_pages_of_a_list_make_the_whole(service: Service, operation: Operation, caller: Caller) -> None:
    path = place(service, operation, FULL)
    whole = (await caller.get(path)).ids()

    assert await caller.walk(path, limit=1) == whole
    assert await caller.walk(path, limit=2, fields="sourcedId") == whole


@each_list
async def test_fields_chooses_what_is_served(service: Service, operation: Operation, caller: Caller) -> None:
    answer = await caller.get(place(service, operation, FULL), fields="status, sourcedId,status,")

    assert {tuple(item) for item in answer.items()} == {("status", "sourcedId")}


@each_operation
async def test_a_field_that_there_is_not_cannot_be_chosen(
    service: Service, operation: Operation, offline: Caller
) -> None:
    answer = await offline.get(place(service, operation, {**FULL, "sourcedId": "x"}), fields="sourcedId,shoeSize")

    expect_refusal(answer, 400, "invalid_selection_field")


@each_list
async def test_a_field_that_there_is_not_cannot_be_filtered_by(
    service: Service, operation: Operation, offline: Caller
) -> None:
    answer = await offline.get(place(service, operation, FULL), filter="shoeSize='42'")

    expect_refusal(answer, 400, "invalid_filter_field")
    assert await errors(offline, service, None, answer.json) == []


@each_list
async def test_what_cannot_be_sorted_by_is_ignored_or_where_the_standard_has_an_error_refused(
    service: Service, operation: Operation, caller: Caller
) -> None:
    path = place(service, operation, FULL)
    for field in ("shoeSize", "metadata", "sourcedId.sourcedId.x"):
        answer = await caller.get(path, sort=field)

        if service.name == "resources":
            expect_refusal(answer, 400, "invalid_sort_field")
        else:
            assert answer.ids() == (await caller.get(path)).ids()


@each_list
async def test_a_list_is_sorted_by_sourced_id_either_way(
    service: Service, operation: Operation, caller: Caller
) -> None:
    path = place(service, operation, FULL)
    up = (await caller.get(path, sort="sourcedId", orderBy="asc", fields="sourcedId")).ids()
    down = (await caller.get(path, sort="sourcedId", orderBy="desc", fields="sourcedId")).ids()

    assert up == sorted(up)
    assert down == up[::-1]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "10001"},
        {"limit": "1e3"},
        {"limit": "ten"},
        {"limit": "1" * 5000},
        {"limit": "٣"},
        {"offset": "-1"},
        {"offset": "x"},
        {"offset": str(2**63)},
        {"orderBy": "sideways"},
        {"after": "x"},
        {"after": "é"},
        {"after": "bnVsbA"},
        {"after": "WyJhIl0"},
        {"filter": "x" * 4001},
        {"filter": "name='\0'"},
    ],
    ids=lambda query: str(query)[:30],
)
@pytest.mark.parametrize("path", [f"{ROSTERING}/orgs", f"{GRADEBOOK}/results", f"{RESOURCES}/resources"])
async def test_a_query_that_makes_no_sense_is_refused(path: str, query: dict[str, Any], offline: Caller) -> None:
    answer = await offline.get(path, **query)

    assert answer.status == 400, answer.text
    assert answer.refusal() in ("invaliddata", "invalid_filter_field")


async def test_a_sourced_id_may_hold_slashes_and_at_signs(caller: Caller) -> None:
    for written in (SLASHED, quote(SLASHED, safe=""), SLASHED + "/"):
        one = await caller.get(f"{ROSTERING}/users/{written}")
        below = await caller.get(f"{ROSTERING}/students/{written}/classes")

        assert one.json["user"]["sourcedId"] == SLASHED
        assert below.ids() == ["algebra-1"]


async def test_what_is_not_served_is_unknown(offline: Caller) -> None:
    expect_refusal(await offline.get(f"{ROSTERING}/shoes"), 404, "unknownobject")
    expect_refusal(await offline.get(f"{ROSTERING}/orgs", method="DELETE"), 405, "invaliddata")


class TestValues:
    """How values look."""

    async def test_booleans_are_texts_and_absent_ones_are_left_out(self, caller: Caller) -> None:
        ana = (await caller.get(f"{ROSTERING}/demographics/ana")).json["demographics"]
        sean = (await caller.get(f"{ROSTERING}/demographics/sean")).json["demographics"]

        assert (ana["asian"], ana["white"], sean["white"]) == ("false", "true", "true")
        assert "asian" not in sean

    async def test_moments_are_in_utc_with_milliseconds(self, caller: Caller) -> None:
        user = (await caller.get(f"{ROSTERING}/users/turing")).json["user"]

        assert user["dateLastModified"] == "2026-09-01T11:07:24.441Z"  # 3.123456 hours after eight, cut

    async def test_days_are_days(self, caller: Caller) -> None:
        assert (await caller.get(f"{ROSTERING}/demographics/ana")).json["demographics"]["birthDate"] == "2011-02-28"

    async def test_numbers_lose_no_digit(self, caller: Caller) -> None:
        results = await caller.get(f"{GRADEBOOK}/results", fields="sourcedId,score")

        scores = {item["sourcedId"]: item.get("score") for item in results.items()}
        assert (scores["hw-1-sean"], scores["hw-2-ana"], scores["quiz-ana"]) == (0.1 + 0.2, 12.5, 300)
        assert scores[f"hw-1-{SLASHED}"] is None

    async def test_texts_survive_quotes_backslashes_and_any_alphabet(self, caller: Caller) -> None:
        users = {user["sourcedId"]: user["familyName"] for user in (await caller.get(f"{ROSTERING}/users")).items()}

        assert users[SLASHED] == 'Smith, "Jr." \\ AND'
        assert (users["sean"], users["li"], users["ana"]) == ("O'Brien", "李", "Núñez")

    async def test_metadata_is_served_as_it_was_given(self, caller: Caller) -> None:
        org = (await caller.get(f"{ROSTERING}/orgs/springfield")).json["org"]

        assert org["metadata"]["homeroom.seats"] == {"open": 3, "by": ["grade", "class"]}

    async def test_what_the_standard_requires_and_the_row_lacks_has_a_substitute(self, caller: Caller) -> None:
        assert (await caller.get(f"{ROSTERING}/courses/art")).json["course"]["courseCode"] == "art"
        assert (await caller.get(f"{ROSTERING}/orgs/lab")).json["org"]["identifier"] == "lab"
        assert (await caller.get(f"{ROSTERING}/enrollments/algebra-1-ana")).json["enrollment"]["primary"] == "false"

    async def test_learning_objectives_stand_together_by_source(self, caller: Caller) -> None:
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

    async def test_a_grading_period_is_one_only_if_it_is_one(self, caller: Caller) -> None:
        first = (await caller.get(f"{GRADEBOOK}/lineItems/hw-1")).json["lineItem"]
        second = (await caller.get(f"{GRADEBOOK}/lineItems/hw-2")).json["lineItem"]

        assert (first["gradingPeriod"]["sourcedId"], first["academicSession"]["sourcedId"]) == ("q1", "q1")
        assert "gradingPeriod" not in second
        assert second["academicSession"]["sourcedId"] == "fall"

    async def test_credentials_come_without_a_password(self, caller: Caller) -> None:
        [lms, mail] = (await caller.get(f"{ROSTERING}/users/ana")).json["user"]["userProfiles"]

        assert mail["credentials"] == [{"type": "password", "username": "ana@old"}]
        assert "credentials" not in lms


class TestLinks:
    """Where a list says its other pages are."""

    async def test_the_first_page_has_no_prev_and_the_last_no_next(self, caller: Caller) -> None:
        first = await caller.get(f"{ROSTERING}/users", limit=4)
        last = await caller.get(str(first.link("last")))

        assert first.link("prev") is None
        assert first.link("first") == f"{ROSTERING}/users?limit=4&offset=0"
        assert first.link("last") == f"{ROSTERING}/users?limit=4&offset=8"
        assert last.ids() == [SLASHED]
        assert last.link("next") is None
        assert last.link("prev") == f"{ROSTERING}/users?limit=4&offset=4"

    async def test_a_list_that_fills_its_last_page_has_no_empty_one(self, caller: Caller) -> None:
        answer = await caller.get(f"{ROSTERING}/users", limit=9)

        assert (len(answer.items()), answer.link("next")) == (9, None)
        assert answer.link("last") == f"{ROSTERING}/users?limit=9&offset=0"

    async def test_every_page_tells_the_total(self, caller: Caller) -> None:
        first = await caller.get(f"{ROSTERING}/users", limit=4)
        second = await caller.get(str(first.link("next")))
        by_offset = await caller.get(f"{ROSTERING}/users", limit=4, offset=4)
        beyond = await caller.get(f"{ROSTERING}/users", limit=4, offset=400)

        totals = [each.headers["X-Total-Count"] for each in (first, second, by_offset, beyond)]
        assert totals == ["9", "9", "9", "9"]
        assert second.ids() == by_offset.ids()
        assert beyond.items() == []

    async def test_commas_stay_encoded(self, caller: Caller) -> None:
        answer = await caller.get(f"{ROSTERING}/users", limit=1, fields="sourcedId,status", filter="givenName!='a,b'")

        assert re.findall(",[^ ]", answer.headers["Link"]) == []
        assert "fields=sourcedId%2Cstatus" in str(answer.link("next"))

    async def test_a_client_that_moves_the_offset_of_a_link_goes_by_it(self, caller: Caller) -> None:
        following = str((await caller.get(f"{ROSTERING}/users", limit=2)).link("next"))
        moved = await caller.get(following.replace("offset=2", "offset=4"))

        assert moved.ids() == (await caller.get(f"{ROSTERING}/users", limit=2, offset=4)).ids()

    async def test_a_client_that_changes_the_query_of_a_link_starts_anew(self, caller: Caller) -> None:
        following = str((await caller.get(f"{ROSTERING}/users", limit=2)).link("next"))
        changed = await caller.get(following + "&sort=familyName&orderBy=desc")

        same = await caller.get(f"{ROSTERING}/users", limit=2, offset=2, sort="familyName", orderBy="desc")
        assert changed.ids() == same.ids()


class TestAddresses:
    """The host in links and references."""

    async def ask(self, url: str, headers: dict[str, str], **settings: Any) -> tuple[str, str, str]:
        """The addresses in the links, in a reference, and in the discovery document."""
        app = create_app(Settings(database_url=url, secret_key=SECRET_KEY, **settings))
        async with app.test_app():
            caller = Caller(app)
            orgs = await caller.get(f"{ROSTERING}/orgs", headers=headers, filter="sourcedId='lincoln'")
            document = (await caller.get(DOCUMENTS["rostering"], headers=headers)).json
            [link] = re.findall('<([^>]*)/orgs[^>]*>; rel="first"', orgs.headers["Link"])
            return (
                link,
                orgs.items()[0]["parent"]["href"].removesuffix("/orgs/springfield"),
                document["servers"][0]["url"],
            )

    async def test_are_where_the_client_asked(self, springfield_url: str) -> None:
        found = await self.ask(springfield_url, {"Host": "sis.example:8443"})

        assert found == (f"http://sis.example:8443{ROSTERING}",) * 3

    async def test_are_what_the_settings_say(self, springfield_url: str) -> None:
        found = await self.ask(springfield_url, {"Host": "inside:1"}, public_url="https://sis.example/oneroster/")

        assert found == (f"https://sis.example/oneroster{ROSTERING}",) * 3

    @pytest.mark.parametrize(("proxies", "host"), [(0, "http://inside:1"), (1, "https://sis.example")])
    async def test_are_what_a_trusted_proxy_says(self, proxies: int, host: str, springfield_url: str) -> None:
        said = {"Host": "inside:1", "X-Forwarded-Host": "sis.example", "X-Forwarded-Proto": "https"}
        said["X-Forwarded-For"] = "192.0.2.1"

        assert await self.ask(springfield_url, said, trusted_proxies=proxies) == (f"{host}{ROSTERING}",) * 3

    @pytest.mark.parametrize("host", ["", "a b", 'x"><script>', "evil.example/path"])
    async def test_are_not_made_of_nonsense(self, host: str, offline: Caller) -> None:
        answer = await offline.get(f"{ROSTERING}/orgs", headers={"Host": host})

        assert answer.status == 400


class TestDiscovery:
    """The documents themselves."""

    @pytest.mark.parametrize("service", DOCUMENTS)
    async def test_lie_open_under_both_names(self, service: str, offline: Caller) -> None:
        anybody = Caller(offline.app, headers={})
        binding = await anybody.get(DOCUMENTS[service])
        guide = await anybody.get(f"/ims/oneroster/{service}/v1p2/discovery/imsorv1p2_{service}_openapi3_v1p0.json")

        assert binding.status == guide.status == 200
        assert binding.json == guide.json
        assert binding.json["openapi"].startswith("3.0")

    @each_operation
    async def test_describe_every_operation(self, service: Service, operation: Operation, offline: Caller) -> None:
        document = (await offline.get(DOCUMENTS[service.name])).json
        found = document["paths"][re.sub(r"<path:(\w+)>", r"{\1}", operation.path)]["get"]
        [token_url] = [
            flow["tokenUrl"] for flow in document["components"]["securitySchemes"]["OAuth2CC"]["flows"].values()
        ]

        assert found["operationId"] == operation.id
        assert [scope for each in found["security"] for [scope] in each.values()] == list(operation.scopes)
        assert [each["name"] for each in found["parameters"] if "name" in each] == re.findall(
            r":(\w+)>", operation.path
        )
        assert token_url == "http://localhost/oauth2/token"

    async def test_know_the_limits_and_the_vocabularies(self, offline: Caller) -> None:
        parts = (await offline.get(DOCUMENTS["rostering"])).json["components"]
        role = parts["schemas"]["user"]["properties"]["roles"]["items"]["properties"]["role"]

        assert parts["parameters"]["limit"]["schema"] == {
            "type": "integer",
            "minimum": 1,
            "maximum": 10_000,
            "default": 100,
        }
        assert "teacher" in role["anyOf"][0]["enum"]
        assert role["anyOf"][1]["pattern"] == "^ext:"

    async def test_need_not_be_sent_twice(self, offline: Caller) -> None:
        first = await offline.get(DOCUMENTS["rostering"])
        second = await offline.get(DOCUMENTS["rostering"], headers={"If-None-Match": first.headers["ETag"]})

        assert (second.status, second.text) == (304, "")
        assert first.headers["Cache-Control"] == "public, max-age=3600"


class TestIndex:
    """The page at the root."""

    async def test_leads_to_the_documents_without_a_script(self, offline: Caller) -> None:
        page = await Caller(offline.app, headers={}).get("/")
        links = re.findall('href="http://localhost([^"]*)"', page.text)

        assert sorted(links) == sorted(DOCUMENTS.values())
        assert "<script" not in page.text
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")

    async def test_repeats_nothing_that_the_client_made_up(self, offline: Caller) -> None:
        assert (await offline.get("/", headers={"Host": "<b>"})).status == 400
