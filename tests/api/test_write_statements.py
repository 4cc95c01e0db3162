"""What a write costs the database."""

import pytest

from tests.api.calls import GRADEBOOK, ROSTERING, Caller
from tests.api.written import a_new, address_of, ref

FLAT = ("category", "result", "enrollment", "demographics", "assessmentResult", "course", "org")
OBJECTIVES = [{"source": "case", "learningObjectiveIds": ["a", "b", "c"]}]


def asked(statements: list[str]) -> list[str]:
    """Without BEGIN and what goes with it in one message."""
    return [each for each in statements if not each.startswith(("BEGIN", "SET LOCAL"))]


async def cost(writer: Caller, statements: list[str], method: str, path: str, body: object = None) -> int:
    statements.clear()
    answer = await writer.send(method, path, json=body)
    assert answer.status < 300, answer.text
    return len(asked(statements))


@pytest.mark.parametrize("name", FLAT)
async def test_a_flat_put_looks_once_and_writes_once(name: str, writer: Caller, statements: list[str]) -> None:
    """A new one is read once more. On SQLite, which has no writing CTE, the entry and the JSON are two more."""
    on_postgresql = "postgresql" in str(writer.app.config["SETTINGS"].database_url)
    created, replaced = [await cost(writer, statements, "PUT", address_of(name), a_new(name)) for _ in range(2)]

    assert (created, replaced) == ((3, 2) if on_postgresql else (4, 4))


async def test_a_change_of_one_part_costs_no_more_in_a_long_list(writer: Caller, statements: list[str]) -> None:
    costs = []
    for terms in (["fall"], ["fall", "spring", "bare-term", "q1", "q2"]):
        await writer.put(address_of("class"), a_new("class", terms=[ref(each) for each in terms]))
        body = a_new("class", terms=[ref(each) for each in [*terms, "2026-27"]])
        costs.append(await cost(writer, statements, "PUT", address_of("class"), body))

    assert costs[0] == costs[1]


async def test_a_longer_batch_costs_no_more_statements(writer: Caller, statements: list[str]) -> None:
    [given] = a_new("result").values()
    costs = [
        await cost(writer, statements, "POST", f"{GRADEBOOK}/results", {"results": [given] * count})
        for count in (1, 50)
    ]

    assert costs == [3, 3]  # look, the entries, the rows


async def test_what_an_agent_costs(writer: Caller, statements: list[str]) -> None:
    path = f"{ROSTERING}/users/li/agents"

    assert await cost(writer, statements, "POST", path, {"agentSourcedId": "maria"}) <= 5


async def test_a_deletion_of_what_nothing_refers_to_costs_little(writer: Caller, statements: list[str]) -> None:
    """Look, count who refers, mark with an entry; each table that may refer is asked once."""
    assert await cost(writer, statements, "DELETE", address_of("result", "hw-2-sean")) <= 6
    assert await cost(writer, statements, "DELETE", address_of("enrollment", "algebra-1-sean")) <= 5
