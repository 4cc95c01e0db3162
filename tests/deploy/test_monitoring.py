"""Prometheus's rules and Grafana's dashboard ask for what `/metrics` really has."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.deploy.programs import DEPLOY, required
from tests.scripts.programs import serving

RULES = DEPLOY / "prometheus/homeroom.rules.yml"
PROMETHEUS = ("promtool", "HOMEROOM_REQUIRE_PROMTOOL", "Debian's package prometheus has it")
OPERATING = DEPLOY.parent / "docs/operating.md"
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
SERIES = re.compile(r"(homeroom_\w+)(?:\{(.*?)\})?")
MATCHER = re.compile(r'(\w+)(=~|=|!~|!=)"([^"]*)"')


def alerts() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DEPLOY / "grafana/homeroom.json").read_text())["panels"]
    return found


EXPRESSIONS = {each["alert"]: each["expr"] for each in alerts()} | {
    f"{each['title']}, {target['refId']}": target["expr"] for each in panels() for target in each["targets"]
}


@pytest.fixture(scope="module")
def metrics(sqlite_template: Path) -> str:
    with serving(f"sqlite+aiosqlite:///{sqlite_template}") as server:
        httpx.post(f"{server.address}/oauth2/token", data={"grant_type": "client_credentials"}, auth=("a", "b"))
        httpx.get(f"{server.address}/homeroom/v1/changes")
        httpx.get(f"{server.address}/readyz")
        return httpx.get(f"{server.address}/metrics").text


@pytest.fixture
def names(metrics: str) -> set[str]:
    kinds = re.findall(r"^# TYPE (\w+) (\w+)$", metrics, re.MULTILINE)
    return {name + suffix for name, kind in kinds for suffix in SUFFIXES.get(kind, ("",))}


@pytest.mark.parametrize("title", EXPRESSIONS)
def test_an_expression_asks_for_metrics_labels_and_values_that_exist(title: str, names: set[str], metrics: str) -> None:
    asked = SERIES.findall(EXPRESSIONS[title])

    assert asked or EXPRESSIONS[title].startswith("up{")
    for name, matchers in asked:
        assert name in names
        lines = [line for line in metrics.splitlines() if line.startswith(f"{name}{{")]
        for label, operator, value in MATCHER.findall(matchers):
            if label not in ("job", "status"):  # the first is Prometheus's own, the second whatever happens
                wanted = [value] if operator in ("=", "!=") else value.split("|")
                for each in wanted:
                    assert any(re.search(rf'[{{,]{label}="{each}"', line) for line in lines), (name, label, each)


def test_promtool_finds_nothing_wrong_with_what_prometheus_reads() -> None:
    program = required(*PROMETHEUS)
    done = subprocess.run([program, "check", "config", "scrape.yml"], cwd=RULES.parent, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_expression_of_the_dashboard_is_promql(tmp_path: Path) -> None:
    program = required(*PROMETHEUS)
    asked = [each.replace("$__rate_interval", "5m").replace("$job", "homeroom") for each in EXPRESSIONS.values()]
    rules = [{"record": f"panel:{number}", "expr": each} for number, each in enumerate(asked)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run([program, "check", "rules", tmp_path / "rules.yml"], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_ring_on_a_bad_day_and_not_on_a_quiet_one(tmp_path: Path) -> None:
    program = required(*PROMETHEUS)
    text = Path(__file__).with_name("rules_test.yml").read_text().replace("RULES", str(RULES))
    (tmp_path / "test.yml").write_text(text)
    done = subprocess.run([program, "test", "rules", tmp_path / "test.yml"], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    assert set(re.findall(r"alertname: (\w+)", text)) == {each["alert"] for each in alerts()}


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_the_handbook_says_what_an_alert_means(alert: dict[str, Any]) -> None:
    name = alert["alert"]

    assert alert["annotations"]["runbook"] == f"docs/operating.md#{name.lower()}"
    assert f"\n### {name}\n" in OPERATING.read_text()


def test_the_dashboard_names_no_prometheus_of_somebodys() -> None:
    sources = {target["datasource"]["uid"] for each in panels() for target in each["targets"]}

    assert sources == {"${datasource}"}
    assert len({each["id"] for each in panels()}) == len(panels())
