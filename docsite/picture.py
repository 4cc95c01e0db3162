"""The picture in the README: the rooms of the code, and who imports whom, drawn from the code.

Example: python -m docsite.picture
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PLACE = re.compile(r"(<!-- picture: ./dev picture draws it -->\n).*?(<!-- end of picture -->\n)", re.DOTALL)
LABEL = 60  # characters of a room's first line

STARTED = "service.app"

Edges = dict[str, set[str]]


def rooms() -> dict[str, Path]:
    """`service.api` and its folder, `service.app` and its file, …, `models`, `scripts`."""
    service = {f"service.{path.stem}": path for path in (ROOT / "service").iterdir() if is_room(path)}
    return {"scripts": ROOT / "scripts", **dict(sorted(service.items())), "models": ROOT / "models"}


def is_room(path: Path) -> bool:
    return (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").exists()


def imported(room: Path) -> Iterator[str]:
    """The modules that a room's files import, but for the application that `serve.py` starts."""
    for path in sorted(room.rglob("*.py")) if room.is_dir() else [room]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                if node.module != STARTED or path.name != "serve.py":
                    yield from (f"{node.module}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)


def edges(found: dict[str, Path]) -> Edges:
    """Which rooms each room imports from."""
    modules = {name: set(imported(path)) for name, path in found.items()}
    return {
        name: {to for to in found if to != name and any(within(each, to) for each in modules[name])} for name in found
    }


def within(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def reduced(graph: Edges) -> Edges:
    """Without an arrow where a longer way leads there too: the picture is for reading."""
    return {
        room: {to for to in next_ if not any(to in reach(graph, via, {room}) for via in next_ - {to})}
        for room, next_ in graph.items()
    }


def reach(graph: Edges, start: str, seen: set[str]) -> set[str]:
    """Every room that is below `start`, those in `seen` left out."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for to in graph[waiting.pop()] - found - seen:
            found.add(to)
            waiting.append(to)
    return found


def label(room: str, path: Path) -> str:
    source = path / "__init__.py" if path.is_dir() else path
    line = (ast.get_docstring(ast.parse(source.read_text())) or "").partition("\n")[0]
    said = re.split(r"[:;.,](?: |$)", line)[0].replace('"', "'")
    return f'{room.replace(".", "_")}["<b>{room.removeprefix("service.")}</b><br>{said[:LABEL]}"]'


def draw() -> str:
    """The picture in Mermaid's words."""
    found = rooms()
    lines = ["flowchart TD", f"    {label('scripts', found['scripts'])}", "    subgraph service"]
    lines += [f"        {label(room, path)}" for room, path in found.items() if room.startswith("service.")]
    lines += ["    end", f"    {label('models', found['models'])}"]
    for room, others in reduced(edges(found)).items():
        lines += [f"    {room} --> {other}".replace("service.", "service_") for other in sorted(others)]
    lines.append("    service_running -. starts .-> service_app")
    return "\n".join(lines)


def with_picture(readme: str) -> str:
    return PLACE.sub(lambda place: f"{place[1]}```mermaid\n{draw()}\n```\n{place[2]}", readme)


def main() -> None:
    README.write_text(with_picture(README.read_text()))


if __name__ == "__main__":
    main()
