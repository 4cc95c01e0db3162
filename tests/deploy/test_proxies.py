"""The samples for nginx and Caddy: a real one, with TLS, before a real server."""

import re
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from hypercorn.config import Config

from service.access import SCOPES
from service.settings import Settings
from tests.api.calls import ROSTERING
from tests.deploy.programs import DEPLOY, required, running
from tests.doors import bearer
from tests.postgres import free_port
from tests.scripts.programs import serving

NAME = "sis.example.org"
PROXIES = ("nginx", "caddy")
BODY_MAX = Settings().body_bytes_max
NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site;
}}
"""


def sample(proxy: str) -> str:
    return (DEPLOY / "proxy" / {"nginx": "nginx.conf", "caddy": "Caddyfile"}[proxy]).read_text()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `cert.pem` and `key.pem`."""
    folder = tmp_path_factory.mktemp("certificate")
    program = required("openssl", "HOMEROOM_REQUIRE_PROXIES", "Debian's package has that name")
    asked = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    asked += ["-addext", f"subjectAltName=DNS:{NAME}", "-out", "cert.pem", "-keyout", "key.pem"]
    subprocess.run([program, *asked], cwd=folder, check=True, capture_output=True)
    return folder


def nginx_command(folder: Path, certificate: Path, port: int, upstream: int) -> list[str]:
    """The sample as it is, but for what a test must have to itself: ports and the certificate."""
    program = required("nginx", "HOMEROOM_REQUIRE_PROXIES", "Debian's package nginx-light")
    site = re.sub(r" *listen \[::\].*\n", "", sample("nginx"))
    site = site.replace("listen 443", f"listen 127.0.0.1:{port}").replace(
        "listen 80", f"listen 127.0.0.1:{free_port()}"
    )
    site = site.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    site = re.sub(r"/etc/letsencrypt/\S+/fullchain.pem", f"{certificate}/cert.pem", site)
    site = re.sub(r"/etc/letsencrypt/\S+/privkey.pem", f"{certificate}/key.pem", site)
    (folder / "site").write_text(site)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder))
    return [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy_command(folder: Path, certificate: Path, port: int, upstream: int) -> list[str]:
    program = required("caddy", "HOMEROOM_REQUIRE_PROXIES", "Debian's package has that name")
    site = sample("caddy").replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    site = site.replace(f"{NAME} {{", f"https://{NAME}:{port} {{\n\ttls {certificate}/cert.pem {certificate}/key.pem")
    site = site.replace("{\n\tservers", "{\n\tadmin off\n\tauto_https off\n\tservers", 1)
    (folder / "Caddyfile").write_text(site)
    return [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


COMMANDS = {"nginx": nginx_command, "caddy": caddy_command}


class Outside:
    """A client that reaches the service by its public name."""

    def __init__(self, port: int, certificate: Path) -> None:
        trusted = ssl.create_default_context(cafile=certificate / "cert.pem")
        self.http = httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trusted, timeout=60)

    def ask(self, path: str, headers: Mapping[str, str] = {}) -> httpx.Response:
        given = {**bearer(*SCOPES), "Host": NAME, **headers}
        return self.http.get(path, headers=given, extensions={"sni_hostname": NAME})

    def post(self, path: str, content: bytes) -> httpx.Response:
        given = {"Host": NAME, "Content-Type": "application/x-www-form-urlencoded"}
        return self.http.post(path, content=content, headers=given, extensions={"sni_hostname": NAME})


@pytest.fixture(scope="module", params=PROXIES)
def outside(
    request: pytest.FixtureRequest, sqlite_template: Path, certificate: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Outside]:
    folder, port = tmp_path_factory.mktemp(request.param), free_port()
    required(request.param, "HOMEROOM_REQUIRE_PROXIES", "Debian's packages nginx-light and caddy")
    with serving(f"sqlite+aiosqlite:///{sqlite_template}", HOMEROOM_TRUSTED_PROXIES="1") as server:
        command = COMMANDS[request.param](folder, certificate, port, server.port)
        with running(command, folder, port):
            outside = Outside(port, certificate)
            yield outside
            outside.http.close()


def test_links_lead_to_the_public_name_over_https(outside: Outside) -> None:
    answer = outside.ask(f"{ROSTERING}/orgs?limit=1")

    assert answer.status_code == 200
    assert answer.headers["Link"].startswith(f"<https://{NAME}{ROSTERING}/orgs?")


def test_what_a_client_says_of_itself_is_not_believed(outside: Outside) -> None:
    said = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Request-ID": "made-up"}
    answer = outside.ask(f"{ROSTERING}/orgs?limit=1", said)

    assert answer.headers["Link"].startswith(f"<https://{NAME}{ROSTERING}/orgs?")
    assert answer.headers["X-Request-ID"] != "made-up"


def test_metrics_stay_inside(outside: Outside) -> None:
    assert outside.ask("/metrics").status_code == 404
    assert outside.ask("/readyz").text == "ready\n"


def test_a_body_may_be_as_long_as_the_service_takes(outside: Outside) -> None:
    assert outside.post("/oauth2/token", b"x" * BODY_MAX).status_code == 400
    assert outside.post("/oauth2/token", b"x" * (BODY_MAX + 1)).status_code == 413


def test_an_etag_comes_through_as_it_was_given(outside: Outside) -> None:
    answer = outside.ask(f"{ROSTERING}/orgs?limit=1", {"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in answer.headers
    assert not answer.headers.get("ETag", "").startswith("W/")


def test_connections_are_kept_and_used_again(outside: Outside) -> None:
    """Often enough that one which the server has closed would be met."""
    assert {outside.ask("/healthz").status_code for _ in range(50)} == {200}


@pytest.mark.parametrize("proxy", PROXIES)
def test_an_idle_connection_ends_at_the_proxy_first(proxy: str) -> None:
    [seconds] = re.findall(r"keepalive(?:_timeout)? (\d+)s", sample(proxy))

    assert int(seconds) < Config().keep_alive_timeout


@pytest.mark.parametrize("proxy", PROXIES)
def test_the_proxy_says_hsts(proxy: str) -> None:
    assert "Strict-Transport-Security" in sample(proxy)
