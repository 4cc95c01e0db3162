"""Small bundles, written to disk as a sender would, and taken in."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from sqlalchemy import select

from models import Base
from models.database import Database
from service.bundles.files import FILES
from service.bundles.importing import ImportOptions, import_bundle
from service.bundles.reading import open_bundle
from service.bundles.report import Report
from service.bundles.v1p1 import FILES_1_1
from service.records.rules import Rule

Row = dict[str, str]
Files = dict[str, list[Row]]
Watch = Callable[[str, int, int], None]

TERM = {"startDate": "2026-08-15", "endDate": "2026-12-20", "schoolYear": "2027"}
SPRINGFIELD: Files = {
    "orgs": [
        {"sourcedId": "district", "name": "Springfield", "type": "district", "identifier": "1"},
        {
            "sourcedId": "school",
            "name": "École “Nord”, 2",
            "type": "school",
            "identifier": "2",
            "parentSourcedId": "district",
        },
    ],
    "academicSessions": [
        {"sourcedId": "fall", "title": "Fall", "type": "term", **TERM},
        {"sourcedId": "spring", "title": "Spring", "type": "term", **TERM},
    ],
    "courses": [
        {
            "sourcedId": "algebra",
            "title": "Algebra",
            "courseCode": "A1",
            "orgSourcedId": "school",
            "subjects": "Math,Logic",
            "subjectCodes": "1,2",
        }
    ],
    "classes": [
        {
            "sourcedId": "algebra-1",
            "title": "Algebra 1",
            "grades": "09,10",
            "courseSourcedId": "algebra",
            "classType": "scheduled",
            "schoolSourcedId": "school",
            "termSourcedIds": "fall,spring",
        }
    ],
    "users": [
        {
            "sourcedId": "zoe",
            "enabledUser": "true",
            "username": "zoe",
            "userIds": "{LDAP:zoe},{SIS:7}",
            "givenName": "Zoë",
            "familyName": "O'Brien",
            "agentSourcedIds": "ann",
            "password": "secret",
            "primaryOrgSourcedId": "school",
        },
        {"sourcedId": "ann", "enabledUser": "false", "givenName": "Ann", "familyName": "O'Brien"},
    ],
    "roles": [
        {
            "sourcedId": "zoe-role",
            "userSourcedId": "zoe",
            "roleType": "primary",
            "role": "student",
            "orgSourcedId": "school",
            "beginDate": "2026-08-15",
        }
    ],
    "demographics": [{"sourcedId": "zoe", "birthDate": "2012-01-31", "sex": "female", "asian": "true"}],
    "enrollments": [
        {
            "sourcedId": "zoe-algebra",
            "classSourcedId": "algebra-1",
            "schoolSourcedId": "school",
            "userSourcedId": "zoe",
            "role": "student",
        }
    ],
    "categories": [{"sourcedId": "homework", "title": "Homework", "weight": "40"}],
    "scoreScales": [
        {
            "sourcedId": "letters",
            "title": "Letters",
            "type": "letters",
            "classSourcedId": "algebra-1",
            "scoreScaleValue": "{90-100:A},{0-89:B}",
        }
    ],
    "lineItems": [
        {
            "sourcedId": "sheet",
            "title": "Sheet 1",
            "assignDate": "2026-08-20",
            "dueDate": "2026-08-27T10:30:00.000Z",
            "classSourcedId": "algebra-1",
            "categorySourcedId": "homework",
            "academicSessionSourcedId": "fall",
            "resultValueMax": "10.5",
            "schoolSourcedId": "school",
        }
    ],
    "results": [
        {
            "sourcedId": "zoe-sheet",
            "lineItemSourcedId": "sheet",
            "studentSourcedId": "zoe",
            "scoreStatus": "fully graded",
            "score": "9.5",
            "scoreDate": "2026-08-28",
        }
    ],
    "lineItemLearningObjectiveIds": [
        {"sourcedId": "aim", "lineItemSourcedId": "sheet", "source": "unknown", "learningObjectiveId": "LO1"}
    ],
    "resources": [{"sourcedId": "book", "vendorResourceId": "v1", "roles": "student,teacher", "importance": "primary"}],
}
HEADERS = {"1.2": {file.name: file.header for file in FILES}, "1.1": {file.name: file.header for file in FILES_1_1}}


def springfield() -> Files:
    """One or two rows of most files, without a flaw."""
    return deepcopy(SPRINGFIELD)


def springfield_delta(files: Files) -> Files:
    stamp = {"status": "active", "dateLastModified": "2026-09-01T00:00:00.000Z"}
    return {name: [{**stamp, **row} for row in rows] for name, rows in files.items()}


def csv_text(header: Sequence[str], rows: Sequence[Row]) -> str:
    file = io.StringIO(newline="")
    extra = dict.fromkeys(name for row in rows for name in row if name not in header)
    writer = csv.DictWriter(file, [*header, *extra], restval="")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def contents(
    files: Mapping[str, Sequence[Row] | str], version: str = "1.2", mode: str = "bulk", **stated: str
) -> dict[str, str]:
    """The text of each file of a bundle, the manifest among them; `stated` are modes of single files in it."""
    headers = HEADERS[version]
    modes = {name: mode if name in files else "absent" for name in headers} | stated
    properties = {
        "manifest.version": "1.0",
        "oneroster.version": version,
        "source.systemName": "x",
        "source.systemCode": "y",
    }
    properties |= {f"file.{name}": word for name, word in modes.items()}
    lines = [f"{name},{value}\r\n" for name, value in properties.items()]
    texts = {"manifest.csv": "propertyName,value\r\n" + "".join(lines)}
    for name, rows in files.items():
        texts[f"{name}.csv"] = rows if isinstance(rows, str) else csv_text(headers[name], rows)
    return texts


def write_folder(path: Path, texts: Mapping[str, str | bytes]) -> Path:
    path.mkdir(exist_ok=True)
    for name, text in texts.items():
        (path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def write_zip(path: Path, texts: Mapping[str, str | bytes]) -> Path:
    with ZipFile(path, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return path


class TakeIn:
    """Takes bundles in, as the command does, and remembers where to write them."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder

    async def __call__(
        self, texts: Mapping[str, str | bytes], *, watch: Watch = lambda *_: None, **options: Any
    ) -> Report:
        for old in self.folder.glob("*"):
            old.unlink()
        report = Report(watch=watch)
        with open_bundle(write_folder(self.folder, texts), 10_000_000) as bundle:
            async with self.database.staging_session() as session:
                if await import_bundle(session, bundle, ImportOptions(**options), report):
                    await session.commit()
                    report.loaded = True
        return report


def found(report: Report) -> dict[str, int]:
    return {rule.label: count for rule, count in report.found.items()}


def lines(report: Report, rule: Rule) -> list[tuple[str, int, str, str]]:
    return [(issue.file, issue.line, issue.field, issue.value) for issue in report.samples[rule]]


async def stored(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    async with database.read_session() as session:
        return {
            name: [tuple(row) for row in await session.execute(select(table).order_by(*table.primary_key))]
            for name, table in Base.metadata.tables.items()
        }
