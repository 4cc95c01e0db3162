"""Where the client reaches us: for the links and references in an answer."""

import re

from quart import current_app, request

from service.errors import Problem
from service.settings import Settings

HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")


def base_url() -> str:
    """Where the client reaches us, without a slash at the end."""
    settings: Settings = current_app.config["SETTINGS"]
    if settings.public_url:
        return settings.public_url.rstrip("/")
    if not HOST.fullmatch(request.host):
        raise Problem("the Host header names no host")
    return f"{request.scheme}://{request.host}{request.root_path}"


def services_url() -> str:
    return f"{base_url()}/ims/oneroster"
