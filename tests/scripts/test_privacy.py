"""`homeroom export-person` and `homeroom erase`, as an administrator calls them who was asked by a person."""

import asyncio
import json
import os
import stat
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import Result as Said
from quart.typing import TestClientProtocol as Client
from sqlalchemy import JSON, String, func, select, text

from models import Base, Change, IdempotentAnswer, Result, User, UserAgent
from models.base import VOCABULARY
from models.database import Database
from service.access import SCOPES
from service.privacy.erasing import STAYING
from service.records.deleting import touch
from service.records.history import Author
from service.records.kinds import table_of
from tests.doors import bearer
from tests.samples import a_result, a_user
from tests.scripts.persons import (
    MARK,
    PERSON,
    a_district_with_her,
    totals,
    with_many_results,
    with_mark,
)
from tests.scripts.programs import PYTHON, homeroom_says, surroundings, until

ROOT = Path(__file__).parents[2]
Homeroom = Callable[..., Awaitable[Said]]
USERS_URL = "/ims/oneroster/rostering/v1p2/users"
RESULTS_URL = "/ims/oneroster/gradebook/v1p2/results"
PEOPLE = ("users", "user_agents", "user_profiles", "roles", "demographics", "user_resources")


@pytest.fixture
def homeroom(database_url: str) -> Homeroom:
    async def run(*arguments: object) -> Said:
        return await homeroom_says(database_url, *map(str, arguments))

    return run


@pytest.fixture
async def springfield(database: Database, client: Client) -> Database:
    """With her in it, and with a history: programs have changed what it says of her."""
    async with database.transaction() as session:
        await a_district_with_her(session)
    await sent(client.patch, f"{USERS_URL}/{quote(PERSON)}", {"user": {"email": f"new.{MARK}@example.org"}}, 200)
    result = f"{RESULTS_URL}/{quote(f'hw-1-{PERSON}')}"
    await sent(client.patch, result, {"result": {"comment": f"{MARK}, much better"}}, 200)
    moved = f"{RESULTS_URL}/hw-1-sean"  # a comment that was meant for her
    await sent(client.patch, moved, {"result": {"student": reference(PERSON), "comment": f"{MARK} cheats"}}, 200)
    await sent(client.patch, moved, {"result": {"student": reference("sean"), "comment": "cheats"}}, 200)
    return database


def reference(user: str) -> dict[str, str]:
    return {"href": "x", "sourcedId": user, "type": "user"}


async def sent(method: Callable[..., Any], url: str, body: dict[str, Any], status: int, **headers: str) -> Any:
    response = await method(url, json=body, headers={**bearer(*SCOPES), **headers})
    assert response.status_code == status, await response.get_data()
    return await response.get_json()


def refers_to_users(table: Any) -> bool:
    """As the schema says it, and without the code that is tested."""
    return any(key.column.table.name == "users" for key in table.foreign_keys)


async def exported(homeroom: Homeroom, user: str = PERSON) -> dict[str, Any]:
    said = await homeroom("export-person", user)
    assert said.exit_code == 0, said.output
    document: dict[str, Any] = json.loads(said.stdout)
    return document


async def erased(homeroom: Homeroom, *options: object, user: str = PERSON) -> dict[str, list[int]]:
    """What went, by table: removed, blanked, kept."""
    said = await homeroom("erase", user, "--yes", *options)
    assert said.exit_code == 0, said.output
    rows = [line.split() for line in said.stdout.splitlines()[1:]]
    return {name: [int(count.replace(",", "")) for count in counts] for name, *counts in rows}


# --- export-person ---------------------------------------------------------------------------------------------------


async def test_every_table_with_a_key_to_users_is_exported(springfield: Database, homeroom: Homeroom) -> None:
    document = await exported(homeroom)

    known = {"users", "demographics"} | {t.name for t in Base.metadata.tables.values() if refers_to_users(t)}
    assert {name for name in known if not document.get(camel(name))} == set()
    assert document["resultScoreScales"][0]["title"] == f"for {MARK}"
    assert document["resultLearningObjectiveIds"][0]["score"] == 2.5


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))


async def test_it_is_hers_alone_deleted_rows_included(springfield: Database, homeroom: Homeroom) -> None:
    document = await exported(homeroom)

    [user] = document["users"]
    assert (user["sourcedId"], user["email"]) == (PERSON, f"new.{MARK}@example.org")
    assert user["agentSourcedIds"] == ["maria"]
    assert {row["userSourcedId"] for row in document["roles"] + document["enrollments"]} == {PERSON}
    assert {row["status"] for row in document["roles"]} == {"active", "tobedeleted"}
    assert {(row["userSourcedId"], row["agentSourcedId"]) for row in document["userAgents"]} == {
        (PERSON, "maria"),
        ("sean", PERSON),
    }
    assert {row["sourcedId"] for row in document["results"]} == {f"hw-1-{PERSON}", f"hw-2-{PERSON}"}


async def test_her_history_says_who_changed_what_from_what(springfield: Database, homeroom: Homeroom) -> None:
    entries = (await exported(homeroom))["changes"]

    first = entries[0]
    assert (first["collection"], first["sourcedId"], first["what"]) == ("users", PERSON, "updated")
    assert (first["authorKind"], first["author"]) == ("client", "a-test")
    assert first["before"]["email"] == f"{MARK}@example.org"


async def test_what_was_hers_once_is_in_it_and_what_was_anothers_is_not(
    springfield: Database, homeroom: Homeroom, client: Client
) -> None:
    """A result that was entered for her by mistake, and one of hers that was entered for another."""
    await sent(client.patch, f"{RESULTS_URL}/hw-2-sean", {"result": {"student": reference(PERSON)}}, 200)

    entries = (await exported(homeroom))["changes"]

    assert [e["before"]["comment"] for e in entries if e["sourcedId"] == "hw-1-sean"] == [f"{MARK} cheats"]
    assert [e.get("before") for e in entries if e["sourcedId"] == "hw-2-sean"] == [None]


async def test_a_file_is_for_its_owner(springfield: Database, homeroom: Homeroom, tmp_path: Path) -> None:
    said = await homeroom("export-person", PERSON, "--output", tmp_path / "her.json")

    assert (said.exit_code, said.stdout) == (0, "")
    assert stat.S_IMODE((tmp_path / "her.json").stat().st_mode) == 0o600
    assert json.loads((tmp_path / "her.json").read_text())["sourcedId"] == PERSON
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


async def test_a_file_that_is_there_is_replaced_only_by_force(
    springfield: Database, homeroom: Homeroom, tmp_path: Path
) -> None:
    (tmp_path / "her.json").write_text("mine")
    refused = await homeroom("export-person", PERSON, "--output", tmp_path / "her.json")
    left = (tmp_path / "her.json").read_text()
    forced = await homeroom("export-person", PERSON, "--output", tmp_path / "her.json", "--force")

    assert (refused.exit_code, left, forced.exit_code) == (2, "mine", 0)


@pytest.mark.parametrize("command", [["export-person"], ["erase", "--yes"], ["erase"]])
async def test_an_unknown_person_is_told_in_a_line(homeroom: Homeroom, command: list[str]) -> None:
    said = await homeroom(*command, "nobody")

    assert (said.exit_code, said.output) == (1, "Error: no user has the sourcedId nobody\n")


async def test_on_a_terminal_it_goes_to_a_file(springfield: Database, database_url: str, tmp_path: Path) -> None:
    command = [*PYTHON, "scripts.homeroom", "export-person", PERSON]
    ours, terminal = os.openpty()
    said = await asyncio.to_thread(
        subprocess.run,
        command,
        env=surroundings(database_url, PYTHONPATH=str(ROOT)),
        cwd=tmp_path,
        stdout=terminal,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(ours)
    os.close(terminal)

    assert (said.returncode, said.stderr) == (0, "wrote person-p%2F17@x.json\n")
    assert json.loads((tmp_path / "person-p%2F17@x.json").read_text())["sourcedId"] == PERSON


# --- erase -----------------------------------------------------------------------------------------------------------


async def test_no_word_about_her_is_left_anywhere(springfield: Database, homeroom: Homeroom) -> None:
    everywhere = {*PEOPLE, "changes", *(table.name for table in STAYING)} - {"user_agents"}
    assert await with_mark(springfield) == everywhere

    await erased(homeroom)

    assert await with_mark(springfield) == set()


async def test_totals_stay(springfield: Database, homeroom: Homeroom) -> None:
    before = await totals(springfield)

    await erased(homeroom)

    assert await totals(springfield) == before


async def test_the_report_counts_and_names_nobody(springfield: Database, homeroom: Homeroom, tmp_path: Path) -> None:
    shown = await erased(homeroom, "--report", tmp_path / "report.json")

    report = (tmp_path / "report.json").read_text()
    tables = json.loads(report)["tables"]
    assert {name: list(counts.values()) for name, counts in tables.items()} == shown
    assert PERSON not in report
    assert shown == {
        "users": [0, 1, 0],
        "user_agents": [2, 0, 0],
        "user_profiles": [1, 0, 0],
        "demographics": [1, 0, 0],
        "roles": [2, 0, 0],
        "enrollments": [0, 1, 1],
        "user_resources": [1, 0, 0],
        "results": [0, 2, 0],
        "result_score_scales": [0, 1, 0],
        "result_learning_objective_ids": [0, 1, 0],
        "assessment_results": [0, 1, 0],
        "changes": [0, 3, 0],
        "idempotent_answers": [0, 0, 0],
    }


async def test_programs_that_poll_learn_of_it(springfield: Database, homeroom: Homeroom, client: Client) -> None:
    """The tombstone is stamped, and so are the results that changed and the child who lost an agent."""
    async with springfield.read_session() as session:
        moment = (await session.execute(select(func.max(User.date_last_modified)))).scalar_one()

    await erased(homeroom)

    async with springfield.read_session() as session:
        users = select(User.sourced_id).where(User.date_last_modified > moment).order_by(User.sourced_id)
        assert list(await session.scalars(users)) == [PERSON, "sean"]
        results = select(Result.sourced_id).where(Result.date_last_modified > moment).order_by(Result.sourced_id)
        assert list(await session.scalars(results)) == sorted([f"hw-1-{PERSON}", f"hw-2-{PERSON}", "hw-1-sean"])
    response = await client.get(f"{USERS_URL}?filter=status='tobedeleted'", headers=bearer(*SCOPES))
    [shown] = [user for user in (await response.get_json())["users"] if user["sourcedId"] == PERSON]
    del shown["dateLastModified"]
    assert shown == {
        "sourcedId": PERSON,
        "status": "tobedeleted",
        "enabledUser": "false",
        "givenName": "erased",
        "familyName": "erased",
        "roles": [],
    }


async def test_the_history_knows_that_she_was_erased_and_no_more(springfield: Database, homeroom: Homeroom) -> None:
    await erased(homeroom)

    async with springfield.read_session() as session:
        mine = select(Change).where(Change.author_kind == "command", Change.author == "erase")
        entries = {(entry.collection, entry.sourced_id): entry for entry in await session.scalars(mine)}
        earlier = await session.scalar(select(Change).where(Change.collection == "users").order_by(Change.seq).limit(1))
    assert entries["users", PERSON].what == "deleted"
    assert entries["demographics", PERSON].what == "deleted"
    assert entries["results", f"hw-1-{PERSON}"].what == "updated"
    assert {key for key, entry in entries.items() if entry.before} == {("users", "sean"), *SEANS_ROLES}
    assert earlier
    assert (earlier.author, earlier.what, earlier.before) == ("a-test", "updated", None)


SEANS_ROLES = {("roles", "sean-aide-lincoln"), ("roles", "sean-proctor-lincoln")}


async def test_another_keeps_the_history_of_a_record_that_mentions_her(
    springfield: Database, homeroom: Homeroom
) -> None:
    await erased(homeroom)

    async with springfield.read_session() as session:
        mine = select(Change.before).where(Change.sourced_id == "sean", Change.author == "erase")
        assert json.loads(str(await session.scalar(mine)))["agentSourcedIds"] == ["maria", PERSON]
        assert await session.scalar(select(func.count()).select_from(UserAgent)) == 2


async def test_answers_that_name_her_rows_are_forgotten(
    springfield: Database, homeroom: Homeroom, client: Client
) -> None:
    for student in (PERSON, "sean"):
        result = {"lineItem": reference("hw-1"), "student": reference(student), "scoreStatus": "submitted"}
        body = {"results": [{**result, "scoreDate": "2026-10-01", "sourcedId": f"new-{student}"}]}
        url = "/ims/oneroster/gradebook/v1p2/lineItems/hw-1/results"
        await sent(client.post, url, body, 201, **{"Idempotency-Key": f"a key for {student}"})

    shown = await erased(homeroom)

    assert shown["idempotent_answers"] == [1, 0, 0]
    async with springfield.read_session() as session:
        assert list(await session.scalars(select(IdempotentAnswer.key))) == ["a key for sean"]


async def test_what_is_exported_of_her_afterwards_is_a_shell(springfield: Database, homeroom: Homeroom) -> None:
    await erased(homeroom)

    document = await exported(homeroom)

    assert MARK not in json.dumps(document).lower()
    assert len(document["results"]) == 2
    assert not any("before" in entry for entry in document["changes"])
    # The row itself is gone, but it is known by her own sourcedId.
    assert [entry["what"] for entry in document["changes"] if entry["collection"] == "demographics"] == ["deleted"]


async def test_erasing_twice_is_harmless(springfield: Database, homeroom: Homeroom) -> None:
    await erased(homeroom)
    before = await everything(springfield)

    shown = await erased(homeroom)

    assert await everything(springfield) == before
    assert {name for name, (removed, blanked, _) in shown.items() if removed or blanked} == set()


async def everything(database: Database) -> list[tuple[Any, ...]]:
    async with database.read_session() as session:
        tables = Base.metadata.sorted_tables
        return [tuple(map(str, row)) for table in tables for row in await session.execute(select(table))]


async def test_one_who_is_referred_to_by_nobody(database: Database, homeroom: Homeroom) -> None:
    async with database.transaction() as session:
        session.add(a_user("alone", f"{MARK}", "Alone"))

    shown = await erased(homeroom, user="alone")

    assert {name: counts for name, counts in shown.items() if any(counts)} == {"users": [0, 1, 0]}
    assert await with_mark(database) == set()


async def test_one_with_thousands_of_results_takes_no_more_statements(
    springfield: Database, homeroom: Homeroom, statements: list[str]
) -> None:
    async with springfield.transaction() as session:
        session.add(a_user("other", MARK, MARK))
        await session.flush()
        session.add(a_result("hw-1", "other", 1.0, 2, comment=MARK))
        await with_many_results(session, 3000)

    statements.clear()
    await erased(homeroom, user="other")
    for_one = len(statements)
    statements.clear()
    shown = await erased(homeroom)
    for_many = len(statements)

    assert shown["results"] == [0, 3002, 0]
    assert await with_mark(springfield) == set()
    assert for_many <= for_one + 20  # not one for each row; who has none of a kind is not asked further


async def test_it_asks_and_shows_counts_only(springfield: Database, homeroom: Homeroom) -> None:
    before = await everything(springfield)

    said = await homeroom("erase", PERSON)  # nobody answers

    assert said.exit_code == 1
    assert ["results", "2"] in [line.split() for line in said.output.splitlines()]
    assert MARK not in said.output.lower()
    assert await everything(springfield) == before


async def test_a_yes_is_enough(springfield: Database, database_url: str) -> None:
    command = [*PYTHON, "scripts.homeroom", "erase", PERSON]
    said = await asyncio.to_thread(
        subprocess.run, command, env=surroundings(database_url), input="y\n", capture_output=True, text=True
    )

    assert (said.returncode, said.stderr) == (0, "")
    assert MARK not in said.stdout.lower()
    assert await with_mark(springfield) == set()


async def test_a_report_without_a_place_is_refused_before_anything_is_done(
    springfield: Database, homeroom: Homeroom, tmp_path: Path
) -> None:
    before = await everything(springfield)

    said = await homeroom("erase", PERSON, "--yes", "--report", tmp_path / "no" / "report.json")

    assert said.exit_code == 2
    assert await everything(springfield) == before


async def test_all_or_nothing(springfield: Database, homeroom: Homeroom) -> None:
    """A table of somebody else's refers to her account, which goes among the last."""
    async with springfield.transaction() as session:
        await session.execute(text("CREATE TABLE theirs (profile varchar(255) REFERENCES user_profiles (sourced_id))"))
        await session.execute(text("INSERT INTO theirs VALUES ('p-17-mail')"))
    before = await everything(springfield)

    said = await homeroom("erase", PERSON, "--yes")

    assert said.exit_code == 1
    assert len(said.output.splitlines()) == 1
    assert MARK not in said.output.lower()
    assert await everything(springfield) == before


async def test_what_is_written_meanwhile_is_erased_too(
    springfield: Database, homeroom: Homeroom, statements: list[str]
) -> None:
    results, author = table_of(Result), Author("client", "a-test")
    async with springfield.write_session() as session:
        hers = results.c.student_sourced_id == PERSON
        await touch(session, author, results, hers, {"comment": f"{MARK} at the last moment"})
        statements.clear()
        erasing = asyncio.create_task(erased(homeroom))
        await until(lambda: [each for each in statements if "BEGIN IMMEDIATE" in each or "xact_lock(" in each])
        await session.commit()

    await erasing

    assert await with_mark(springfield) == set()


async def test_a_person_who_comes_back_can_be_erased_again(
    springfield: Database, homeroom: Homeroom, client: Client
) -> None:
    await erased(homeroom)
    role = {"roleType": "primary", "role": "student", "org": {"href": "x", "sourcedId": "lincoln", "type": "org"}}
    user = {"enabledUser": "true", "givenName": MARK, "familyName": MARK, "roles": [role]}
    for _ in range(2):
        await sent(client.put, f"{USERS_URL}/{quote(PERSON)}", {"user": user}, 201)
    assert await with_mark(springfield) == {"users", "changes"}

    await erased(homeroom)

    assert await with_mark(springfield) == set()


def test_what_stays_of_her_rows_is_no_free_text() -> None:
    """A column that is added to a table that stays has to be decided about."""
    words = {
        f"{table.name}.{column.name}"
        for table in STAYING
        for column in table.columns
        if isinstance(column.type, (String, JSON)) and not (column.nullable or column.foreign_keys)
        if VOCABULARY not in column.info and column.name != "sourced_id"
    }
    assert words == {"result_learning_objective_ids.learning_objective_id"}
