"""Files that are not UTF-8: what is certain is read, and the rest refused row by row."""

from pathlib import Path

import pytest

from models import Org
from models.database import Database
from service.bundles.records import BLOCK_BYTES
from service.records.rules import Rule
from tests.bundles.conftest import Command
from tests.bundles.making import TakeIn, contents, found, lines, springfield, write_folder
from tests.bundles.test_reading import failed

HEADER = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\r\n"
ACCENTED = "a,,,École “Nord” … Zoë,school,1,\r\n"
ONLY_ORGS = contents({"orgs": []})
MANY = "".join(f"o{number},,,Plain,school,1,\r\n" for number in range(2 * BLOCK_BYTES // 24))


def orgs(*parts: bytes) -> dict[str, str | bytes]:
    return {**ONLY_ORGS, "orgs.csv": b"".join(parts)}


async def name_of(database: Database, sourced_id: str) -> str:
    async with database.read_session() as session:
        name: str = (await session.get_one(Org, sourced_id)).name
    return name


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "windows-1252"])
async def test_another_encoding_is_read_and_told_once(take_in: TakeIn, database: Database, encoding: str) -> None:
    texts = orgs((HEADER + ACCENTED + ACCENTED.replace("a,", "b,", 1)).encode(encoding))

    report = await take_in(texts)

    assert (report.loaded, found(report)) == (True, {"encoding": 1})
    assert lines(report, Rule.ENCODING)[0][3].startswith(encoding)
    assert await name_of(database, "a") == "École “Nord” … Zoë"


async def test_a_mark_says_which_way_round_utf_16_is(take_in: TakeIn, database: Database) -> None:
    await take_in(orgs(b"\xfe\xff", (HEADER + ACCENTED).encode("utf-16-be")))

    assert await name_of(database, "a") == "École “Nord” … Zoë"


async def test_utf_16_of_many_blocks_is_read(take_in: TakeIn, database: Database) -> None:
    report = await take_in(orgs(("\ufeff" + HEADER + MANY + ACCENTED).encode("utf-16-le")))

    assert found(report) == {"encoding": 1}
    assert report.counts["orgs"].created == MANY.count("\n") + 1
    assert await name_of(database, "a") == "École “Nord” … Zoë"


@pytest.mark.parametrize("end", [b"\xc9", b"\x00\xd8,\x00"], ids=["half a letter", "half a pair"])
async def test_broken_utf_16_costs_its_row(take_in: TakeIn, end: bytes) -> None:
    report = await take_in(orgs((HEADER + ACCENTED).encode("utf-16-le"), end), skip_bad=True)

    assert found(report)["not-utf8"] == 1
    assert report.counts["orgs"].created == 1


def test_utf_16_is_unreadable_by_the_standard(command: Command, tmp_path: Path) -> None:
    path = write_folder(tmp_path / "x", orgs(HEADER.encode("utf-16")))

    assert failed(command(path, "--strict"), 2, "UTF-16")


async def test_windows_1252_may_show_late(take_in: TakeIn, database: Database) -> None:
    report = await take_in(orgs((HEADER + MANY).encode(), ACCENTED.encode("windows-1252")))

    assert (report.loaded, found(report)) == (True, {"encoding": 1})
    assert await name_of(database, "a") == "École “Nord” … Zoë"


@pytest.mark.parametrize(
    "parts",
    [
        [ACCENTED.encode(), ACCENTED.encode("windows-1252")],
        [ACCENTED.encode("windows-1252"), ACCENTED.encode()],
        [ACCENTED.encode(), MANY.encode(), ACCENTED.encode("windows-1252")],
        [b"a,,,\x81\xe9,school,1,\r\n"],  # a byte that Windows-1252 does not have
        [b"a,,,\xc3\xa9\xe9,school,1,\r\n", ACCENTED.encode()],
    ],
)
async def test_a_file_that_mixes_is_utf_8_with_broken_rows(take_in: TakeIn, parts: list[bytes]) -> None:
    report = await take_in(orgs(HEADER.encode(), *parts), skip_bad=True)

    assert report.found[Rule.NOT_UTF8] == 1
    assert Rule.ENCODING not in report.found


async def test_utf_8_far_behind_in_windows_1252_is_refused(take_in: TakeIn, database: Database) -> None:
    texts = orgs(
        HEADER.encode(), ACCENTED.encode("windows-1252"), MANY.encode(), ACCENTED.replace("a,", "z,", 1).encode()
    )

    report = await take_in(texts, skip_bad=True)

    assert found(report) == {"encoding": 1, "not-utf8": 1}
    assert await name_of(database, "a") == "École “Nord” … Zoë"


async def test_a_row_that_mixes_is_refused(take_in: TakeIn) -> None:
    texts = orgs(HEADER.encode(), b"b,,,\xe9,school,1,\r\n", b"c,,,\xc3\xa9 \xe9,school,1,\r\n")

    report = await take_in(texts, skip_bad=True)

    assert found(report) == {"encoding": 1, "not-utf8": 1}
    assert lines(report, Rule.NOT_UTF8) == [("orgs.csv", 3, "", "")]


async def test_windows_1252_is_refused_by_the_standard(take_in: TakeIn) -> None:
    texts = orgs(HEADER.encode(), ACCENTED.encode("windows-1252"))

    assert found(await take_in(texts, strict=True)) == {"not-utf8": 1}


async def test_a_manifest_may_be_in_another_encoding(take_in: TakeIn) -> None:
    texts: dict[str, str | bytes] = {**contents({"orgs": springfield()["orgs"]})}
    texts["manifest.csv"] = str(texts["manifest.csv"]).encode("utf-16")

    report = await take_in(texts)

    assert lines(report, Rule.ENCODING) == [("manifest.csv", 0, "", "utf-16-le")]
    assert report.loaded
