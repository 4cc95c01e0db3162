"""Every setting: its environment variable, type, default and unit."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from models.settings import DatabaseSettings

WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True, kw_only=True)
class Settings(DatabaseSettings):
    """Field `page_limit` is read from `HOMEROOM_PAGE_LIMIT`; docs/settings.md describes each."""

    secret_key: str = field(default="", repr=False)  # signs tokens; required to serve, the same in every process
    public_url: str = ""  # where clients reach the service, such as https://sis.example.org; empty: as the request says
    trusted_proxies: int = 0  # how many proxies in front may be believed about host and scheme
    token_minutes: float = 60.0
    revocation_seconds: float = 5.0  # after which a server looks again which clients were revoked
    client_rate: float = 0.0  # requests per second of one client, in each process; 0: any number
    client_burst: int = 100  # requests that a client may send at once after a rest, where client_rate is set
    metrics_token: str = field(
        default="", repr=False
    )  # that /metrics asks for; empty: whoever can reach it may read it
    log_level: str = "INFO"  # DEBUG, INFO, WARNING or ERROR; INFO has a line for each request
    disconnect_grace_seconds: float = 1.0  # that a handler gets to finish after its client left
    send_seconds: float = 60.0  # that a client may leave a piece of its answer unread; 0: for ever
    page_limit: int = 100  # rows, when the client names no limit
    page_limit_max: int = 10_000  # rows; a larger limit is refused
    count_seconds: float = 30.0  # how old the X-Total-Count of a page may be, where the client moves the offset itself
    filter_length_max: int = 4_000  # characters
    body_bytes_max: int = 10_000_000  # of a request
    delta_wait_seconds: float = 10.0  # that a list filtered by dateLastModified waits for transactions that write
    history_days: float = 400.0  # that changes are kept; 0: for ever
    import_bytes_max: int = 16_000_000_000  # of a bundle, unpacked
    grace_seconds: float = 10.0  # that running requests get to finish when the server is told to stop
    drain_seconds: float = 0.0  # of the grace, in which it still takes connections and says that it will not for long

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Raises ValueError naming every variable whose value is not of its setting's type."""
        given: dict[str, Any] = {}
        wrong: list[str] = []
        for setting in fields(cls):
            name = f"HOMEROOM_{setting.name.upper()}"
            try:
                if (text := said(environ, name)) is not None:
                    given[setting.name] = parse(text, type(setting.default))
            except ValueError as error:
                wrong.append(f"{name} must be {error}")
        if wrong:
            raise ValueError("; ".join(wrong))
        return cls(**given)


def said(environ: Mapping[str, str], name: str) -> str | None:
    """The variable's value, or what is in the file that NAME_FILE names, as containers are given secrets."""
    path = environ.get(f"{name}_FILE")
    if name in environ or not path:
        return environ.get(name)
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"in a file that can be read: {name}_FILE says {path}") from None


def parse(text: str, kind: type) -> str | int | float:
    """Raises ValueError saying what the text should have been."""
    if kind is str:
        return text
    return parse_truth(text) if kind is bool else parse_number(text, kind)


def parse_truth(text: str) -> bool:
    try:
        return WORDS[text.lower()]
    except KeyError:
        raise ValueError("true or false") from None


def parse_number(text: str, kind: type) -> int | float:
    try:
        number: int | float = kind(text)
    except ValueError:
        number = -1
    if not 0 <= number < math.inf:  # NaN is not either
        raise ValueError("a number, 0 or more" if kind is float else "a whole number, 0 or more")
    return number
