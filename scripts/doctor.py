"""Say what is wrong with this installation, and what to do.

Example: homeroom doctor --workers 4 --bind 0.0.0.0:8000
"""

import asyncio
import json
import os
from collections import Counter
from dataclasses import replace
from typing import Any

import click
from sqlalchemy.ext.asyncio import AsyncConnection

from scripts.checks import database, surroundings
from scripts.checks.finding import DatabaseCheck, Finding, Level, Place, unknown, wrong
from scripts.running import UnusableSettings, open_database, read_settings, reason
from scripts.serve import parse_bind

Findings = dict[str, list[Finding]]  # by the name of the check
COLOURS = {Level.WRONG: "red", Level.WARNING: "yellow", Level.UNKNOWN: "cyan"}


def examine(host: str, workers: int) -> Findings:
    """What every check finds; of one that is fine, nothing."""
    try:
        settings = read_settings()
    except UnusableSettings as error:
        found = wrong(error.message, "docs/settings.md says what each may be")
        return {"settings": [found], "variables": list(surroundings.unknown_variables(os.environ))}
    place = Place(settings=settings, environ=os.environ, host=host, workers=workers)
    findings = {name_of(check): look(check, place) for check in surroundings.CHECKS}
    return findings | asyncio.run(examine_database(place))


def look(check: Any, place: Place) -> list[Finding]:
    try:
        return list(check(place))
    except OSError as error:
        return [not_made(check, error)]


def name_of(check: Any) -> str:
    return str(check.__name__).replace("_", " ")


def not_made(check: Any, error: Exception) -> Finding:
    return unknown(
        f"the check of {name_of(check)} could not be made: {reason(error)}", "do what it says, and look again"
    )


async def examine_database(place: Place) -> Findings:
    settings = replace(place.settings, statement_seconds=0)
    if place.file and not place.file.exists():
        return {"database": [wrong(f"there is no database {place.file}", "`homeroom migrate` makes it")]}
    try:
        async with open_database(settings, migrated=False) as opened, opened.reader.connect() as connection:
            checks = database.CHECKS[connection.dialect.name]
            made = {name_of(check): await ask(check, place, connection) for check in checks}
    except click.ClickException as error:
        do = "see whether it runs, and whether address, name and password in HOMEROOM_DATABASE_URL are right"
        pooled = isinstance(error, UnusableSettings)
        return {"database": [wrong(error.message, "tell it so, or connect past the pooler" if pooled else do)]}
    return {"database": [], **made}


async def ask(check: DatabaseCheck, place: Place, connection: AsyncConnection) -> list[Finding]:
    try:
        return [finding async for finding in check(place, connection)]
    except Exception as error:  # whatever one check meets, the others can still tell something
        return [not_made(check, error)]


def as_json(findings: Findings) -> str:
    listed = [
        {"check": name, "level": finding.level.value, "says": finding.says, "do": finding.do}
        for name, found in findings.items()
        for finding in found
    ]
    fine = [name for name, found in findings.items() if not found]
    return json.dumps({"findings": listed, "fine": fine}, indent=2, ensure_ascii=False)


def show(findings: Findings) -> None:
    everything = [finding for found in findings.values() for finding in found]
    for level in Level:
        for finding in everything:
            if finding.level is level:
                click.echo(f"{click.style(f'{level.value:<12}', fg=COLOURS[level])}{finding.says}")
                click.echo(f"{'':<12}-> {finding.do}")
    click.echo(summary(everything, sum(not found for found in findings.values())))


def summary(everything: list[Finding], fine: int) -> str:
    counts = Counter(finding.level for finding in everything)
    bad = f"{counts[Level.WRONG]} wrong, {counts[Level.WARNING]} warnings, {counts[Level.UNKNOWN]} not checked"
    return f"{bad}; {fine} checks found nothing"


@click.command()
@click.option(
    "--bind",
    metavar="HOST:PORT",
    default="127.0.0.1:8000",
    show_default=True,
    callback=parse_bind,
    help="As you call `homeroom serve`.",
)
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="As you call it.")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON, for another program to read.")
def doctor(bind: tuple[str, int], workers: int, wants_json: bool) -> None:
    """Look for what is wrong with this installation, and say what to do about each thing.

    Call it as the account that serves, with the same HOMEROOM_ variables. It changes nothing, and takes 40 seconds at
    most where the database answers. docs/backup.md lists what it looks at.

    \b
    Examples:
      homeroom doctor
      homeroom doctor --workers 4 --bind 0.0.0.0:8000 --json

    Exit codes: 0 nothing is wrong, though there may be warnings; 1 something is; 2 wrong usage.
    """
    findings = examine(bind[0], workers)
    if wants_json:
        click.echo(as_json(findings))
    else:
        show(findings)
    if any(finding.level is Level.WRONG for found in findings.values() for finding in found):
        raise SystemExit(1)


if __name__ == "__main__":
    doctor(prog_name="homeroom doctor")
