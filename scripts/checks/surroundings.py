"""What can be told without a database: settings, versions, files."""

import logging
import os
import platform
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path

import sqlalchemy

from scripts.checks.finding import MEGABYTE, Check, Finding, Place, warning, wrong
from service.settings import Settings

KEY = "HOMEROOM_SECRET_KEY"
NEW_KEY = f"export {KEY}=$(openssl rand -hex 32), the same for every process"
KEY_LENGTH = 32
LETTERS_MIN = 10  # different ones: what is drawn at random has more
SAMPLES = ("change", "example", "sample", "secret", "password", "insecure", "everybody")
OF_TESTS = ("HOMEROOM_TEST_", "HOMEROOM_REQUIRE_")  # set for developers, and read by the tests alone
PYTHON_MIN, SQLITE_MIN, SQLALCHEMY_MIN = (3, 11), (3, 35, 0), (2, 1, 6)
FREE_MIN = 100 * MEGABYTE
OTHERS_MAY_READ, OTHERS_MAY_WRITE = stat.S_IROTH, stat.S_IWOTH


def secret_key(place: Place) -> Iterator[Finding]:
    key = place.settings.secret_key
    if not key:
        yield wrong(f"{KEY} is not set, so nothing can be served", NEW_KEY)
    elif len(key) < KEY_LENGTH:
        yield wrong(f"{KEY} has {len(key)} characters, and must have {KEY_LENGTH}", NEW_KEY)
    elif any(word in key.lower() for word in SAMPLES) or len(set(key)) < LETTERS_MIN:
        yield wrong(f"{KEY} looks like that of a sample, and whoever guesses it makes tokens of their own", NEW_KEY)


def unknown_variables(environ: Mapping[str, str]) -> Iterator[Finding]:
    known = [f"HOMEROOM_{each.name.upper()}" for each in fields(Settings)]
    for name in sorted(environ):
        plain = name.removesuffix("_FILE")  # a setting may be in a file
        if name.startswith("HOMEROOM_") and plain not in known and not name.startswith(OF_TESTS):
            near = [match + name.removeprefix(plain) for match in get_close_matches(plain, known, 1)]
            do = f"write {near[0]}, if that is meant" if near else "remove it; docs/settings.md lists those there are"
            yield wrong(f"{name} is set, but there is no such setting", do)


def variables(place: Place) -> Iterator[Finding]:
    yield from unknown_variables(place.environ)
    if place.settings.log_level not in logging.getLevelNamesMapping():
        yield wrong("HOMEROOM_LOG_LEVEL has a level that there is not", "set DEBUG, INFO, WARNING or ERROR")


def versions(_place: Place) -> Iterator[Finding]:
    has = {
        "Python": (platform.python_version(), PYTHON_MIN),
        "SQLite": (sqlite3.sqlite_version, SQLITE_MIN),
        "SQLAlchemy": (sqlalchemy.__version__, SQLALCHEMY_MIN),
    }
    for name, (version, least) in has.items():
        if numbers(version) < least:
            yield wrong(f"{name} is {version}", f"install {name} {'.'.join(map(str, least))} or newer")


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int("".join(filter(str.isdigit, part)) or 0) for part in version.split(".")[:3])


def encryption(place: Place) -> Iterator[Finding]:
    settings = place.settings
    if not is_local(place.host) and not settings.trusted_proxies:
        says = f"{place.host} is open to other machines without a proxy, so secrets and people's data pass unencrypted"
        yield warning(says, "put a proxy that speaks HTTPS in front, and set HOMEROOM_TRUSTED_PROXIES=1")
    if settings.public_url and not settings.public_url.startswith("https://"):
        yield warning("HOMEROOM_PUBLIC_URL does not begin with https://", "let clients use HTTPS only")


def metrics(place: Place) -> Iterator[Finding]:
    settings = place.settings
    reachable = settings.trusted_proxies or settings.public_url or not is_local(place.host)
    if reachable and not settings.metrics_token:
        says = "/metrics answers whoever can reach the service"
        yield warning(says, "set HOMEROOM_METRICS_TOKEN, or let the proxy keep the world away from /metrics")


def is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def permissions(place: Place) -> Iterator[Finding]:
    """Of an SQLite database: its file, what SQLite keeps beside it, and their folder."""
    if place.file is None:
        return
    for path in (place.file, *(place.file.with_name(place.file.name + end) for end in ("-wal", "-shm"))):
        if path.exists():
            yield from permissions_of(path)
    folder = place.file.parent
    if folder.exists() and not os.access(folder, os.W_OK):
        yield wrong(f"{folder} cannot be written to by this account", "SQLite makes files there: give it the folder")
    if folder.exists() and mode(folder) & OTHERS_MAY_WRITE and not mode(folder) & stat.S_ISVTX:
        yield wrong(f"every account of this machine may replace what is in {folder}", f"chmod o-w {folder}")


def permissions_of(path: Path) -> Iterator[Finding]:
    if not os.access(path, os.R_OK | os.W_OK):
        yield wrong(f"{path} cannot be read and written by this account", "chown it to the account that serves")
    elif mode(path) & OTHERS_MAY_WRITE:
        yield wrong(f"every account of this machine may write to {path}", f"chmod 600 {path}")
    elif mode(path) & OTHERS_MAY_READ:
        yield warning(f"every account of this machine may read {path}, people's data", f"chmod 600 {path}")


def mode(path: Path) -> int:
    return path.stat().st_mode


def leftovers(place: Place) -> Iterator[Finding]:
    """A backup or an export that was killed leaves its part behind, under a name of its own."""
    folders = {Path.cwd(), *([place.file.parent] if place.file else [])}
    for folder in sorted(each for each in folders if each.is_dir()):
        for path in sorted(folder.glob(".*.zip.????????")):
            yield warning(f"{path} is what is left of a backup or an export that was broken off", f"rm {path}")


def disk(place: Place) -> Iterator[Finding]:
    folder = Path(tempfile.gettempdir())
    if (free := shutil.disk_usage(folder).free) < FREE_MIN:
        yield warning(f"{folder} has only {megabytes(free)} free", "make room: large queries sort there")
    if place.file is None or not place.file.exists():
        return
    size, free = place.file.stat().st_size, shutil.disk_usage(place.file.parent).free
    if free < FREE_MIN:
        yield wrong(f"{place.file.parent} has only {megabytes(free)} free", "make room: SQLite fails when it is full")
    elif free < size:
        says = f"{place.file.parent} has {megabytes(free)} free, less than the database is large ({megabytes(size)})"
        yield warning(says, "make room: an import or a migration may need as much again")


def megabytes(size: int) -> str:
    return f"{size // MEGABYTE:,} MB"


CHECKS: tuple[Check, ...] = (
    secret_key, variables, versions, encryption, metrics, permissions, leftovers, disk
)  # fmt: skip
