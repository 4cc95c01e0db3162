"""The file: a zip that holds the rows of each table, and a manifest that says what must be in it."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from tempfile import mkstemp
from typing import IO, Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile
from zlib import error as ZlibError

FORMAT, FORMAT_VERSION = "homeroom backup", 1
MANIFEST = "manifest.json"
ZIP_BEGINS = b"PK\3\4"
LEVEL = 3  # of compression: the highest takes three times as long and saves a tenth
LINES_AT_ONCE = 2_000
DAMAGED = "is damaged, or was changed after it was written"


class Unusable(Exception):
    """The file is no backup that can be restored; the text says why, in words that follow the file's name."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """What the backup holds of a table. `columns` are their kinds, by name.

    `counter` is the column that counts by itself, if the table has one, `counted` the last number that it gave.
    """

    name: str
    columns: dict[str, str]
    rows: int
    sha256: str
    counter: str = ""
    counted: int = 0

    @property
    def member(self) -> str:
        return f"tables/{self.name}.jsonl"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """`tables` are in the order in which they can be filled; `revision` is the migration that made them."""

    format: str = FORMAT
    format_version: int = FORMAT_VERSION
    homeroom: str
    created: str
    database: str
    revision: str
    tables: tuple[Table, ...]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


class Member:
    """The rows of one table while they are written, or read: counts and hashes what passes."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.hash = hashlib.sha256()
        self.rows = 0

    def write(self, lines: str, rows: int) -> None:
        encoded = lines.encode()
        self.hash.update(encoded)
        self.stream.write(encoded)
        self.rows += rows

    def read(self) -> list[bytes]:
        """The next lines; none at the end."""
        lines = list(islice(self.stream, LINES_AT_ONCE))
        self.hash.update(b"".join(lines))
        self.rows += len(lines)
        return lines

    def expect(self, table: Table) -> None:
        """Raises Unusable if what passed is not what the manifest says."""
        if (self.rows, self.hash.hexdigest()) != (table.rows, table.sha256):
            raise Unusable(f"{DAMAGED}: {table.member} is not what {MANIFEST} says")


@contextmanager
def new_archive(path: Path) -> Iterator[ZipFile]:
    """It bears its name once the block has ended well, and is on the disk by then. Only its owner may read it."""
    handle, name = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            with ZipFile(stream, "w", ZIP_DEFLATED, compresslevel=LEVEL) as archive:
                yield archive
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def new_member(archive: ZipFile, name: str) -> Iterator[Member]:
    with archive.open(f"tables/{name}.jsonl", "w", force_zip64=True) as stream:
        yield Member(stream)


def write_manifest(archive: ZipFile, manifest: Manifest) -> None:
    archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=2) + "\n")


@dataclass(frozen=True)
class Archive:
    """A backup to be read."""

    file: ZipFile
    manifest: Manifest

    @contextmanager
    def member(self, table: Table) -> Iterator[Member]:
        """Raises Unusable if it is not there, cannot be unpacked, or, at the end, was not what the manifest says."""
        with refusing_damage():
            with self.file.open(table.member) as stream:
                member = Member(stream)
                yield member
            member.expect(table)


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Raises Unusable for what is no backup, OSError where there is nothing to read."""
    with refusing_damage():
        try:
            file = ZipFile(path)
        except BadZipFile as error:
            raise Unusable(not_whole(path)) from error
        with file:
            yield Archive(file, read_manifest(file))


def not_whole(path: Path) -> str:
    """A copy that was broken off begins as it should, and lacks the end, where a zip has its list of members."""
    with path.open("rb") as stream:
        is_zip = stream.read(len(ZIP_BEGINS)) == ZIP_BEGINS
    return f"{DAMAGED}: its end is missing" if is_zip else "is no backup of Homeroom"


@contextmanager
def refusing_damage() -> Iterator[None]:
    try:
        yield
    except (BadZipFile, ZlibError, EOFError, KeyError) as error:
        raise Unusable(f"{DAMAGED}: {error}") from error


def read_manifest(file: ZipFile) -> Manifest:
    if MANIFEST not in file.namelist():
        raise Unusable(f"is no backup of Homeroom: it has no {MANIFEST}")
    try:
        stated: Any = json.loads(file.read(MANIFEST))
    except ValueError as error:
        raise Unusable(f"{DAMAGED}: {MANIFEST}: {error}") from error
    if not isinstance(stated, dict) or stated.get("format") != FORMAT:
        raise Unusable("is no backup of Homeroom")
    if stated.get("format_version") != FORMAT_VERSION:
        raise Unusable(f"is of a newer format ({stated.get('format_version')}): restore it with the Homeroom it is of")
    try:
        tables = tuple(Table(**table) for table in stated.pop("tables"))
        return Manifest(**stated, tables=tables)
    except (TypeError, KeyError) as error:
        raise Unusable(f"{DAMAGED}: {MANIFEST}: {error}") from error
