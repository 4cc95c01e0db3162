"""What each operation costs the database: a page is one statement, however long it is."""

import pytest
from quart.testing import QuartClient

from service.api.operations import Operation, Service
from tests.api.calls import FULL, LISTS, NESTED, ROSTERING, SINGLES, Caller, bare_parts, name_of, place
from tests.samples import SLASHED, VENDOR_SECRET


@pytest.fixture
async def warm(caller: Caller) -> Caller:
    """The first connection of an engine asks the database a few things about itself."""
    await caller.get(f"{ROSTERING}/orgs")
    return caller


async def test_a_list_costs_one_statement_and_one_to_count_where_a_page_follows(
    warm: Caller, statements: list[str]
) -> None:
    for service, operation in LISTS:
        for limit in (1, 100):
            statements.clear()
            answer = await warm.get(place(service, operation, FULL), limit=limit)

            expected = 2 if answer.link("next") else 1
            assert len(statements) == expected, (operation.id, limit, statements)


async def test_the_pages_after_the_first_cost_one_statement(warm: Caller, statements: list[str]) -> None:
    for service, operation in LISTS:
        following = (await warm.get(place(service, operation, FULL), limit=1)).link("next")
        while following:
            statements.clear()
            following = (await warm.get(following)).link("next")
            assert len(statements) == 1, operation.id


@pytest.mark.parametrize(("service", "operation"), NESTED, ids=name_of)
async def test_an_empty_list_below_something_costs_one_more_to_see_if_it_is_there(
    service: Service, operation: Operation, warm: Caller, statements: list[str]
) -> None:
    statements.clear()
    await warm.get(place(service, operation, bare_parts(operation)))

    assert len(statements) == 2


async def test_one_object_costs_one_statement(warm: Caller, statements: list[str]) -> None:
    for service, operation in SINGLES:
        statements.clear()
        await warm.get(place(service, operation, {"sourcedId": SLASHED}))
        assert len(statements) == 1, operation.id


async def test_a_filter_and_an_order_cost_no_more(warm: Caller, statements: list[str]) -> None:
    statements.clear()
    await warm.get(
        f"{ROSTERING}/users", filter="roles.org='lincoln' OR agents='maria'", sort="familyName", fields="givenName"
    )

    assert len(statements) == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere", 404),
        ("/", 200),
        (f"{ROSTERING}/discovery/imsorv1p2_rostering_openapi3_v1p0.json", 200),
        (f"{ROSTERING}/orgs?limit=0", 400),
        (f"{ROSTERING}/orgs?filter=x", 400),
        (f"{ROSTERING}/orgs?fields=x", 400),
    ],
)
async def test_what_needs_no_row_asks_for_none(path: str, status: int, warm: Caller, statements: list[str]) -> None:
    statements.clear()
    answer = await warm.get(path)

    assert (answer.status, statements) == (status, [])


@pytest.mark.parametrize("headers", [{"Authorization": ""}, {"Authorization": "Bearer x.y.z"}])
async def test_a_refused_token_asks_for_none(headers: dict[str, str], warm: Caller, statements: list[str]) -> None:
    statements.clear()
    answer = await warm.get(f"{ROSTERING}/orgs", headers=headers)

    assert (answer.status, statements) == (401, [])


async def test_a_token_costs_one_statement(warm: Caller, statements: list[str]) -> None:
    form = {"grant_type": "client_credentials", "client_id": "vendor", "client_secret": VENDOR_SECRET}

    statements.clear()
    response = await QuartClient(warm.app).post("/oauth2/token", form=form)

    assert (response.status_code, len(statements)) == (200, 1)
