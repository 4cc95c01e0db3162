"""`homeroom backup` and `homeroom restore`, as an operator calls them."""

import asyncio
import hashlib
import json
import os
import stat
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from quart.typing import TestClientProtocol as Client
from sqlalchemy import func, select, text

from models import ApiClient, Base, Change
from models.database import Database
from service.access import SCOPES
from service.privacy.retention import purge
from service.settings import Settings
from tests.backups.conftest import Homeroom
from tests.doors import CLIENT_ID, bearer, migrate, scalar_on
from tests.samples import a_district, a_user, an_org, some_clients

CHANGES = "/homeroom/v1/changes"
ORGS = "/ims/oneroster/rostering/v1p2/orgs"
ALL = bearer(*SCOPES)


@pytest.fixture
async def springfield(database: Database) -> Database:
    async with database.transaction() as session:
        await a_district(session)
        session.add_all(some_clients())
    return database


async def rows_at(url: str) -> dict[str, int]:
    async with Database(Settings(database_url=url)) as database, database.read_session() as session:
        tables = Base.metadata.sorted_tables
        return {table.name: await session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


async def test_a_backup_fills_an_empty_database_of_the_other_kind(
    springfield: Database, database_url: str, other_url: str, homeroom: Homeroom, tmp_path: Path
) -> None:
    file = tmp_path / "backup.zip"
    quick = {"HOMEROOM_STATEMENT_SECONDS": "0.001"}  # which holds for requests only

    said = await homeroom("backup", file, **quick)
    restored = await homeroom("restore", file, on=other_url, **quick)

    there = await rows_at(database_url)
    assert said.stdout.startswith(f"wrote {file}: {sum(there.values()):,} rows of {len(there)} tables"), said.output
    assert restored.exit_code == 0, restored.output
    assert f"{sum(there.values()):,} rows, as of 20" in restored.stdout
    assert await rows_at(other_url) == there


async def test_only_its_owner_may_read_it_and_it_is_not_replaced_unasked(homeroom: Homeroom, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"

    written = [await homeroom("backup", file, *force) for force in ([], [], ["--force"])]

    assert [said.exit_code for said in written] == [0, 2, 0]
    assert "--force" in written[1].stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == [name for name in os.listdir(tmp_path) if not name.startswith(".")]


async def test_a_place_that_is_none_is_one_line(homeroom: Homeroom, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # as a device: a file would take its place
    places = (tmp_path / "no" / "backup.zip", tmp_path, tmp_path / "pipe")
    said = [await homeroom("backup", "--force", path) for path in places]

    assert [each.exit_code for each in said] == [2, 2, 2]
    assert (tmp_path / "pipe").is_fifo()


async def test_it_holds_one_moment_while_others_write(
    database: Database, database_url: str, homeroom: Homeroom, tmp_path: Path
) -> None:
    """Who is written with an organisation is in the backup if that is, though users are read long after orgs."""
    written = 0

    async def write() -> None:
        nonlocal written
        while True:
            async with database.transaction() as session:
                session.add(an_org(f"org-{written}", parent_sourced_id=None))
                session.add(a_user(f"user-{written}", "Zoe", "Smith"))
            written += 1

    writing = asyncio.create_task(write())
    before = 0
    for number in range(5):
        said = await homeroom("backup", tmp_path / f"{number}.zip")
        assert said.exit_code == 0, said.output
        with ZipFile(tmp_path / f"{number}.zip") as file:
            orgs, users = (file.read(f"tables/{name}.jsonl").count(b"\n") for name in ("orgs", "users"))
        assert orgs == users
        assert before <= orgs <= written
        before = written
    writing.cancel()
    await asyncio.wait([writing])
    assert written > before - 1 > 0


async def test_a_database_that_holds_something_is_left_alone_unless_it_is_to_be_replaced(
    springfield: Database, database_url: str, homeroom: Homeroom, tmp_path: Path
) -> None:
    await homeroom("backup", tmp_path / "backup.zip")
    before = await rows_at(database_url)
    async with springfield.transaction() as session:
        session.add(an_org("later"))

    refused = await homeroom("restore", tmp_path / "backup.zip")
    assert refused.exit_code == 1
    assert "--replace" in refused.stderr
    assert (await rows_at(database_url))["orgs"] == before["orgs"] + 1

    replaced = await homeroom("restore", tmp_path / "backup.zip", "--replace")
    assert replaced.exit_code == 0, replaced.output
    assert replaced.stdout.startswith("removed what was there: ")
    assert await rows_at(database_url) == before


@pytest.fixture
async def writer(database: Database, client: Client) -> Client:
    """A program that is known, and may write."""
    async with database.transaction() as session:
        session.add(ApiClient(client_id=CLIENT_ID, name="a writer", secret_sha256="", scopes=list(SCOPES)))
    return client


async def test_programs_that_follow_the_changes_begin_again_and_miss_nothing(
    writer: Client, homeroom: Homeroom, tmp_path: Path
) -> None:
    await put(writer, "a")
    await homeroom("backup", tmp_path / "backup.zip")
    await put(writer, "b")
    _, old = await changes(writer, "?after=now")

    await homeroom("restore", tmp_path / "backup.zip", "--replace")

    assert (await writer.get(f"{CHANGES}?after={old}", headers=ALL)).status_code == 410
    kept, now = await changes(writer, "?limit=1")
    assert kept == ["a"]
    await put(writer, "c")
    assert (await changes(writer, f"?after={now}"))[0] == ["c"]
    assert (await changes(writer, ""))[0] == ["a", "c"]


async def put(client: Client, sourced_id: str) -> None:
    body = {"org": {"sourcedId": sourced_id, "name": "Lincoln", "type": "school"}}
    response = await client.put(f"{ORGS}/{sourced_id}", json=body, headers=ALL)
    assert response.status_code == 201, await response.get_data()


async def changes(client: Client, query: str) -> tuple[list[str], str]:
    """Whose they are, and the next cursor."""
    response = await client.get(CHANGES + query, headers=ALL)
    answer = await response.get_json()
    assert response.status_code == 200, answer
    return [each["sourcedId"] for each in answer["changes"]], answer["next"]


async def test_a_change_gets_no_number_that_another_had(
    database: Database, writer: Client, other_url: str, homeroom: Homeroom, tmp_path: Path
) -> None:
    """Also if those with the last numbers are kept no longer."""
    for sourced_id in ("a", "b", "c"):
        await put(writer, sourced_id)
    assert await purge(database, 1e-12) == 3
    await homeroom("backup", tmp_path / "backup.zip")

    await homeroom("restore", tmp_path / "backup.zip", on=other_url)

    async with Database(Settings(database_url=other_url)) as other:
        async with other.transaction() as session:
            session.add(Change(author_kind="command", author="x", collection="orgs", what="created"))
        async with other.read_session() as session:
            assert await session.scalar(select(Change.seq)) == 4


async def test_a_row_may_refer_to_one_that_comes_later(
    database: Database, database_url: str, other_url: str, homeroom: Homeroom, tmp_path: Path
) -> None:
    async with database.transaction() as session:
        await session.execute(
            text("INSERT INTO orgs VALUES ('a', 'active', '2026-09-01', 'A', 'school', NULL, NULL, NULL)")
        )
        session.add(an_org("b", parent_sourced_id="a"))
        await session.flush()
        await session.execute(text("UPDATE orgs SET parent_sourced_id = 'b' WHERE sourced_id = 'a'"))
    await homeroom("backup", tmp_path / "backup.zip")

    said = await homeroom("restore", tmp_path / "backup.zip", on=other_url)

    assert said.exit_code == 0, said.output
    assert (await rows_at(other_url))["orgs"] == 2


Change_ = Callable[[dict[str, Any]], object]


def rewritten(file: Path, change: Change_, leave_out: tuple[str, ...] = (), **members: bytes) -> Path:
    """The backup with another manifest, without some of its tables, and with other rows in some."""
    new = file.with_name("rewritten.zip")
    with ZipFile(file) as old, ZipFile(new, "w") as changed:
        manifest = json.loads(old.read("manifest.json"))
        manifest["tables"] = [each for each in manifest["tables"] if each["name"] not in leave_out]
        change(manifest)
        for table in manifest["tables"]:
            name = f"tables/{table['name']}.jsonl"
            changed.writestr(name, members.get(table["name"], old.read(name)))
        changed.writestr("manifest.json", json.dumps(manifest))
    return new


def as_at_first(manifest: dict[str, Any]) -> None:
    """Before the columns that came with migration 0003, and before anybody was let in."""
    manifest["revision"] = "0001"
    [clients] = [table for table in manifest["tables"] if table["name"] == "api_clients"]
    for column in ("old_secret_sha256", "old_secret_until", "token_version"):
        del clients["columns"][column]
    clients.update(rows=0, sha256=hashlib.sha256(b"").hexdigest())


async def test_a_backup_of_an_older_homeroom_is_brought_up_to_date(
    springfield: Database, database_url: str, other_url: str, homeroom: Homeroom, tmp_path: Path
) -> None:
    await homeroom("backup", tmp_path / "backup.zip")
    later = ("changes", "feeds", "idempotent_answers")  # those that came with migration 0002
    old = rewritten(tmp_path / "backup.zip", as_at_first, later, api_clients=b"")
    await migrate(database_url, "0001", down=True)  # as the Homeroom was that made it

    for url in (database_url, other_url):
        said = await homeroom("restore", old, "--replace", on=url)

        assert said.exit_code == 0, said.output
        assert "migrated from revision 0001, which the backup is of, to " in said.stdout
        assert (await rows_at(url))["users"] == (await rows_at(database_url))["users"] > 0
        assert await scalar_on(url, "SELECT count(*) FROM feeds") == 1


DAMAGES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no zip": (lambda file: written(file, b"no zip at all"), "is no backup of Homeroom"),
    "another zip": (lambda file: rewritten(file, lambda m: m.update(format="x")), "is no backup of Homeroom"),
    "newer": (lambda file: rewritten(file, lambda m: m.update(format_version=2)), "is of a newer format (2)"),
    "revision": (lambda file: rewritten(file, lambda m: m.update(revision="9999")), "whose migration 9999"),
    "changed": (lambda file: rewritten(file, lambda m: None, users=b""), "tables/users.jsonl is not what"),
    "cut": (lambda file: written(file, file.read_bytes()[:5000]), "its end is missing"),
    "list": (lambda file: written(file, with_manifest(b"[]")), "is no backup of Homeroom"),
    "flipped": (lambda file: written(file, flipped(file.read_bytes())), "is damaged, or was changed"),
    "member": (lambda file: rewritten(file, lambda m: m.pop("created")), "is damaged, or was changed"),
}


def written(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


def with_manifest(content: bytes) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w") as zip_file:
        zip_file.writestr("manifest.json", content)
    return packed.getvalue()


def flipped(content: bytes) -> bytes:
    """One bit in the middle of the packed rows."""
    place = content.index(b"tables/users.jsonl") + 60
    return content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :]


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_file_that_is_not_whole_changes_nothing(
    damage: str, springfield: Database, database_url: str, homeroom: Homeroom, tmp_path: Path
) -> None:
    file = tmp_path / "backup.zip"
    await homeroom("backup", file)
    before = await rows_at(database_url)
    do, says = DAMAGES[damage]
    broken = do(file)

    for option in ("--check", "--replace"):
        said = await homeroom("restore", broken, option)

        assert (said.exit_code, len(said.stderr.splitlines())) == (1, 1), said.output
        assert says in said.stderr
    assert await rows_at(database_url) == before


async def test_a_reference_to_nothing_changes_nothing(
    springfield: Database, database_url: str, homeroom: Homeroom, tmp_path: Path
) -> None:
    await homeroom("backup", tmp_path / "backup.zip")
    before = await rows_at(database_url)

    def without_roles(manifest: dict[str, Any]) -> None:
        for table in manifest["tables"]:
            if table["name"] == "users":
                table.update(rows=0, sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

    broken = rewritten(tmp_path / "backup.zip", without_roles, users=b"")
    said = await homeroom("restore", broken, "--replace")

    assert (said.exit_code, len(said.stderr.splitlines())) == (1, 1), said.output
    assert await rows_at(database_url) == before


async def test_a_check_needs_no_database(homeroom: Homeroom, tmp_path: Path) -> None:
    await homeroom("backup", tmp_path / "backup.zip")

    said = await homeroom(
        "restore", tmp_path / "backup.zip", "--check", on=f"sqlite+aiosqlite:///{tmp_path}/no/where.db"
    )

    assert said.exit_code == 0, said.output
    assert "is whole" in said.stdout


async def test_a_file_that_is_not_there_is_one_line(homeroom: Homeroom, tmp_path: Path) -> None:
    said = await homeroom("restore", tmp_path / "none.zip")

    assert (said.exit_code, len(said.stderr.splitlines())) == (1, 1)
    assert "No such file" in said.stderr


async def test_a_database_of_another_homeroom_is_not_saved_in_part(
    database: Database, homeroom: Homeroom, tmp_path: Path
) -> None:
    async with database.transaction() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'newer'"))

    said = [await homeroom("backup", tmp_path / "backup.zip")]
    assert not (tmp_path / "backup.zip").exists()
    assert said[0].exit_code == 1
    assert "at revision newer" in said[0].stderr
