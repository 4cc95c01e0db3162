"""Pages that are made and not written: the commands, the rules, the operations of the API, each from the code.

`docs/settings.md` is written by hand, as a test compares it with the code.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, cast

import click
from quart import Response, request

from scripts.homeroom import homeroom
from service.api.discovery import document_paths
from service.app import create_app
from service.records.rules import Rule
from service.settings import Settings


def pages() -> dict[str, str]:
    """The text of each page, by its name."""
    return {
        "reference/commands.md": "\n".join(commands()),
        "reference/rules.md": "\n".join(rules()),
        "reference/api.md": "\n".join(asyncio.run(operations())),
    }


def commands() -> Iterator[str]:
    yield "# Commands\n\nWhat `homeroom COMMAND --help` says.\n"
    yield from below(homeroom, click.Context(homeroom, info_name="homeroom"), "##")


def helps(command: click.Command, context: click.Context, mark: str) -> Iterator[str]:
    yield f"{mark} {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        yield from below(command, context, f"{mark}#")


def below(group: click.Group, context: click.Context, mark: str) -> Iterator[str]:
    for name in group.list_commands(context):
        if command := group.get_command(context, name):
            yield from helps(command, click.Context(command, info_name=name, parent=context), mark)


def rules() -> Iterator[str]:
    yield "# Rules\n\nWhat a row, or a program's JSON, is checked against, by the name that a report gives.\n"
    yield "| rule | severity | what it says |\n|---|---|---|"
    for rule in Rule:
        yield f"| `{rule.label}` | {rule.severity.value} | {cell(rule.explanation)} |"


async def operations() -> list[str]:
    """From the OpenAPI documents, as a server of this version hands them out."""
    said = [
        "# Operations of the API\n",
        "From the OpenAPI documents, which `/docs` of a running service shows in full.\n",
    ]
    app = create_app(Settings(secret_key="x" * 32))
    for path in document_paths().values():
        async with app.test_request_context(path):  # the view alone: a server would want a database
            view = cast(Callable[[], Awaitable[Response]], app.view_functions[request.endpoint or ""])
            said += described(await (await view()).get_json())
    return said


def described(document: dict[str, Any]) -> Iterator[str]:
    base = document["servers"][0]["url"].removeprefix("http://localhost")
    yield f"\n## {document['info']['title']}\n\nBelow `{base}`:\n"
    yield "| | path | operation | any one of the scopes |\n|---|---|---|---|"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            scopes = [scope for each in operation.get("security", ()) for [scope] in each.values()]
            named = ", ".join(f"`{scope.rpartition('/')[2].removeprefix('urn:homeroom:scope:')}`" for scope in scopes)
            yield f"| {method.upper()} | `{path}` | {operation['operationId']} | {named} |"


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
