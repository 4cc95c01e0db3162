"""The container file and the compose file, as far as they can be read and run without a container engine."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.running.supervise import KILL_SECONDS
from service.settings import Settings
from tests.deploy.programs import DEPLOY
from tests.scripts.programs import RunningServer, serving

ROOT = DEPLOY.parent
FOLDER = DEPLOY / "container"
CONTAINERFILE = (FOLDER / "Containerfile").read_text()
INSTRUCTIONS = re.findall(r"^([A-Z]+) ((?:.*\\\n)*.*)$", CONTAINERFILE, re.MULTILINE)
NAMED = re.compile(r"^([A-Za-z0-9._-]+==\S+)", re.MULTILINE)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    return found


def health(server: RunningServer) -> int:
    """The exit code of the container's health check, asked of this server."""
    [check] = [what for name, what in INSTRUCTIONS if name == "HEALTHCHECK"]
    program, option, code = yaml.safe_load(check.partition("CMD ")[2])
    assert (program, option) == ("python", "-c")
    asked = [sys.executable, option, code.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")]
    return subprocess.run(asked, capture_output=True).returncode


def test_the_health_check_tells_a_ready_server_from_one_that_is_not(sqlite_template: Path, tmp_path: Path) -> None:
    with serving(f"sqlite+aiosqlite:///{sqlite_template}") as server:
        assert health(server) == 0
    with serving("postgresql+asyncpg://homeroom:x@127.0.0.1:9/homeroom") as server:  # nobody listens at port 9
        assert health(server) == 1


def test_the_container_has_no_rights() -> None:
    [account] = [what for name, what in INSTRUCTIONS if name == "USER"]

    assert account.isdigit()  # a number, so that an orchestrator sees that it is not root
    assert int(account) > 0


def test_the_container_names_no_registry() -> None:
    hosts = re.findall(r"https?://([\w.-]+)", CONTAINERFILE + (FOLDER / "compose.yaml").read_text())

    assert set(hosts) <= {"127.0.0.1", "sis.example.org"}
    assert not re.search(r"--(extra-)?index-url|--find-links", CONTAINERFILE)


def test_the_container_starts_the_server() -> None:
    words = {name: yaml.safe_load(what) for name, what in INSTRUCTIONS if name in ("ENTRYPOINT", "CMD")}

    assert shlex.join(words["ENTRYPOINT"] + words["CMD"]) == "homeroom serve --bind 0.0.0.0:8000 --workers 2"


def test_the_image_sets_nothing_that_would_go_before_a_file_of_secrets() -> None:
    assert "HOMEROOM_" not in "".join(what for name, what in INSTRUCTIONS if name == "ENV")


def test_a_server_is_installed_in_the_versions_that_were_tested() -> None:
    run, tested = (NAMED.findall((ROOT / name).read_text()) for name in ("requirements-run.lock", "requirements.lock"))

    assert set(run) < set(tested)


def test_compose_migrates_before_it_serves(compose: dict[str, Any]) -> None:
    services = compose["services"]

    assert services["migrate"]["command"] == ["migrate"]
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["homeroom"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert "healthcheck" in services["postgres"]


def test_compose_holds_no_secret(compose: dict[str, Any]) -> None:
    given = [each.get("environment", {}) for each in compose["services"].values()]
    secret = [value for each in given for name, value in each.items() if re.search("PASSWORD|KEY|_URL", name)]

    assert len(secret) >= 7
    assert [value for value in secret if "${" not in value] == []


def test_compose_gives_every_service_of_ours_a_root_that_is_only_read(compose: dict[str, Any]) -> None:
    ours = [each for each in compose["services"].values() if each["image"] == "homeroom"]

    assert [(each["read_only"], each["cap_drop"], each["tmpfs"]) for each in ours] == [(True, ["ALL"], ["/tmp"])] * 2


def test_compose_sets_only_settings_that_there_are(compose: dict[str, Any]) -> None:
    given = compose["services"]["homeroom"]["environment"]

    assert Settings.from_environment(given).trusted_proxies == 1
    assert {name for name in given if not hasattr(Settings, name.removeprefix("HOMEROOM_").lower())} == set()


def test_compose_publishes_the_proxy_alone(compose: dict[str, Any]) -> None:
    assert [name for name, each in compose["services"].items() if "ports" in each] == ["caddy"]


def test_compose_knows_every_volume_that_it_uses(compose: dict[str, Any]) -> None:
    used = {volume.split(":")[0] for each in compose["services"].values() for volume in each.get("volumes", ())}

    assert {name for name in used if not name.startswith(".")} == set(compose["volumes"])


def test_compose_waits_longer_than_a_server_takes_to_stop(compose: dict[str, Any]) -> None:
    seconds = int(compose["services"]["homeroom"]["stop_grace_period"].removesuffix("s"))

    assert seconds > Settings().grace_seconds + KILL_SECONDS
