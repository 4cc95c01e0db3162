"""The front door of the API, for people: what this is, and where a program begins."""

import base64
import hashlib

from markupsafe import Markup
from quart import Blueprint, Response

from service.access import allow
from service.api.discovery import document_paths
from service.lists.addresses import base_url

blueprint = Blueprint("index", __name__)

STYLE = Markup("""
:root { color-scheme: light dark; --accent: light-dark(#14532d, #86efac) }
body { max-width: 44rem; margin: 12vh auto; padding: 0 1.5rem; font: 1.05rem/1.6 system-ui, sans-serif }
h1 { margin: 0; font-size: 2.6rem; letter-spacing: -.02em; color: var(--accent) }
a { color: var(--accent) }
pre { overflow-x: auto; padding: 1rem; border-radius: .5rem; background: light-dark(#f1f5f2, #1c2420) }
""")
PAGE = Markup("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Homeroom</title>
<style>{style}</style>
<h1>Homeroom</h1>
<p>This is a student information service. Programs read and write it over the OneRoster REST API, 1.2 or 1.1, with
credentials that whoever runs the service hands out. A token comes first, and lasts for as long as the answer says:</p>
<pre>curl -u CLIENT_ID:CLIENT_SECRET -d grant_type=client_credentials {base}/oauth2/token
curl -H "Authorization: Bearer TOKEN" "{base}/ims/oneroster/rostering/v1p2/orgs?limit=10"</pre>
<p>What can be asked is shown, and can be tried, in the <a href="{base}/docs">interactive documentation</a>. It is
described in OpenAPI:</p>
<ul>{links}</ul>
</html>
""")
LINK = Markup('<li><a href="{base}{path}">{name}</a></li>')
style_hash = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{style_hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@blueprint.get("/")
@allow()
async def show_index() -> Response:
    base = base_url()
    links = Markup("").join(LINK.format(base=base, path=path, name=name) for name, path in document_paths().items())
    page = PAGE.format(style=STYLE, base=base, links=links)
    return Response(page, headers={"Content-Security-Policy": POLICY}, content_type="text/html; charset=utf-8")
