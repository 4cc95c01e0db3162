"""Write everything that is kept about one person as a JSON file.

Example: homeroom export-person 1f0c5a7b --output person.json
"""

import json
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import mkstemp
from typing import Any
from urllib.parse import quote

import click

from models.database import Database
from scripts.running import read_settings, run
from service.bundles.exporting import snapshot
from service.privacy.exporting import person_document
from service.privacy.people import NoSuchPerson


async def everything_about(database: Database, user: str) -> dict[str, Any]:
    async with snapshot(database) as connection:
        return await person_document(connection, user)


def place_for(user: str, output: Path | None) -> Path | None:
    """None: standard output. A sourcedId may hold slashes, the name of a file may not."""
    if output is None and sys.stdout.isatty():
        output = Path(f"person-{quote(user, safe='@ ')}.json")
    return None if output == Path("-") else output


def refuse_place(path: Path, *, force: bool) -> None:
    if not path.parent.is_dir():
        raise click.UsageError(f"there is no folder {path.parent}")
    if path.exists() and not path.is_file():
        raise click.UsageError(f"{path} is a folder or a device")  # which a file must not take the place of
    if path.exists() and not force:
        raise click.UsageError(f"{path} is there already: name another with --output, or replace it with --force")


def write_privately(path: Path, content: str) -> None:
    """For its owner to read, and there only once it is whole."""
    handle, name = mkstemp(dir=path.parent, prefix=".person.")
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@click.command("export-person")
@click.argument("user")
@click.option(
    "--output", type=click.Path(path_type=Path), help="The file to write; - is standard output.  [default: see above]"
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def export_person(user: str, output: Path | None, force: bool) -> None:
    """Write all that is kept about the person whose sourcedId is USER as one JSON document.

    It goes to standard output, or, where that is a terminal, to the file person-USER.json in the current folder. A
    file can be read by its owner only. docs/privacy.md says what is in it.

    \b
    Examples:
      homeroom export-person 1f0c5a7b
      homeroom export-person 1f0c5a7b | jq .results

    Exit codes: 0 written, 1 failed or no such person, 2 wrong usage.
    """
    path = place_for(user, output)
    if path:
        refuse_place(path, force=force)
    try:
        document = run(partial(everything_about, user=user), replace(read_settings(), statement_seconds=0))
    except NoSuchPerson as error:
        raise click.ClickException(f"no user has the sourcedId {user}") from error
    content = json.dumps(document, indent=2, ensure_ascii=False)
    if path is None:
        click.echo(content)
        return
    try:
        write_privately(path, content + "\n")
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror or error}") from error
    click.echo(f"wrote {path}", err=True)


if __name__ == "__main__":
    export_person(prog_name="homeroom export-person")
