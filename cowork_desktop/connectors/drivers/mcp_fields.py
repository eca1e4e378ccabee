"""Reads what a connection to an MCP server is set up with: its command, its environment, its headers."""

import os
import re
import shlex
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.masking import Masking

_INHERITED = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERPROFILE"),
    *("HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "USERNAME"),
)
"""What a program needs to be found, and to find its own things; none of them is a secret."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OURS = frozenset({"host", "connection", "content-length", "content-type", "transfer-encoding", "accept"})
_TELLING = re.compile(r"key|token|secret|pass|pwd|auth|cred|cookie", re.I)
_LONG = 8
"""A value of so many characters hardly stands in a text by chance."""


def command(target: Target) -> list[str]:
    """The program and its arguments. Raises DriverFailed."""
    try:
        words = shlex.split(target.text("command"))
    except ValueError:
        raise DriverFailed("failed", "A quotation mark in the command has no end.") from None
    if not words or "\0" in target.text("command"):
        raise DriverFailed("failed", "The command is empty. It starts the server, as in a terminal.")
    return words


def environment(target: Target) -> dict[str, str]:
    """All that the program is told: nothing of ours but what every program needs. Raises DriverFailed."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**inherited, **dict(_pairs(target, "environment", "=", _VARIABLE))}


def headers(target: Target) -> dict[str, str]:
    """Of each request. Raises DriverFailed."""
    found = dict(_pairs(target, "headers", ":", _HEADER))
    for name, value in found.items():
        if name.lower() in _OURS or not (value.isascii() and value.isprintable()):
            raise DriverFailed("failed", f"The header {name} cannot be set, or not to what it is set to.")
    token = target.text("token").strip()
    if not (token.isascii() and token.isprintable()):
        raise DriverFailed("authentication", "The token has characters that no token has.")
    if token:
        found["Authorization"] = f"Bearer {token.removeprefix('Bearer ').strip()}"
    return found


def address(target: Target) -> SplitResult:
    """Raises DriverFailed, also where credentials would go over the network in the clear."""
    url = target.text("url").strip()
    try:
        parts = urlsplit(url)
        is_plain = parts.username is None and parts.password is None and parts.port != 0
    except ValueError:
        is_plain = False
    if not is_plain or parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable():
        raise DriverFailed(
            "failed", "The URL is not a plain http(s) address, such as https://mcp.example.com/mcp."
        )
    if parts.scheme == "http" and any(target.secrets.values()) and not _is_loopback(parts.hostname):
        raise DriverFailed(
            "tls",
            f"{parts.hostname} would be asked without encryption, and everybody on the way could read the"
            " credentials. Use an https:// address.",
        )
    return parts


def masking(target: Target) -> Masking:
    """Knows also the values within `environment` and `headers`: a server can say one without its name."""
    return Masking({value for value in _secrets(target) if value})


def _secrets(target: Target) -> Iterator[str]:
    yield from target.secrets.values()
    for key, sign in (("environment", "="), ("headers", ":")):
        for line in target.text(key).splitlines():
            name, _, value = line.partition(sign)
            is_telling = _TELLING.search(name)
            yield from (one for one in {value.strip(), *value.split()} if is_telling or len(one) >= _LONG)


def _pairs(target: Target, key: str, sign: str, name_is: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(target.text(key).splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, has, value = line.partition(sign)
        if not has or not name_is.fullmatch(name.strip()) or "\0" in value:
            raise DriverFailed("failed", f"Line {number} of the field {key} should be NAME{sign}value.")
        yield name.strip(), value.strip()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"
