"""Build the documents as a site, or serve it. Broken links end the build.

Example: python -m docsite.build .dev/docs/bin/zensical --serve
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from docsite.reference import pages

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"
SERVED_AT = "127.0.0.1:8001"
# Documents that lie elsewhere, as people look for them there, and what they are in the site.
ELSEWHERE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "deploy/README.md": "deploy.md",
}
LINK = re.compile(r"(\]\()([^)#:\s]*)((?:#[^)\s]*)?\))")


def main(arguments: Sequence[str]) -> int:
    tool, *rest = arguments
    gather(BUILD / "docs")
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))
    listed = ", ".join(f'"decisions/{path.name}"' for path in decisions)
    (BUILD / "zensical.toml").write_text((ROOT / "docsite/zensical.toml").read_text().replace("DECISIONS", listed))
    command = ["serve", "--dev-addr", SERVED_AT] if "--serve" in rest else ["build", "--clean", "--strict"]
    return subprocess.run([tool, *command, "--config-file", str(BUILD / "zensical.toml")], cwd=BUILD).returncode


def gather(folder: Path) -> None:
    """All documents, those made from the code too, in one folder."""
    shutil.rmtree(folder, ignore_errors=True)
    places = {ROOT / name: folder / to for name, to in ELSEWHERE.items()}
    places |= {path: folder / path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    for path, to in places.items():
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(moved(path, to, places))
    for name, text in pages().items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


def moved(path: Path, to: Path, places: dict[Path, Path]) -> str:
    """The document with its links as they are where it goes. One to a file that is no document becomes plain text."""

    def link(found: re.Match[str]) -> str:
        meant = (path.parent / found[2]).resolve()
        if not found[2] or (meant not in places and not meant.exists()):
            return found[0]  # within the document; or broken, which the build shall say
        if meant not in places:
            return "](#)"
        return f"{found[1]}{os.path.relpath(places[meant], to.parent)}{found[3]}"

    return LINK.sub(link, path.read_text())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
