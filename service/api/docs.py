"""The interactive page of the API at `/docs`: every document of ours, to read and to try, by a viewer that comes along.

It asks nobody but this server, which its Content-Security-Policy holds it to.
"""

import asyncio
import gzip
import json
from functools import cache
from hashlib import blake2b
from pathlib import Path
from urllib.parse import urlsplit

from markupsafe import Markup
from quart import Blueprint, Response, request

from service.access import allow
from service.api.discovery import document_paths
from service.errors import NotFound
from service.lists.addresses import base_url

FOLDER = Path(__file__).with_name("viewer")
FILES = {
    "swagger-ui-bundle.js": ("swagger-ui/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    "swagger-ui.css": ("swagger-ui/swagger-ui.css", "text/css; charset=utf-8"),
    "start.js": ("start.js", "text/javascript; charset=utf-8"),
    "page.css": ("page.css", "text/css; charset=utf-8"),
}
# Part of their addresses, so that a browser may keep them for ever.
VERSION = blake2b(b"".join((FOLDER / path).read_bytes() for path, _ in FILES.values()), digest_size=8).hexdigest()
PAGE = Markup("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Homeroom: the API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{files}/swagger-ui.css">
<link rel="stylesheet" href="{files}/page.css">
<header>
<a href="{root}/">Homeroom</a>
<label>Document <select id="choice"></select></label>
</header>
<noscript>This page needs JavaScript. The documents themselves do not: <a href="{root}/">the front page</a> links to
them.</noscript>
<div id="viewer" data-documents="{documents}"></div>
<script src="{files}/swagger-ui-bundle.js"></script>
<script src="{files}/start.js"></script>
</html>
""")
# Styles of elements are set by the viewer's scripts. `{origin}` is where the documents say that the API is.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' {origin};"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

blueprint = Blueprint("docs", __name__)


@blueprint.get("/docs")
@allow()
async def show_docs() -> Response:
    public = urlsplit(base_url())
    root = public.path  # behind a proxy the service may be below a path of which the request itself says nothing
    documents = [{"name": name, "url": root + path} for name, path in document_paths().items()]
    page = PAGE.format(root=root, files=f"{root}/docs/{VERSION}", documents=json.dumps(documents))
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY.format(origin=f"{public.scheme}://{public.netloc}")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get(f"/docs/{VERSION}/<name>")
@allow()
async def send_file(name: str) -> Response:
    if name not in FILES:
        raise NotFound("no such file")
    content = await asyncio.to_thread(content_of, name, request.accept_encodings["gzip"] > 0)
    response = Response(content, content_type=FILES[name][1])
    if request.accept_encodings["gzip"] > 0:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@cache
def content_of(name: str, zipped: bool) -> bytes:
    content = (FOLDER / FILES[name][0]).read_bytes()
    return gzip.compress(content, mtime=0) if zipped else content
