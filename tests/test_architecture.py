"""The rules that hold everywhere checked by walking the code."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import inspect

from models import Base
from service.app import create_app
from service.settings import Settings
from tests.doors import SECRET_KEY

ROOT = Path(__file__).parent.parent
OURS = ("models", "service", "scripts")
MODULE_LINES, FUNCTION_LINES = 300, 50
READ_THE_ENVIRONMENT = (
    "service/settings.py",
    "service/running/metrics.py",
)  # the second, a switch of prometheus-client

# Who may import what of ours.
MAY_IMPORT = {
    "models": {"models"},
    "service": {"models", "service"},
    "scripts": {"models", "service", "scripts"},
    "alembic": {"models", "service"},
}
# The rooms of the service, each below those that may import it; what shares a line does not know its neighbours.
FLOORS = (
    ("service.settings", "service.errors", "service.limits"),
    ("service.access", "service.sessions"),
    ("service.lists", "service.running"),
    ("service.records",),
    ("service.areas", "service.bundles", "service.privacy"),
    ("service.backups",),  # reads at a moment as an export does, and renews the feed
    ("service.api", "service.web"),
    ("service.app",),
)


@cache
def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path) -> Iterator[str]:
    """Every module that the file imports, anywhere in it; `from a import b` counts as a and as a.b."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)} imports relatively"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_of(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def each(*folders: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", modules(*folders), ids=name)


@each("models", "service", "scripts", "alembic")
def test_imports_point_one_way(path: Path) -> None:
    allowed = MAY_IMPORT[path.relative_to(ROOT).parts[0]]
    ours = {module.split(".")[0] for module in imports(path)} & {*OURS, "tests"}

    assert ours <= allowed


def floor(module: str) -> tuple[int, str] | None:
    """Which floor a module of the service is on, and its room there."""
    return next(((at, room) for at, rooms in enumerate(FLOORS) for room in rooms if is_of(module, room)), None)


@each("service")
def test_a_room_imports_only_from_the_floors_below(path: Path) -> None:
    own = floor(name(path).removesuffix(".py").replace("/", "."))
    if own is None:
        assert name(path) == "service/__init__.py"
        return
    found = {module: floor(module) for module in imports(path)}

    upward = [module for module, there in found.items() if there and there != own and there[0] >= own[0]]
    assert upward == [] or path.name == "serve.py"  # which starts the application


@each("models")
def test_models_know_nothing_of_the_web(path: Path) -> None:
    assert [module for module in imports(path) if is_of(module, "quart", "hypercorn", "werkzeug")] == []


@each("scripts")
def test_scripts_take_no_part_of_the_web_but_the_server(path: Path) -> None:
    found = [module for module in imports(path) if is_of(module, "quart", "service.app", "service.api", "service.web")]

    assert found == [] or path.name == "serve.py"


@each("service/api", "service/web")
def test_api_and_web_do_not_know_each_other(path: Path) -> None:
    other = "service.web" if "api" in path.parts else "service.api"

    assert [module for module in imports(path) if is_of(module, other)] == []


@each("service")
def test_nothing_imports_the_wiring_but_the_server(path: Path) -> None:
    assert not any(is_of(module, "service.app") for module in imports(path)) or path.name == "serve.py"


def test_every_route_says_who_may() -> None:
    app = create_app(Settings(secret_key=SECRET_KEY))

    silent = [rule for rule in app.url_map.iter_rules() if not hasattr(app.view_functions[rule.endpoint], "scopes")]
    assert silent == []


def test_no_relationship_loads_by_itself() -> None:
    relationships = [each for mapper in Base.registry.mappers for each in inspect(mapper.class_).relationships]

    assert relationships
    assert [str(each) for each in relationships if each.lazy != "raise"] == []


@each("models", "service", "scripts", "alembic")
def test_engines_are_made_in_one_place(path: Path) -> None:
    words = {node.id for node in ast.walk(tree(path)) if isinstance(node, ast.Name)} | set(imports(path))

    makes = any(word.split(".")[-1] in ("create_async_engine", "create_engine") for word in words)
    assert not makes or name(path) == "models/engines.py"


@each("models", "service", "alembic")
def test_settings_come_from_one_place(path: Path) -> None:
    """Scripts and `dev` may ask for what concerns them alone, such as a terminal's width."""
    nodes = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)]

    reads = any(node.attr in ("environ", "getenv") and ast.unparse(node.value) == "os" for node in nodes)
    assert not reads or name(path) in READ_THE_ENVIRONMENT


@each("models", "service")
def test_nothing_prints(path: Path) -> None:
    calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]

    assert [call.lineno for call in calls if ast.unparse(call.func) == "print"] == []


@each(*OURS)
def test_a_module_is_one_subject(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MODULE_LINES


@each(*OURS)
def test_a_function_fits_without_scrolling(path: Path) -> None:
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]

    long = {each.name: lines(each) for each in functions if lines(each) > FUNCTION_LINES}
    assert long == {}


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@each(*OURS)
def test_a_module_says_what_it_holds(path: Path) -> None:
    assert ast.get_docstring(tree(path)), "its first line says what it holds"


# Who may change rows: everything else goes through these, and so leaves its entry in the history.
MAY_WRITE = {
    "service/records/writing.py",
    "service/records/deleting.py",
    "service/records/history.py",
    "service/bundles/merging.py",
    "service/privacy/erasing.py",
    # rows with the history they came with
    "service/backups/restoring.py",
    # what has no history: staged rows, kept answers, the history itself, clients and their sessions
    "service/bundles/breaches.py",
    "service/bundles/changing.py",
    "service/bundles/checking.py",
    "service/bundles/parents.py",
    "service/bundles/referring.py",
    "service/bundles/school_years.py",
    "service/bundles/staging.py",
    "service/bundles/upgrading.py",
    "service/api/repeats.py",
    "service/privacy/retention.py",
    "scripts/client.py",
    "scripts/demo.py",
}


def changes_rows(node: ast.AST) -> bool:
    """Whether it is a call of `insert(…)`, `update(…)`, `delete(…)`, or puts an object into a session."""
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id in ("insert", "update", "delete")
    called = node.func if isinstance(node.func, ast.Attribute) else None
    owner = ast.unparse(called.value).split(".")[-1] if called else ""
    return called is not None and (
        (owner == "session" and called.attr in ("add", "add_all", "merge", "delete"))
        or (owner == "dialect" and called.attr == "insert")
    )


@each(*OURS)
def test_rows_are_changed_in_named_modules(path: Path) -> None:
    found = [ast.unparse(node) for node in ast.walk(tree(path)) if changes_rows(node)]

    assert not found or name(path) in MAY_WRITE


def test_every_named_module_changes_rows() -> None:
    for path in MAY_WRITE:
        assert any(changes_rows(node) for node in ast.walk(tree(ROOT / path))), path
