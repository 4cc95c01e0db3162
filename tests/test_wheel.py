"""The wheel works by itself: built, installed where nothing else is, and put to work."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from packaging.requirements import Requirement

from service import __version__
from tests.doors import migrate
from tests.scripts.programs import serving_by, surroundings
from tests.serving import free_port

ROOT = Path(__file__).parent.parent
TRAVELLING = {"models": "models", "service": "service", "scripts": "scripts", "alembic": "service/migrations"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with the tools of the lock; `pip wheel .` takes the same way, but fetches its tools anew each time."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a new environment with the wheel and what it says it needs, and none of what is only for development."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=folder)
    site_packages = next(folder.glob("lib/python*/site-packages"))
    [installed] = distributions(name="homeroom", path=[str(site_packages)])
    for needed in all_needed(installed):
        link(needed, site_packages)
    return python


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What it prints."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment or clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def all_needed(wanting: Distribution) -> Iterator[Distribution]:
    """What pip would install with it, from among what is installed here."""
    seen: set[tuple[str, str]] = set()
    waiting = [(wanting, "")]
    while waiting:
        wanting, extra = waiting.pop()
        for requirement in map(Requirement, wanting.requires or ()):
            if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
                continue
            for wanted in {"", *requirement.extras}:
                if (key := (requirement.name.lower(), wanted)) not in seen:
                    seen.add(key)
                    waiting.append((distribution(requirement.name), wanted))
                    yield waiting[-1][0]


def link(needed: Distribution, site_packages: Path) -> None:
    for top in {file.parts[0] for file in needed.files or ()} - {"..", "__pycache__"}:
        if not (place := site_packages / top).exists():
            place.symlink_to(str(needed.locate_file(top)))


def test_every_file_of_ours_travels(wheel: Path) -> None:
    files = {
        f"{place}/{path.relative_to(ROOT / folder)}"
        for folder, place in TRAVELLING.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert packed == files


def test_it_takes_no_name_of_another_library(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}

    assert tops == {"models", "service", "scripts", f"homeroom-{__version__}.dist-info"}


def test_it_needs_what_it_says_and_no_more(python: Path, tmp_path: Path) -> None:
    everything = "import pkgutil, importlib, models, service, scripts\n" + (
        "for p in (models, service, scripts):\n"
        " for m in pkgutil.walk_packages(p.__path__, p.__name__ + '.'):\n"
        "  if '.migrations' not in m.name: importlib.import_module(m.name)\n"
        "print(service.__file__)"
    )

    assert "No broken requirements" in run(python, "-m", "pip", "check", cwd=tmp_path)
    assert str(python.parents[1]) in run(python, "-c", everything, cwd=tmp_path)


async def test_the_main_job_without_the_checkout(python: Path, database_url: str, tmp_path: Path) -> None:
    await migrate(database_url, "base", down=True)
    homeroom = python.with_name("homeroom")
    environment = surroundings(database_url)

    def says(*arguments: str) -> str:
        return run(homeroom, *arguments, cwd=tmp_path, **environment)

    def job() -> None:
        assert says("--version") == f"homeroom {__version__}\n"
        assert "migrated from nothing" in says("migrate")
        says("make-district", "district.zip", "--students", "60")
        assert says("import", "district.zip").startswith("Imported ")
        credentials = json.loads(says("client", "add", "A reader", "--scope", "all", "--json"))
        with serving_by(python, tmp_path, database_url) as server:
            assert httpx.get(f"{server.address}/readyz").text == "ready\n"
            assert students_at(server.address, credentials) == 60

    await asyncio.to_thread(job)


def students_at(address: str, credentials: dict[str, str]) -> int:
    """By `X-Total-Count`."""
    with httpx.Client(base_url=address) as http:
        who = (credentials["client_id"], credentials["client_secret"])
        token = http.post("/oauth2/token", auth=who, data={"grant_type": "client_credentials"}).json()["access_token"]
        url = "/ims/oneroster/rostering/v1p2/students?limit=3"
        answer = http.get(url, headers={"Authorization": f"Bearer {token}"})
        assert len(answer.json()["users"]) == 3
        return int(answer.headers["X-Total-Count"])


async def test_a_first_look_without_the_checkout(python: Path, tmp_path: Path) -> None:
    environment = surroundings(f"sqlite+aiosqlite:///{tmp_path}/homeroom.db")
    command = (python.with_name("homeroom"), "demo", "--students", "60")

    printed = await asyncio.to_thread(run, *command, cwd=tmp_path, **environment)

    assert "60 students in" in printed
    assert json.loads((tmp_path / ".dev" / "demo_client.json").read_text())["client_secret"] in printed


async def test_any_server_may_serve_it(python: Path, sqlite_template: Path, tmp_path: Path) -> None:
    environment = surroundings(f"sqlite+aiosqlite:///{sqlite_template}")
    address = f"127.0.0.1:{free_port()}"
    arguments = ("-m", "hypercorn", "service.app:create_app()", "--bind", address)
    quiet = asyncio.subprocess.DEVNULL
    server = await asyncio.create_subprocess_exec(python, *arguments, cwd=tmp_path, env=environment, stderr=quiet)
    transport = httpx.AsyncHTTPTransport(retries=8)  # until it listens: it waits twice as long each time
    try:
        async with httpx.AsyncClient(transport=transport, timeout=30) as http:
            assert (await http.get(f"http://{address}/readyz")).text == "ready\n"
    finally:
        server.terminate()
        await server.wait()
