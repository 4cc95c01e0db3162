"""Load a sample district into an empty database, and print what to try with it.

Example: homeroom demo && homeroom serve
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from sqlalchemy import exists, func, select

from models import ApiClient, Class, Org, Role
from models.database import Database
from scripts.import_roster import import_and_commit, progress_bar
from scripts.make_district import write_district
from scripts.migrate import migrate_database
from scripts.running import open_database, read_settings, shown
from scripts.serve import address, parse_bind
from service.access import SCOPES, new_client, secret_matches
from service.bundles.importing import ImportOptions
from service.bundles.reading import open_bundle
from service.bundles.report import Report
from service.running.revisions import CHECKOUT, is_checkout
from service.settings import Settings

REMEMBERED = (CHECKOUT if is_checkout() else Path.cwd()) / ".dev" / "demo_client.json"
Watch = Callable[[str, int, int], None]
WELCOME = """
  address        {address}
  database       {database}
  loaded         {students:,} students in {classes:,} classes
  client_id      {client_id}
  client_secret  {client_secret}

Once it serves, get a token, then the first three students:

TOKEN=$(curl -sS -u {client_id}:{client_secret} -d grant_type=client_credentials {address}/oauth2/token \
| python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
curl -sS -H "Authorization: Bearer $TOKEN" '{address}/ims/oneroster/rostering/v1p2/students?limit=3' \
| python3 -m json.tool
"""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    client_id: str
    client_secret: str


@dataclass(frozen=True, kw_only=True)
class Prepared(Credentials):
    students: int
    classes: int


async def prepare(settings: Settings, students: int, watch: Watch) -> Prepared:
    """Safe to run twice: what is there stays."""
    await migrate_database(settings)
    async with open_database(settings) as database:
        if await is_empty(database):
            await load(database, settings, students, watch)
        credentials = await demo_client(database)
        async with database.read_session() as session:
            pupils = select(func.count(Role.user_sourced_id.distinct())).where(Role.role == "student")
            return Prepared(
                students=await session.scalar(pupils) or 0,
                classes=await session.scalar(select(func.count(Class.sourced_id))) or 0,
                **asdict(credentials),
            )


async def is_empty(database: Database) -> bool:
    async with database.read_session() as session:
        return not await session.scalar(select(exists(select(Org.sourced_id))))


async def load(database: Database, settings: Settings, students: int, watch: Watch) -> None:
    """All or nothing: an interrupted one leaves the database empty."""
    with TemporaryDirectory(prefix="homeroom-demo-") as folder:
        path = Path(folder) / "district.zip"
        click.echo(f"loading a sample district of {students:,} students", err=True)
        try:
            await asyncio.to_thread(write_district, path, students=students)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--students") from error
        report = Report(watch=watch)
        with open_bundle(path, settings.import_bytes_max) as bundle:
            if not await import_and_commit(database, bundle, ImportOptions(), report, dry_run=False):
                raise click.ClickException(f"the sample district was refused: {dict(report.found)}")


async def demo_client(database: Database) -> Credentials:
    """The remembered one if it still opens this database, else a new one, which is remembered."""
    remembered = recall()
    async with database.transaction() as session:
        client = await session.get(ApiClient, remembered.client_id) if remembered else None
        if remembered and client and secret_matches(client, remembered.client_secret):
            client.scopes = list(SCOPES)  # those that are new since, too
            return remembered
        client, secret = new_client("demo", list(SCOPES))
        session.add(client)
    credentials = Credentials(client_id=client.client_id, client_secret=secret)
    remember(credentials)
    return credentials


def recall() -> Credentials | None:
    try:
        return Credentials(**json.loads(REMEMBERED.read_text()))
    except (OSError, ValueError, TypeError):  # not there, or not what we write
        return None


def remember(credentials: Credentials) -> None:
    REMEMBERED.parent.mkdir(exist_ok=True)
    REMEMBERED.touch(mode=0o600)
    REMEMBERED.write_text(json.dumps(asdict(credentials)))


@click.command()
@click.option(
    "--bind",
    metavar="HOST:PORT",
    default="127.0.0.1:8000",
    show_default=True,
    callback=parse_bind,
    help="Where the service will listen, for the lines that are printed.",
)
@click.option("--students", default=1200, show_default=True, help="Of the sample district.")
def demo(bind: tuple[str, int], students: int) -> None:
    """Load a sample district into an empty database, and print what to try with it.

    A database that holds organisations already is left as it is. A demo client with every scope is added once, and
    remembered in .dev/demo_client.json (beside `dev`, or, without a checkout, in the current folder); `homeroom client
    revoke` ends it.

    \b
    Example:
      homeroom demo && homeroom serve
    """
    settings = read_settings()
    with progress_bar() as watch:
        prepared = asyncio.run(prepare(settings, students, watch))
    click.echo(WELCOME.format(address=address(*bind), database=shown(settings), **asdict(prepared)))


if __name__ == "__main__":
    demo(prog_name="homeroom demo")
