"""The `homeroom` command, which gathers all others.

Example: homeroom --help
"""

import ast
from importlib import import_module
from pathlib import Path

import click

from service import __version__

COMMANDS = {  # in the order of their first use: module and the command in it
    "serve": ("serve", "serve"),
    "migrate": ("migrate", "migrate"),
    "import": ("import_roster", "import_roster"),
    "export": ("export_roster", "export_roster"),
    "backup": ("backup", "backup"),
    "restore": ("restore", "restore_backup"),
    "export-person": ("export_person", "export_person"),
    "erase": ("erase", "erase"),
    "history": ("history", "history"),
    "client": ("client", "client"),
    "shell": ("shell", "shell"),
    "make-district": ("make_district", "make_district"),
    "demo": ("demo", "demo"),
}


class Gathered(click.Group):
    """Imports a command when it is called, and none to list them: SQLAlchemy alone takes longer than all help."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, command = COMMANDS[name]
        found: click.Command = getattr(import_module(f"scripts.{module}"), command)
        return found

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, first_line(module)) for name, (module, _) in COMMANDS.items()])


def first_line(module: str) -> str:
    """Of the docstring, which says what the command does."""
    source = Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


@click.group(cls=Gathered)
@click.version_option(__version__, prog_name="homeroom", message="%(prog)s %(version)s")
def homeroom() -> None:
    """Homeroom, a student information service.

    \b
    From nothing to a running service:
      export HOMEROOM_SECRET_KEY=$(python3 -c 'import secrets; print(secrets.token_urlsafe(48))')
      homeroom migrate
      homeroom import roster.zip
      homeroom client add "Grade book app" --scope roster.readonly
      homeroom serve

    The database is HOMEROOM_DATABASE_URL, or the SQLite file homeroom.db in the current folder. docs/settings.md
    lists every setting. `homeroom COMMAND --help` says more about a command.

    Exit codes: 0 done, 1 the work failed or was refused, 2 wrong usage or a wrong setting.
    """


if __name__ == "__main__":
    homeroom(prog_name="homeroom")
