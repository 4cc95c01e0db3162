"""Who may see what happens inside: a program on this machine that means to speak with this machine."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

LOCAL_NAMES = {"localhost", "127.0.0.1", "::1"}
# A proxy on this machine comes from this machine too, for somebody who is elsewhere.
OF_PROXIES = {b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"}


def is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:  # of a socket that has none
        return False


def is_local(scope: Any) -> bool:
    """Whether an ASGI request comes from this machine, and asked for it by name.

    A page of somebody else's may make its own name lead to 127.0.0.1 and have a browser here ask (DNS rebinding); but
    then `Host` is that name.
    """
    headers = [(name.lower(), value) for name, value in scope["headers"]]
    hosts = [value for name, value in headers if name == b"host"]
    peer = (scope.get("client") or ("",))[0]
    by_proxy = any(name in OF_PROXIES for name, _ in headers)
    return is_loopback(peer) and not by_proxy and len(hosts) == 1 and host_name(hosts[0]) in LOCAL_NAMES


def host_name(host: bytes) -> str:
    try:
        return urlsplit(f"//{host.decode('latin-1')}").hostname or ""
    except ValueError:
        return ""
