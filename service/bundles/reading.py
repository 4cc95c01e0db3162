"""The files of a bundle, a zip or a folder. Nothing is ever unpacked.

The files at the top are read, or, if no CSV file is there, those in the only folder that has some.
"""

import io
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath
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
    """`name` is that of the zip or the folder. `sizes` are the bytes of each file, unpacked.

    `folder` is where its files are, if not at the top. `own_names` are those that its files have by nature, by those
    that they have in `sizes`, where the two differ.
    """

    name: str
    sizes: Mapping[str, int]
    opener: Callable[[str], BinaryIO]
    folder: str = ""
    own_names: Mapping[str, str] = field(default_factory=dict)

    def own_name(self, name: str) -> str:
        return self.own_names.get(name, name)

    def open(self, name: str) -> BinaryIO:
        """Raises Unreadable, as reading from it may."""
        own = self.own_name(name)
        try:
            return self.opener(own)
        except READ_FAILURES as error:
            raise Unreadable(f"{own}: {explain(error)}") from error


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
    sizes, within = sizes_in(path), ""
    if not any(map(is_csv, sizes)):
        inside = [entry for entry in path.glob("*/*") if is_csv(entry.name) and is_kept(entry.relative_to(path))]
        within = only_folder([str(entry.relative_to(path)) for entry in sorted(inside)])
        sizes = sizes_in(path / within)
    return Bundle(
        path.resolve().name,
        sizes,
        lambda name: open(path / within / name, "rb", buffering=BUFFER_BYTES),
        folder=within,
    )


def sizes_in(path: Path) -> dict[str, int]:
    files = {entry.name: entry.stat() for entry in path.iterdir() if not entry.name.startswith(IGNORED)}
    return {name: found.st_size for name, found in files.items() if stat.S_ISREG(found.st_mode)}


def zip_file(path: Path, archive: ZipFile) -> Bundle:
    everything = archive.infolist()
    if len(everything) > MEMBERS_MAX:
        raise Unreadable(f"the zip holds {len(everything):,} files, and at most {MEMBERS_MAX:,} are allowed")
    for member in everything:
        refuse_member(member)
    members = {str(inner): member for member in everything if not member.is_dir() and is_kept(inner := path_in(member))}
    if len(members) < sum(not member.is_dir() and is_kept(path_in(member)) for member in everything):
        raise Unreadable("the zip holds two files of the same name")
    within = ""
    if not any(is_csv(name) and "/" not in name for name in members):
        within = only_folder([name for name in members if is_csv(name)])
        members = {name.removeprefix(f"{within}/"): members[name] for name in members if name.startswith(f"{within}/")}
    sizes = {name: member.file_size for name, member in members.items()}
    # ZipExtFile stops at the declared size, so a bomb that lies about it ends in a failed checksum.
    return Bundle(path.name, sizes, lambda name: buffered(archive, members[name]), folder=within)


def path_in(member: ZipInfo) -> PurePosixPath:
    """Some programs on Windows pack backslashes."""
    return PurePosixPath(member.filename.replace("\\", "/"))


def is_kept(path: PurePath) -> bool:
    return not any(part.startswith(IGNORED) for part in path.parts)


def only_folder(inside: Sequence[str]) -> str:
    """The one folder that the CSV files are in. Raises Unreadable if they are in several, or deeper."""
    parents = {PurePath(name).parent for name in inside}
    if len(parents) != 1 or len((parent := parents.pop()).parts) != 1:
        raise Unreadable(nothing_at_top(next(iter(inside), None)))
    return str(parent)


def buffered(archive: ZipFile, member: ZipInfo) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", archive.open(member)), BUFFER_BYTES))


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
