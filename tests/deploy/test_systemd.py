"""The units of systemd, and what a server says to it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from socket import AF_UNIX, SOCK_DGRAM, socket

import pytest
from click import Context

from scripts.homeroom import homeroom
from service.running.notify import Notifier
from service.running.supervise import KILL_SECONDS
from service.settings import Settings
from tests.deploy.programs import DEPLOY, required
from tests.scripts.programs import serving, surroundings

UNITS = sorted(path for path in (DEPLOY / "systemd").iterdir() if path.suffix in (".service", ".timer"))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
EXPOSURE_MAX = 2.0  # of 10, by `systemd-analyze security`; a unit without any hardening has 9.6
INSTALLED = "/opt/homeroom/bin/homeroom"


@pytest.fixture
def url(sqlite_template: Path) -> str:
    return f"sqlite+aiosqlite:///{sqlite_template}"


class Systemd:
    """As far as a service sees it: a socket that it is told things at."""

    def __init__(self, way: socket) -> None:
        self.way = way

    def hears(self, word: str) -> str:
        """The next message that begins with this word; those before it are passed over."""
        while not (message := self.way.recv(4096).decode()).startswith(f"{word}="):
            pass
        return message


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    with socket(AF_UNIX, SOCK_DGRAM) as way:
        way.settimeout(60)
        way.bind(str(tmp_path / "notify"))
        yield Systemd(way)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_systemd_hears_that_a_server_serves_lives_and_stops(url: str, workers: str, systemd: Systemd) -> None:
    told = {"NOTIFY_SOCKET": systemd.way.getsockname(), "WATCHDOG_USEC": "200000"}
    with serving(url, "--workers", workers, **told) as server:
        ready = systemd.hears("READY")
        systemd.hears("WATCHDOG")
        systemd.hears("WATCHDOG")
        server.process.terminate()
        systemd.hears("STOPPING")

    assert ready.startswith(f"READY=1\nSTATUS=serving {server.address}")


def test_systemd_hears_when_a_reload_begins_and_ends(url: str, systemd: Systemd) -> None:
    with serving(url, "--workers", "2", NOTIFY_SOCKET=systemd.way.getsockname()) as server:
        systemd.hears("READY")
        server.process.send_signal(signal.SIGHUP)

        assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", systemd.hears("RELOADING"))
        assert systemd.hears("READY") == "READY=1"


def test_an_address_in_the_abstract_namespace_is_reached() -> None:
    with socket(AF_UNIX, SOCK_DGRAM) as way:
        way.bind("\0homeroom-test-" + str(os.getpid()))
        Notifier(f"@homeroom-test-{os.getpid()}").tell(READY="1")

        assert way.recv(4096) == b"READY=1"


def test_a_server_goes_on_without_its_manager(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Notifier(str(tmp_path / "nobody")).tell(READY="1")

    assert "systemd was not reached" in caplog.text


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as on a machine where Homeroom is installed: systemd looks whether the programs are there."""
    shutil.copytree(DEPLOY / "systemd/homeroom-.service.d", tmp_path / "homeroom-.service.d")
    for unit in UNITS:
        text = unit.read_text().replace(INSTALLED, shutil.which("true") or "/bin/true")
        (tmp_path / unit.name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong_with_a_unit(unit: Path, installed: Path) -> None:
    program = required("systemd-analyze", "HOMEROOM_REQUIRE_SYSTEMD", "Debian's package systemd has it")
    done = subprocess.run([program, "verify", "--man=no", installed / unit.name], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_unit_may_do_little(unit: Path, installed: Path) -> None:
    program = required("systemd-analyze", "HOMEROOM_REQUIRE_SYSTEMD", "Debian's package systemd has it")
    asked = [program, "security", "--offline=yes", "--no-pager", f"--threshold={EXPOSURE_MAX * 10:.0f}"]
    done = subprocess.run([*asked, installed / unit.name], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout


def test_a_unit_without_its_limits_would_be_refused(installed: Path) -> None:
    """So the test before this one can fail."""
    program = required("systemd-analyze", "HOMEROOM_REQUIRE_SYSTEMD", "Debian's package systemd has it")
    shutil.rmtree(installed / "homeroom-.service.d")
    asked = [program, "security", "--offline=yes", "--no-pager", f"--threshold={EXPOSURE_MAX * 10:.0f}"]
    done = subprocess.run([*asked, installed / SERVICES[0].name], capture_output=True, text=True)

    assert done.returncode != 0


@pytest.mark.parametrize("unit", ["homeroom-serve.service", "homeroom-import.service"])
def test_the_commands_of_a_unit_are_homerooms(unit: str) -> None:
    text = (DEPLOY / "systemd" / unit).read_text()
    commands = re.findall(rf"^Exec\w+={INSTALLED} (\S+) ?(.*)$", text, re.MULTILINE)

    assert commands
    for name, rest in commands:
        command = homeroom.get_command(Context(homeroom), name)
        assert command, name
        command.make_context(name, rest.replace("${WORKERS}", "2").split())


def test_the_nightly_backup_leaves_a_file_for_each_day(url: str, tmp_path: Path) -> None:
    """Its steps, as a shell takes them once systemd has replaced `$$` and `%%`."""
    unit = (DEPLOY / "systemd/homeroom-backup.service").read_text()
    steps = [step.replace("$$", "$").replace("%%", "%") for step in re.findall(r"^Exec\w+=(.*)$", unit, re.MULTILINE)]
    ours = f"{sys.executable} -m scripts.homeroom"
    environment = surroundings(url, PYTHONPATH=str(DEPLOY.parent))
    for _ in range(2):  # the second of a day replaces the first
        for step in steps:
            subprocess.run(["/bin/sh", "-c", step.replace(INSTALLED, ours)], cwd=tmp_path, env=environment, check=True)

    [backup] = (tmp_path / "backups").iterdir()
    assert re.fullmatch(r"homeroom-\d{4}-\d\d-\d\d\.zip", backup.name)


def test_a_unit_waits_longer_than_a_server_takes_to_stop() -> None:
    unit = (DEPLOY / "systemd/homeroom-serve.service").read_text()
    [seconds] = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)

    assert int(seconds) > Settings().grace_seconds + KILL_SECONDS
