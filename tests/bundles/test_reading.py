"""Bundles that cannot be read: each is told in one line, without a traceback, without filling the memory."""

import os
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import pytest
from click.testing import Result

from tests.bundles.conftest import Command
from tests.bundles.making import contents, write_folder, write_zip


def failed(result: Result, code: int, words: str) -> bool:
    lines = result.output.strip().splitlines()
    return result.exit_code == code and len(lines) == 1 and words in lines[0]


def a_zip(path: Path, **members: str | bytes) -> Path:
    return write_zip(path, {**contents({"orgs": []}), **members})


def encrypted(path: Path) -> Path:
    """A zip whose directory says that its files are."""
    content = bytearray(a_zip(path).read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    return path


def bomb(path: Path) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("orgs.csv", bytes(5_000_000))
    return path


def liar(path: Path) -> Path:
    """A zip that declares less than it holds."""
    content = bytearray(bomb(path).read_bytes())
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = (100).to_bytes(4, "little")
    path.write_bytes(content)
    return path


def cut(path: Path) -> Path:
    path.write_bytes(a_zip(path, **{"users.csv": os.urandom(50_000)}).read_bytes()[:20_000])
    return path


def no_zip(path: Path) -> Path:
    path.write_text("x")
    return path


def nested(path: Path) -> Path:
    path.mkdir()
    for name in ("north", "south"):
        write_folder(path / name, {"orgs.csv": ""})
    return path


def damaged(path: Path) -> Path:
    content = bytearray(a_zip(path).read_bytes())
    content[content.index(b"sourcedId,")] ^= 1
    path.write_bytes(content)
    return path


def misnamed(path: Path) -> Path:
    content = bytearray(a_zip(path).read_bytes())
    content[content.index(b"orgs.csv")] ^= 1
    path.write_bytes(content)
    return path


def squeezed(path: Path) -> Path:
    with ZipFile(path, "w", ZIP_BZIP2) as archive:
        archive.writestr("orgs.csv", "sourcedId")
    return path


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def twice(path: Path) -> Path:
    with ZipFile(path, "w") as archive:
        archive.writestr("orgs.csv", "")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("orgs.csv", "")
    return path


def forbidden(path: Path) -> Path:
    path.mkdir()
    (path / "orgs.csv").symlink_to(path / "orgs.csv")
    return path


UNREADABLE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "not there": (lambda path: path, "no such file"),
    "not a zip": (no_zip, "not a zip file"),
    "cut off": (cut, "not a zip file"),
    "damaged": (damaged, "Bad CRC"),
    "names that differ": (misnamed, "differ"),
    "another compression": (squeezed, "Deflate"),
    "a pipe": (pipe, "neither"),
    "encrypted": (encrypted, "encrypted"),
    "bomb": (bomb, "at most 1,000,000 are allowed"),
    "bomb that lies": (liar, "orgs.csv"),
    "same name twice": (twice, "two files of the same name"),
    "out of the bundle": (lambda path: a_zip(path, **{"../orgs.csv": ""}), "leads out"),
    "out of the bundle, as Windows says it": (lambda path: a_zip(path, **{"..\\orgs.csv": ""}), "leads out"),
    "from the root": (lambda path: a_zip(path, **{"/etc/orgs.csv": ""}), "leads out"),
    "in two folders": (lambda path: write_zip(path, {"a/orgs.csv": "", "b/users.csv": ""}), "top of the bundle"),
    "in a folder of a folder": (lambda path: write_zip(path, {"a/b/orgs.csv": ""}), "top of the bundle"),
    "nothing in it": (lambda path: write_zip(path, {"README.txt": ""}), "no CSV files"),
    "an empty folder": (lambda path: write_folder(path, {}), "no CSV files"),
    "two folders in a folder": (nested, "top of the bundle"),
    "a loop": (forbidden, "too many levels"),
    "many files": (lambda path: write_zip(path, {f"{n}.csv": "" for n in range(1_001)}), "1,001 files"),
    "one endless line": (lambda path: write_folder(path, {"orgs.csv": "x" * 3_000_000}), "at most 1,000,000"),
    "many columns": (lambda path: write_folder(path, {"orgs.csv": "x," * 600}), "columns"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_said_in_one_line(command: Command, tmp_path: Path, case: str) -> None:
    make, words = UNREADABLE[case]

    result = command(make(tmp_path / "x.zip"), "--max-bytes", 1_000_000)

    assert failed(result, 2, words), result.output


@pytest.mark.parametrize("text", ["x" * 3_000_000, '"x\n' * 600_000, '"x\n",' * 300_000])
def test_a_record_without_end_is_not_kept_in_memory(command: Command, tmp_path: Path, text: str) -> None:
    result = command(write_folder(tmp_path / "x", {**contents({"orgs": []}), "orgs.csv": f"sourcedId\n{text}"}))

    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.output
