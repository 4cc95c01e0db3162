"""The interactive page of the API, as far as a browser is not needed."""

import gzip
import json
import re
from html import unescape
from pathlib import Path

import pytest

from service.api.docs import FILES, FOLDER, VERSION
from service.app import create_app
from service.settings import Settings
from tests.api.calls import DOCUMENTS, Caller
from tests.doors import SECRET_KEY


@pytest.fixture
def anybody(offline: Caller) -> Caller:
    return Caller(offline.app, headers={})


async def test_the_page_lets_choose_among_all_documents_of_the_front_page(anybody: Caller) -> None:
    page = await anybody.get("/docs")
    [chosen_from] = re.findall('data-documents="([^"]*)"', page.text)
    documents = [each["url"] for each in json.loads(unescape(chosen_from))]
    front = re.findall('<li><a href="http://localhost([^"]*)"', (await anybody.get("/")).text)

    assert documents == front
    assert set(DOCUMENTS.values()) < set(documents)
    assert {(await anybody.get(each)).json["openapi"][:2] for each in documents} == {"3."}


async def test_every_file_that_the_page_names_is_there(anybody: Caller) -> None:
    page = await anybody.get("/docs")
    named = re.findall('(?:src|href)="(/docs/[^"]*)"', page.text)

    assert [name.rpartition("/")[2] for name in named] == [
        "swagger-ui.css",
        "page.css",
        "swagger-ui-bundle.js",
        "start.js",
    ]
    for name in named:
        file = await anybody.get(name)
        assert file.status == 200
        assert file.headers["X-Content-Type-Options"] == "nosniff"
        assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_the_page_may_ask_nobody_but_this_server(anybody: Caller) -> None:
    page = await anybody.get("/docs")
    policy = dict(rule.strip().split(" ", 1) for rule in page.headers["Content-Security-Policy"].split(";"))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self' http://localhost"
    assert re.findall(r"(?:src|href)=\"(https?:)?//", page.text) == []


async def test_below_a_path_of_a_proxy_the_page_finds_its_files_and_documents(tmp_path: Path) -> None:
    nowhere = f"sqlite+aiosqlite:///{tmp_path}/no such folder/homeroom.db"
    public_url = "https://example.org/sis/"
    app = create_app(Settings(database_url=nowhere, secret_key=SECRET_KEY, public_url=public_url))
    async with app.test_app():
        page = await Caller(app, headers={}).get("/docs")
    named = re.findall(r'(?:src|href)="(/[^"]*)"|"url": "([^"]*)"', unescape(page.text))

    assert len(named) > len(FILES) + len(DOCUMENTS)
    assert all((file or document).startswith("/sis/") for file, document in named)


async def test_a_file_is_sent_packed_to_who_can_unpack_it(anybody: Caller) -> None:
    path = f"/docs/{VERSION}/swagger-ui-bundle.js"
    packed = await anybody.app.test_client().get(path, headers={"Accept-Encoding": "gzip"})
    plain = await anybody.app.test_client().get(path)

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(await packed.get_data(as_text=False)) == await plain.get_data(as_text=False)
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("name", ["index.html", "../docs.py", "..%2fdocs.py", "%2e%2e/docs.py"])
async def test_no_other_file_is_sent(name: str, anybody: Caller) -> None:
    assert "docs.py" not in FILES
    assert (await anybody.get(f"/docs/{VERSION}/{name}")).status == 404


def test_the_readme_says_which_version_the_viewer_is() -> None:
    readme = (FOLDER / "README.md").read_text()
    [version] = re.findall(r"version ([\d.]+),", readme)

    assert f'"{version}"' in (FOLDER / "swagger-ui/swagger-ui-bundle.js").read_text()
