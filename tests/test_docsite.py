"""The site of the documents: what is made from the code, and links. `./dev docs` builds the whole, and CI runs it."""

import re
import tomllib
from pathlib import Path

import pytest

from docsite import build, reference
from scripts.homeroom import COMMANDS
from service.records.rules import Rule
from tests.api.calls import EVERY


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return reference.pages()


@pytest.fixture
def gathered(tmp_path: Path) -> Path:
    build.gather(tmp_path)
    return tmp_path


def test_every_command_rule_and_operation_has_its_place(pages: dict[str, str]) -> None:
    commands = pages["reference/commands.md"]

    assert [name for name in COMMANDS if f"\n## homeroom {name}\n" not in commands] == []
    assert "\n### homeroom client add\n" in commands
    assert [rule.label for rule in Rule if f"| `{rule.label}` |" not in pages["reference/rules.md"]] == []
    assert [each.id for _, each in EVERY if f"| {each.id} |" not in pages["reference/api.md"]] == []


def test_the_menu_leads_to_every_page(gathered: Path) -> None:
    text = (build.ROOT / "docsite/zensical.toml").read_text().replace("DECISIONS", "")
    listed = set(re.findall(r'"([\w/.-]+\.md)"', str(tomllib.loads(text)["project"]["nav"]).replace("'", '"')))
    written = {str(path.relative_to(gathered)) for path in gathered.rglob("*.md") if path.parent.name != "decisions"}

    assert written == listed


def test_links_between_documents_lead_somewhere(gathered: Path) -> None:
    for path in gathered.rglob("*.md"):
        for _, to, anchor in build.LINK.findall(re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)):
            there = path.parent / to if to else path
            assert there.exists(), f"{path.name}: {to}"
            name = anchor.strip("#)")
            assert not name or name in anchors(there), f"{path.name}: {to}#{name}"


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
