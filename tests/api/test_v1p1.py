"""OneRoster 1.1: what differs from 1.2. What both must do, test_contract.py and its neighbours ask of either."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from quart import Quart

from models import Course, Demographics, Role
from models.database import Database
from models.users import ROLES
from service.access import OLDER_SCOPES, SCOPES, full_scope
from service.api.operations import Operation, Service
from service.app import create_app
from service.areas.v1p1 import ROLES as SERVED
from service.bundles.files import File
from service.bundles.v1p1 import FILES_1_1, ROLES_1_1
from service.records.kinds import Field, Kind
from service.settings import Settings
from tests.api.calls import EVERY, FULL, GRADEBOOK, ROSTERING, V1P1, Caller, expect_refusal, name_of, place
from tests.api.written import history
from tests.doors import SECRET_KEY, bearer
from tests.samples import a_class, a_role, a_session, a_user, an_enrollment, an_org

OURS = [pair for pair in EVERY if pair[0].name == "v1p1"]
each_read = pytest.mark.parametrize(("service", "operation"), OURS, ids=name_of)
CURRENT_SCOPES = [scope for scope in SCOPES if scope not in OLDER_SCOPES]

# --- shapes ----------------------------------------------------------------------------------------------------------

TEXT = {"type": "string", "minLength": 1}
REF = {
    "type": "object",
    "properties": {
        "href": {"type": "string", "pattern": "^http://localhost/ims/oneroster/v1p1/"},
        "sourcedId": TEXT,
        "type": {"enum": ["academicSession", "category", "class", "course", "lineItem", "org", "resource", "user"]},
    },
    "required": ["href", "sourcedId", "type"],
    "additionalProperties": False,
}
OF_KIND: dict[Kind, Any] = {
    Kind.BOOLEAN: {"enum": ["true", "false"]},
    Kind.DATE: {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
    Kind.MOMENT: {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"},
    Kind.NUMBER: {"type": "number"},
    Kind.YEAR: {"type": "string", "pattern": r"^\d{4}$"},
    Kind.LIST: {"type": "array", "items": TEXT},
    Kind.LINKS: {"type": "array", "items": REF},
    Kind.PAIRS: {"type": "array", "items": {"type": "object", "required": ["type", "identifier"]}},
}
# What the REST binding of 1.1 has and a CSV file says elsewhere, and what it insists on.
MORE = {
    "orgs": ["children"],
    "academicSessions": ["children"],
    "courses": ["resources"],
    "classes": ["resources"],
}
WORDS = {("demographics", "sex"): ["male", "female"], ("enrollments", "role"): list(ROLES_1_1.words)}
REQUIRED = {
    "orgs": "name type identifier",
    "academicSessions": "title startDate endDate type schoolYear",
    "courses": "title",
    "classes": "title course school terms",
    "users": "username enabledUser givenName familyName role orgs",
    "demographics": "",
    "enrollments": "user class school role",
    "categories": "title",
    "lineItems": "title assignDate dueDate class category resultValueMin",
    "results": "lineItem student scoreStatus scoreDate",
    "resources": "vendorResourceId",
}


def schema_of(file: File) -> dict[str, Any]:
    """The objects of the REST binding, from the columns of the CSV file of 1.1 that holds the same."""
    fields = [each for each in file.fields if each.kind is not Kind.WITHHELD]
    members = {member_name(each): member_schema(file, each) for each in fields}
    members |= dict.fromkeys(MORE.get(file.name, []), OF_KIND[Kind.LINKS])
    needed = ["sourcedId", "status", "dateLastModified", *REQUIRED[file.name].split()]
    return {
        "type": "object",
        "properties": {**members, "metadata": {"type": "object"}},
        "required": needed,
        "additionalProperties": False,
    }


def member_name(field: Field) -> str:
    """`classSourcedId` is `class`, `orgSourcedIds` is `orgs`."""
    if field.name == "sourcedId":
        return field.name
    return field.name.replace("SourcedIds", "s").removesuffix("SourcedId")


def member_schema(file: File, field: Field) -> Any:
    if field.refers_to and field.kind is Kind.ID and field.name != "sourcedId":
        return REF
    if words := WORDS.get((file.name, field.name)):
        return {"enum": words}
    if field.kind is Kind.WORD and field.vocabulary:
        return {"enum": list(field.vocabulary.words)}
    return OF_KIND.get(field.kind, TEXT)


SCHEMAS = {file.name: schema_of(file) for file in FILES_1_1 if file.name in REQUIRED}


@each_read
async def test_an_object_has_the_fields_that_1_1_had(service: Service, operation: Operation, caller: Caller) -> None:
    if operation.single:
        [listed] = [each for _, each in OURS if each.path == operation.path.rpartition("/")[0]]
    else:
        listed = operation
    answer = await caller.get(place(service, listed, FULL))
    validator = Draft202012Validator(SCHEMAS[operation.collection.many])
    shown = answer.items()
    if operation.single:
        one = await caller.get(place(service, operation, {"sourcedId": answer.ids()[0]}))
        shown = [one.json[operation.collection.one]]

    assert shown
    assert [f"{error.json_path}: {error.message}" for each in shown for error in validator.iter_errors(each)] == []


def test_the_roles_of_1_1_are_those_of_its_files() -> None:
    assert sorted(SERVED) == sorted(ROLES_1_1.words)


# --- words that 1.1 lacks --------------------------------------------------------------------------------------------

OLD_WORDS = {
    **{role: role for role in ROLES_1_1.words if role in ROLES},
    "districtAdministrator": "administrator",
    "siteAdministrator": "administrator",
    "systemAdministrator": "administrator",
    "principal": "administrator",
    "counselor": "aide",
    "ext:nurse": "aide",
}


@pytest.fixture
async def quahog(app: Quart, database: Database) -> Caller:
    """Two schools of a district, and people with every role that there is."""
    async with database.transaction() as session:
        session.add(an_org("district", type="district", parent_sourced_id=None))
        for school in ("north", "south"):
            session.add(an_org(school, parent_sourced_id="district"))
        await session.flush()
        for role in OLD_WORDS:
            session.add(a_user(name := role.replace(":", "-"), "A", "B"))
            await session.flush()
            session.add(a_role(name, role, "north"))
    return Caller(app)


def test_every_role_has_an_older_word() -> None:
    assert set(ROLES) <= set(OLD_WORDS)


async def test_a_role_that_1_1_lacks_is_shown_by_a_word_that_it_has(quahog: Caller) -> None:
    answer = await quahog.get(f"{V1P1}/users", fields="sourcedId,role")

    assert {each["sourcedId"]: each["role"] for each in answer.items()} == {
        role.replace(":", "-"): word for role, word in OLD_WORDS.items()
    }


async def test_people_are_found_and_sorted_by_the_word_that_is_shown(quahog: Caller) -> None:
    found = await quahog.get(f"{V1P1}/users", filter="role='administrator'")
    others = await quahog.get(f"{V1P1}/users", filter="role!='administrator' AND role!='aide'", sort="role")
    walked = await quahog.walk(f"{V1P1}/users", sort="role", orderBy="desc", limit=2)

    assert found.ids() == ["districtAdministrator", "principal", "siteAdministrator", "systemAdministrator"]
    assert [each["role"] for each in others.items()] == sorted(
        word for word in OLD_WORDS.values() if word not in ("administrator", "aide")
    )
    assert len(walked) == len(OLD_WORDS)


async def test_of_several_roles_the_primary_one_in_the_primary_organisation_counts(
    quahog: Caller, database: Database
) -> None:
    async with database.transaction() as session:
        session.add(a_user("both", "A", "B", primary_org_sourced_id="south"))
        session.add(a_user("none", "A", "B"))
        session.add(a_user("enrolled", "A", "B", username=None))
        await session.flush()
        session.add(a_role("both", "aide", "district", role_type="secondary"))
        session.add(a_role("both", "proctor", "north"))
        session.add(a_role("both", "teacher", "south"))
        session.add(a_role("both", "parent", "south", role_type="secondary"))
        session.add(
            Role(
                sourced_id="gone",
                user_sourced_id="none",
                role="teacher",
                role_type="primary",
                org_sourced_id="north",
                status="tobedeleted",
            )
        )
    users = await quahog.get(f"{V1P1}/users", filter="sourcedId='both' OR sourcedId='none'")
    both, none = users.items()

    assert both["role"] == "teacher"
    assert [each["sourcedId"] for each in both["orgs"]] == ["south", "north", "district"]
    assert (none["role"], none["orgs"]) == ("relative", [])
    assert {"both"} == set((await quahog.get(f"{V1P1}/users", filter="orgs.sourcedId='district'")).ids())


async def test_who_has_no_role_is_what_the_enrollment_says(quahog: Caller, database: Database) -> None:
    async with database.transaction() as session:
        session.add(a_user("enrolled", "A", "B", username=None))
        session.add(Course(sourced_id="greek", title="Greek"))
        await session.flush()
        session.add(a_class("greek-1", "greek", "north"))
        await session.flush()
        session.add(an_enrollment("greek-1", "enrolled", "student", "north"))
    shown = (await quahog.get(f"{V1P1}/users/enrolled")).json["user"]

    assert (shown["role"], shown["orgs"]) == ("student", [])
    assert shown["username"] == "enrolled", "1.1 requires one"


async def test_other_words_of_a_district_s_own_are_shown_by_one_of_1_1_or_left_out(
    quahog: Caller, database: Database
) -> None:
    async with database.transaction() as session:
        session.add(an_org("hub", type="ext:hub", parent_sourced_id="district"))
        session.add(a_session("week", "ext:week", None, "2026-09-01", "2026-09-07"))
        session.add(Course(sourced_id="greek", title="Greek"))
        session.add(Demographics(sourced_id="student", sex="unspecified"))
        await session.flush()
        session.add(a_class("greek-1", "greek", "north", class_type="ext:club"))

    assert (await quahog.get(f"{V1P1}/orgs/hub")).json["org"]["type"] == "local"
    assert (await quahog.get(f"{V1P1}/academicSessions/week")).json["academicSession"]["type"] == "term"
    assert "classType" not in (await quahog.get(f"{V1P1}/classes/greek-1")).json["class"]
    assert "sex" not in (await quahog.get(f"{V1P1}/demographics/student")).json["demographics"]


# --- who may ---------------------------------------------------------------------------------------------------------


def test_each_version_has_scopes_of_its_own() -> None:
    app = create_app(Settings(secret_key=SECRET_KEY))
    of_1_1, others = set[str](), set[str]()
    for rule in app.url_map.iter_rules():
        scopes: tuple[str, ...] = getattr(app.view_functions[rule.endpoint], "scopes", ())
        if not rule.rule.startswith(f"{V1P1}/"):
            others |= set(scopes)
        elif rule.rule != f"{V1P1}/openapi.json":
            assert scopes, rule
            of_1_1 |= set(scopes)

    assert of_1_1 == set(OLDER_SCOPES)
    assert others.isdisjoint(OLDER_SCOPES)


@each_read
async def test_a_scope_of_1_2_does_not_open_1_1(service: Service, operation: Operation, offline: Caller) -> None:
    path = place(service, operation, {**FULL, "sourcedId": "x"})

    expect_refusal(await offline.get(path, headers=bearer(*CURRENT_SCOPES)), 403, "forbidden")


@pytest.mark.parametrize(("service", "operation"), [pair for pair in EVERY if pair not in OURS], ids=name_of)
async def test_a_scope_of_1_1_does_not_open_1_2(service: Service, operation: Operation, offline: Caller) -> None:
    path = place(service, operation, {**FULL, "sourcedId": "x"})

    expect_refusal(await offline.get(path, headers=bearer(*OLDER_SCOPES)), 403, "forbidden")


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        ("roster.readonly", "users", 200),
        ("roster.readonly", "classes/algebra-1/students", 200),
        ("roster.readonly", "demographics", 403),
        ("roster.readonly", "results", 403),
        ("roster.readonly", "resources", 403),
        ("roster-core.readonly", "users/ana", 200),
        ("roster-core.readonly", "classes/algebra-1/students", 403),
        ("roster-core.readonly", "demographics/ana", 403),
        ("roster-demographics.readonly", "demographics/ana", 200),
        ("roster-demographics.readonly", "users", 403),
        ("gradebook.readonly", "classes/algebra-1/results", 200),
        ("gradebook.readonly", "users", 403),
        ("gradebook.createput", "lineItems", 403),
        ("resource.readonly", "courses/algebra/resources", 200),
        ("resource.readonly", "classes", 403),
    ],
)
async def test_a_scope_opens_what_1_1_says(scope: str, path: str, status: int, caller: Caller) -> None:
    answer = await caller.get(f"{V1P1}/{path}", headers=bearer(full_scope(f"v1p1:{scope}")))

    assert answer.status == status


OAUTH_1 = (
    'OAuth oauth_consumer_key="vendor", oauth_nonce="x", oauth_signature="c2ln", '
    'oauth_signature_method="HMAC-SHA256", oauth_timestamp="1790000000", oauth_version="1.0"'
)


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"Authorization": OAUTH_1}, {}),
        ({"Authorization": ""}, {"oauth_consumer_key": "vendor", "oauth_signature": "c2ln"}),
    ],
    ids=["in the header", "in the query"],
)
@pytest.mark.parametrize("path", [f"{V1P1}/users", f"{ROSTERING}/users"])
async def test_an_oauth_1_signature_is_refused_with_what_to_use_instead(
    path: str, headers: dict[str, str], query: dict[str, str], offline: Caller
) -> None:
    answer = await offline.get(path, headers=headers, **query)

    expect_refusal(answer, 401, "unauthorisedrequest")
    assert "OAuth 1.0a" in answer.json["imsx_description"]
    assert "/oauth2/token" in answer.json["imsx_description"]
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="homeroom"'


# --- refusals and queries --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("users/nobody", 404, "unknownobject"),
        ("schools/nowhere/classes", 404, "unknownobject"),
        ("scoreScales", 404, "unknownobject"),
        ("assessmentLineItems", 404, "unknownobject"),
        ("users/ana/resources", 404, "unknownobject"),
        ("users?limit=0", 400, "invaliddata"),
        ("users?filter=shoeSize='42'", 400, "invalid_filter_field"),
        ("users?filter=roles.role='student'", 400, "invalid_filter_field"),
        ("lineItems?filter=school.sourcedId='lincoln'", 400, "invalid_filter_field"),
    ],
)
async def test_a_refusal_has_the_form_of_1_1(path: str, status: int, code: str, caller: Caller) -> None:
    answer = await caller.get(f"{V1P1}/{path}")

    expect_refusal(answer, status, code)
    assert answer.json["imsx_messageRefIdentifier"] == answer.headers["X-Request-Id"]
    assert sorted(answer.json) == [
        "imsx_CodeMinor",
        "imsx_codeMajor",
        "imsx_description",
        "imsx_messageRefIdentifier",
        "imsx_severity",
    ]


async def test_a_failure_of_ours_is_told_in_a_word_of_1_1(springfield: Quart, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(**_path: str) -> None:
        raise RuntimeError

    monkeypatch.setitem(springfield.view_functions, "api.getAllOrgs_v1p1", fail)

    expect_refusal(await Caller(springfield).get(f"{V1P1}/orgs"), 500, "targetreadfailure")


async def test_a_field_that_there_is_not_is_answered_with_all_fields(caller: Caller) -> None:
    """As 1.1 has it. Clients name fields that are never served, such as `password`."""
    whole = (await caller.get(f"{V1P1}/users/ana")).json

    for fields in ("sourcedId,password", "shoeSize", "sourcedId,roles"):
        assert (await caller.get(f"{V1P1}/users/ana", fields=fields)).json == whole
    assert list((await caller.get(f"{V1P1}/users/ana", fields="role,orgs")).json["user"]) == ["role", "orgs"]


async def test_a_filter_takes_the_names_of_1_1(caller: Caller) -> None:
    async def found(collection: str, text: str) -> list[str]:
        return (await caller.get(f"{V1P1}/{collection}", filter=text)).ids()

    assert await found("lineItems", "gradingPeriod.sourcedId='fall'") == ["hw-2"]
    assert await found("lineItems", "resultValueMin=0 AND title~'quiz'") == ["quiz"]
    assert await found("users", "role='teacher' AND orgs.sourcedId='springfield'") == ["noether"]
    assert await found("users", "username='turing' OR username='li'") == ["li", "turing"]
    assert await found("enrollments", "role='aide'") == ["art-1-noether"]
    assert await found("orgs", "type='local'") == ["lab"]


async def test_a_line_item_is_sorted_by_its_grading_period(caller: Caller) -> None:
    answer = await caller.get(f"{V1P1}/lineItems", sort="gradingPeriod", fields="sourcedId,gradingPeriod")

    assert answer.ids() == ["hw-2", "hw-1", "bare-item", "quiz"]
    assert "gradingPeriod" not in answer.items()[-1]


async def test_a_list_has_100_rows_where_the_client_says_no_number(caller: Caller) -> None:
    document = (await caller.get(f"{V1P1}/openapi.json")).json

    assert document["info"]["version"] == "1.1"
    assert document["components"]["parameters"]["limit"]["schema"]["default"] == 100


# --- writes ----------------------------------------------------------------------------------------------------------

SHEET = {
    "title": "Sheet",
    "assignDate": "2026-10-01T00:00:00.000Z",
    "dueDate": "2026-10-08T00:00:00.000Z",
    "class": {"sourcedId": "algebra-1", "type": "class"},
    "category": {"sourcedId": "homework", "type": "category"},
    "gradingPeriod": {"sourcedId": "q2", "type": "academicSession"},
    "resultValueMin": 0.0,
    "resultValueMax": 10.0,
}
SCORE = {
    "lineItem": {"sourcedId": "bare-item"},
    "student": {"sourcedId": "ana"},
    "scoreStatus": "fully graded",
    "score": 7.5,
    "scoreDate": "2026-10-09",
    "comment": "well done",
}
BODIES = [
    ("category", "categories", {"title": "Projects"}),
    ("lineItem", "lineItems", SHEET),
    ("result", "results", SCORE),
]
each_body = pytest.mark.parametrize(("one", "many", "body"), BODIES)


@each_body
async def test_put_creates_and_replaces_and_delete_deletes(
    one: str, many: str, body: dict[str, Any], writer: Caller
) -> None:
    path = f"{V1P1}/{many}/new"
    for _ in range(2):
        answer = await writer.put(path, {one: body})
        assert (answer.status, answer.json) == (201, (await writer.get(path)).json), answer.text
    newer = (await writer.get(f"{GRADEBOOK}/{many}/new")).json[one]
    gone = await writer.delete(path)

    assert Draft202012Validator(SCHEMAS[many]).is_valid(answer.json[one])
    assert newer["dateLastModified"] == answer.json[one]["dateLastModified"]
    assert gone.status == 204
    expect_refusal(await writer.get(path), 404, "unknownobject")
    expect_refusal(await writer.delete(path), 404, "unknownobject")
    assert [each["what"] for each in await history(writer) if each["sourcedId"] == "new"] == [
        "created",
        "updated",
        "deleted",
    ]


async def test_what_1_1_does_not_say_other_rows_tell(writer: Caller) -> None:
    await writer.put(f"{V1P1}/lineItems/new", {"lineItem": SHEET})
    await writer.put(f"{V1P1}/results/new", {"result": SCORE})
    sheet = (await writer.get(f"{GRADEBOOK}/lineItems/new")).json["lineItem"]
    score = (await writer.get(f"{GRADEBOOK}/results/new")).json["result"]

    assert sheet["school"]["sourcedId"] == "lincoln"
    assert sheet["gradingPeriod"]["sourcedId"] == sheet["academicSession"]["sourcedId"] == "q2"
    assert score["class"]["sourcedId"] == "algebra-1"


async def test_an_old_client_takes_nothing_away_that_it_cannot_see(writer: Caller) -> None:
    for one, many, sourced_id in (
        ("category", "categories", "tests"),
        ("lineItem", "lineItems", "hw-1"),
        ("result", "results", "hw-1-ana"),
    ):
        before = (await writer.get(f"{GRADEBOOK}/{many}/{sourced_id}")).json[one]
        shown = (await writer.get(f"{V1P1}/{many}/{sourced_id}")).json[one]
        answer = await writer.put(f"{V1P1}/{many}/{sourced_id}", {one: shown})
        after = (await writer.get(f"{GRADEBOOK}/{many}/{sourced_id}")).json[one]

        assert answer.status == 201, answer.text
        assert {**after, "dateLastModified": ""} == {**before, "dateLastModified": ""}


async def test_a_member_that_breaks_a_rule_is_named_as_1_1_has_it(writer: Caller) -> None:
    wrong = {**SHEET, "gradingPeriod": {"sourcedId": "nowhere"}, "dueDate": "soon"}
    unreadable = await writer.put(f"{V1P1}/lineItems/new", {"lineItem": wrong})
    unknown = await writer.put(f"{V1P1}/lineItems/new", {"lineItem": {**wrong, "dueDate": SHEET["dueDate"]}})

    for answer, place_ in ((unreadable, "lineItem.dueDate"), (unknown, "lineItem.gradingPeriod.sourcedId")):
        expect_refusal(answer, 422, "invaliddata")
        assert place_ in answer.json["imsx_description"]
        assert "imsx_messageRefIdentifier" in answer.json


async def test_a_write_on_condition_goes_by_the_tag_of_1_1(writer: Caller) -> None:
    path = f"{V1P1}/categories/tests"
    tag = (await writer.get(path)).headers["ETag"]

    assert (await writer.put(path, {"category": {"title": "Exams"}}, If_Match=tag)).status == 201
    assert (await writer.put(path, {"category": {"title": "Quizzes"}}, If_Match=tag)).status == 412


async def test_what_1_1_does_not_write_is_not_written(writer: Caller) -> None:
    for method, path in (
        ("POST", "lineItems"),
        ("PATCH", "lineItems/hw-1"),
        ("PUT", "users/ana"),
        ("DELETE", "orgs/lincoln"),
        ("PUT", "resources/book"),
    ):
        expect_refusal(await writer.send(method, f"{V1P1}/{path}", json={}), 405, "invaliddata")


# --- habits of clients in the field, as their code has them ----------------------------------------------------------


async def test_classlink_s_pages_are_followed_by_their_links(caller: Caller) -> None:
    """PyPI's `oneroster`: the first value of the answer is the list, `next` is where it goes on."""
    url: str | None = f"{V1P1}/courses/?limit=1&offset=0"
    seen: list[str] = []
    while url:
        answer = await caller.get(url)
        seen += [each["sourcedId"] for each in next(iter(answer.json.values()))]
        url = answer.link("next")

    assert seen == ["algebra", "art", "bare-course"]


async def test_helloid_moves_the_offset_until_a_page_is_short(caller: Caller) -> None:
    """Tools4ever's HelloID: students and teachers come under `users`."""
    seen: list[str] = []
    while True:
        page = (await caller.get(f"{V1P1}/teachers", limit=2, offset=len(seen))).json["users"]
        seen += [each["sourcedId"] for each in page]
        if len(page) < 2:
            break

    assert seen == ["bare-teacher", "noether", "turing"]


async def test_moodle_asks_for_changes_since_a_day(caller: Caller) -> None:
    """moodle-enrol_oneroster: a date without a time, with fields and both parts of a page."""
    found = await caller.get(f"{V1P1}/users", filter="dateLastModified>'2026-09-01'", offset=0, limit=200)

    assert "ana" in found.ids()
    assert all(each["orgs"] is not None for each in found.items())


async def test_school_data_sync_asks_for_what_is_active(caller: Caller) -> None:
    """Microsoft's School Data Sync: always by status, 5,000 at a time."""
    for collection in ("academicSessions", "orgs", "users", "courses", "classes", "enrollments", "demographics"):
        answer = await caller.get(f"{V1P1}/{collection}", filter="status='active'", offset=0, limit=5000)

        assert {each["status"] for each in answer.items()} == {"active"}


async def test_clients_made_of_the_document_of_1_1_find_the_line_items_of_a_class(caller: Caller) -> None:
    as_generated = await caller.get(f"{V1P1}/classes/algebra-1/lineitems")

    assert as_generated.ids() == (await caller.get(f"{V1P1}/classes/algebra-1/lineItems")).ids() != []
