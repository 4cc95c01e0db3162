"""Write everything that the database holds to one file.

Example: homeroom backup homeroom-2026-11-24.zip
"""

from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from models.database import Database
from scripts.export_roster import progress_bar
from scripts.running import read_settings, run
from service.backups.archive import Manifest
from service.backups.saving import OtherRevision, save
from service.bundles.exporting import snapshot


async def save_to(database: Database, path: Path) -> Manifest:
    async with snapshot(database) as connection:
        with progress_bar() as watch:
            return await save(connection, path, watch)


def refuse_path(path: Path, *, force: bool) -> None:
    if not path.parent.is_dir():
        raise click.UsageError(f"there is no folder {path.parent}")
    if path.exists() and not path.is_file():
        raise click.UsageError(f"{path} is a folder or a device")  # which a file must not take the place of
    if path.exists() and not force:
        raise click.UsageError(f"{path} is there already: name another FILE, or replace it with --force")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
def backup(file: Path, force: bool) -> None:
    """Write everything that the database holds to FILE, for `homeroom restore`.

    Others go on reading and writing meanwhile; FILE holds one state, that of the moment when it begins. It is a zip
    that either database can take back, SQLite or PostgreSQL. FILE is there only once it is whole, and only its owner
    may read it: it holds people's data, and the hashes of clients' secrets. docs/backup.md says more.

    \b
    Examples:
      homeroom backup homeroom.zip --force
      homeroom backup "/backups/homeroom-$(date +%F).zip"

    Exit codes: 0 written, 1 failed, 2 wrong usage.
    """
    refuse_path(file, force=force)
    try:
        saved = run(partial(save_to, path=file), replace(read_settings(), statement_seconds=0))
    except OSError as error:
        raise click.ClickException(f"cannot write {file}: {error.strerror or error}") from error
    except OtherRevision as error:
        raise click.ClickException(f"{error}: back it up with the Homeroom that serves it") from error
    size = file.stat().st_size
    click.echo(f"wrote {file}: {saved.rows:,} rows of {len(saved.tables)} tables, {size:,} bytes")


if __name__ == "__main__":
    backup(prog_name="homeroom backup")
