"""What a bundle says of itself, and what is made of it if it says nothing or something else."""

import pytest

from models import Enrollment
from models.database import Database
from service.records.rules import Rule
from tests.bundles.making import TakeIn, contents, found, lines, springfield, springfield_delta, stored

ORGS = {"orgs": springfield()["orgs"]}


def without_manifest(texts: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if name != "manifest.csv"}


async def test_a_bundle_without_a_manifest_is_bulk(take_in: TakeIn) -> None:
    report = await take_in(without_manifest(contents(springfield())))

    assert report.loaded
    assert found(report) == {"manifest-missing": 1}


async def test_a_bundle_without_a_manifest_may_look_like_a_delta(take_in: TakeIn, database: Database) -> None:
    delta = springfield_delta(springfield())
    delta["enrollments"][0]["status"] = "tobedeleted"
    await take_in(contents(springfield()))

    report = await take_in(without_manifest(contents(delta)))

    assert found(report) == {"manifest-missing": 1}
    async with database.read_session() as session:
        assert (await session.get_one(Enrollment, "zoe-algebra")).status == "tobedeleted"


async def test_a_bundle_without_a_manifest_may_look_like_1_1(take_in: TakeIn, database: Database) -> None:
    user = {
        "sourcedId": "zoe",
        "enabledUser": "true",
        "orgSourcedIds": "school",
        "role": "student",
        "givenName": "Z",
        "familyName": "O",
    }

    report = await take_in(without_manifest(contents({**ORGS, "users": [user]}, "1.1")))

    assert found(report) == {"manifest-missing": 1}
    assert len((await stored(database))["roles"]) == 1


@pytest.mark.parametrize(
    ("rule", "stated", "loaded"),
    [
        (Rule.FILE_UNANNOUNCED, {"orgs": "absent"}, False),
        (Rule.FILE_ABSENT, {"users": "bulk"}, False),
        (Rule.MANIFEST_VALUE, {"orgs": "Bulk"}, True),
        (Rule.MANIFEST_VALUE, {"orgs": "full"}, True),
    ],
)
async def test_manifest_and_files_must_agree(take_in: TakeIn, rule: Rule, stated: dict[str, str], loaded: bool) -> None:
    report = await take_in(contents(ORGS, **stated))

    assert found(report) == {rule.label: 1}
    assert report.loaded is loaded


async def test_a_file_that_the_manifest_does_not_mention_is_read(take_in: TakeIn) -> None:
    texts = contents(ORGS)
    texts["manifest.csv"] = texts["manifest.csv"].replace("file.orgs,bulk\r\n", "")

    report = await take_in(texts)

    assert found(report) == {"manifest-incomplete": 1}
    assert report.counts["orgs"].created == 2


@pytest.mark.parametrize("version", ["1.0", "2.0", ""])
async def test_an_unknown_version_is_refused_in_any_case(take_in: TakeIn, version: str) -> None:
    texts = contents(ORGS)
    texts["manifest.csv"] = texts["manifest.csv"].replace("oneroster.version,1.2", f"oneroster.version,{version}")

    report = await take_in(texts, skip_bad=True)

    assert not report.loaded
    assert lines(report, Rule.VERSION) == [("manifest.csv", 3, "oneroster.version", version)]


async def test_a_strange_header_of_the_manifest_is_told(take_in: TakeIn) -> None:
    texts = contents(ORGS)
    texts["manifest.csv"] = texts["manifest.csv"].replace("propertyName", "property")

    assert found(await take_in(texts)) == {"manifest-value": 1}


@pytest.mark.parametrize(
    ("name", "rule"), [("user.csv", Rule.FILE_NAME), ("ORGS.csv", Rule.FILE_UNKNOWN), ("README.txt", Rule.FILE_UNKNOWN)]
)
async def test_other_files_are_told_and_not_read(take_in: TakeIn, name: str, rule: Rule) -> None:
    report = await take_in({**contents(ORGS), name: "x"})

    assert lines(report, rule) == [(name, 0, "", "")]
    assert report.loaded is not rule.is_error
