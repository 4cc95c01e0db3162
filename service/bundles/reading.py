"""The files of a bundle, a zip or a folder. Nothing is ever unpacked; only files at the top are read."""

import io
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

MEMBERS_MAX = 1_000
BUFFER_BYTES = 1 << 18
READ_FAILURES = (BadZipFile, LargeZipFile, EOFError, NotImplementedError, OSError, RuntimeError, zlib.error)
ENCRYPTED = 0x1
IGNORED = ("__MACOSX", ".")  # what the names of files start with that some systems add


class Unreadable(Exception):
    """The bundle cannot be read at all; the text says why, in one line."""


@dataclass(frozen=True)
class Bundle:
    """`name` is that of the zip or the folder. `sizes` are the bytes of each file at the top, unpacked."""

    name: str
    sizes: Mapping[str, int]
    opener: Callable[[str], BinaryIO]

    def open(self, name: str) -> BinaryIO:
        """Raises Unreadable, as reading from it may."""
        try:
            return self.opener(name)
        except READ_FAILURES as error:
            raise Unreadable(f"{name}: {explain(error)}") from error


@contextmanager
def open_bundle(path: Path, bytes_max: int) -> Iterator[Bundle]:
    """Raises Unreadable if there is no bundle at `path` that may be read, or if it is over `bytes_max`."""
    with ExitStack() as stack:
        try:
            if path.exists() and not (path.is_file() or path.is_dir()):
                raise Unreadable(f"{path.name}: neither a file nor a folder")
            bundle = folder(path) if path.is_dir() else zip_file(path, stack.enter_context(ZipFile(path)))
        except READ_FAILURES as error:
            raise Unreadable(f"{path.name}: {explain(error)}") from error
        yield checked(bundle, bytes_max)


def explain(error: Exception) -> str:
    """One line without a path of this machine."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, BadZipFile | zlib.error | EOFError):
        return f"not a zip file, or a broken one ({str(error) or 'it ends too early'})"
    return str(error).partition("\n")[0]


def checked(bundle: Bundle, bytes_max: int) -> Bundle:
    total = sum(bundle.sizes.values())
    if total > bytes_max:
        raise Unreadable(f"the bundle unpacks to {total:,} bytes, and at most {bytes_max:,} are allowed")
    return bundle


def folder(path: Path) -> Bundle:
    files = {entry.name: entry.stat() for entry in path.iterdir() if not entry.name.startswith(IGNORED)}
    sizes = {name: found.st_size for name, found in files.items() if stat.S_ISREG(found.st_mode)}
    if not any(is_csv(name) for name in sizes):
        inside = next(path.glob("*/*.csv"), None)
        raise Unreadable(nothing_at_top(str(inside.relative_to(path)) if inside else None))
    return Bundle(path.resolve().name, sizes, lambda name: open(path / name, "rb", buffering=BUFFER_BYTES))


def zip_file(path: Path, archive: ZipFile) -> Bundle:
    everything = archive.infolist()
    if len(everything) > MEMBERS_MAX:
        raise Unreadable(f"the zip holds {len(everything):,} files, and at most {MEMBERS_MAX:,} are allowed")
    for member in everything:
        refuse_member(member)
    members = [member for member in everything if not member.filename.startswith(IGNORED)]
    sizes = {member.filename: member.file_size for member in members if not member.is_dir()}
    if len(sizes) < sum(not member.is_dir() for member in members):
        raise Unreadable("the zip holds two files of the same name")
    if not any(is_csv(name) and "/" not in name for name in sizes):
        raise Unreadable(nothing_at_top(next(filter(is_csv, sizes), None)))
    # ZipExtFile stops at the declared size, so a bomb that lies about it ends in a failed checksum.
    return Bundle(path.name, sizes, lambda name: buffered(archive, name))


def buffered(archive: ZipFile, name: str) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", archive.open(name)), BUFFER_BYTES))


def refuse_member(member: ZipInfo) -> None:
    name = member.orig_filename
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name or ":" in path.parts[0]:
        raise Unreadable(f"the zip holds a name that leads out of it: {name[:100]!r}")
    if member.flag_bits & ENCRYPTED:
        raise Unreadable(f"{name[:100]!r} is encrypted")
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise Unreadable(f"{name[:100]!r} is compressed by another method than Deflate")


def is_csv(name: str) -> bool:
    return name.lower().endswith(".csv")


def nothing_at_top(inside: str | None) -> str:
    if inside:
        return f"the CSV files must be at the top of the bundle, not in a folder of it ({inside[:100]!r})"
    return "the bundle holds no CSV files"
