"""Builds the URL of a request: below a base URL of the connection, whatever the path says."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, unquote

from yarl import URL

from cowork_desktop.connectors.drivers.driver import DriverFailed, Target

_LONGEST = 8_000
_MOST_ESCAPES = 4
"""How often a path may be escaped over again."""
_FIELD = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?|[0-9a-f:.]+")
_BEGINS = re.compile(r"https?://(?=[^/?#\\@])", re.I)
_DOTS = (".", "..")


@dataclass(frozen=True)
class Place:
    """Where a request goes."""

    url: URL
    base: URL
    path: str
    """What comes below the base: begins with `/`, its escapes as they were asked for, without a query."""

    @property
    def decoded(self) -> str:
        """The path without any escapes."""
        return _decoded(self.path)


def located(target: Target, asked: str, query: Mapping[str, str | Sequence[str]] | None = None) -> Place:
    """`asked`: of an ApiRequest, it may have a query of its own. Raises DriverFailed."""
    base, below = _parted(bases(target), asked)
    path, _, _ = below.partition("?")
    _check_path(path, below)
    try:
        url = URL(_text(base) + below).extend_query(list(_pairs(query or {})))
        expected = _decoded(base.raw_path.rstrip("/") + path) or "/"
        if not is_below(url, base) or _decoded(url.raw_path) != expected:
            raise ValueError
    except (ValueError, TypeError):
        raise DriverFailed("not_allowed", f"The path leads out of {_text(base)}, or is none.") from None
    return Place(url, base, path or "/")


def redirected(target: Target, url: URL, base: URL) -> Place | None:
    """A place that an answer names, where that is below the same base."""
    try:
        place = located(target, str(url.with_fragment(None)))
    except DriverFailed:
        return None
    return place if place.base == base else None


def bases(target: Target) -> list[URL]:
    """Those that a request may go to, the connection's own first. Raises DriverFailed."""
    also = target.options.get("also", [])
    return [_base(target, template) for template in (target.options["base_url"], *also)]


def is_below(url: URL, base: URL) -> bool:
    prefix = base.raw_path.rstrip("/")
    is_within = url.raw_path == prefix or url.raw_path.startswith(f"{prefix}/")
    return url.origin() == base.origin() and is_within and url.raw_user is None and url.raw_password is None


def is_loopback(url: URL) -> bool:
    host = (url.raw_host or "").rstrip(".").lower()
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def filled_path(target: Target, template: str) -> str:
    """A path of a spec with the fields that it names. Raises DriverFailed."""
    if whole := _FIELD.fullmatch(template):
        return _setting(target, whole[1])
    return _FIELD.sub(lambda field: quote(_setting(target, field[1]), safe=""), template)


def _base(target: Target, template: str) -> URL:
    text = _FIELD.sub(lambda field: _filled(target, field), template)
    wrong = DriverFailed(
        "failed",
        f"The base URL is not a plain http(s) address, such as https://api.example.com/v1: {template}",
    )
    if not _BEGINS.match(text) or "\\" in text or _has_control(text) or len(text) > _LONGEST:
        raise wrong
    try:
        url = URL(text)
        is_plain = url.raw_user is None and url.raw_password is None and not set(text) & {"?", "#"}
        host = url.raw_host or ""
        if not is_plain or not _HOST.fullmatch(host) or not url.port or _has_dots(text.partition("//")[2]):
            raise wrong
    except ValueError:
        raise wrong from None
    _check_is_safe(target, url)
    return url


def _filled(target: Target, field: re.Match[str]) -> str:
    """What stands first is a whole URL; anything else a part of the host or of the path."""
    text = _setting(target, field[1])
    if field.start() == 0:
        return text.rstrip("/")
    if not _PART.fullmatch(text):
        raise DriverFailed(
            "failed",
            f"The field {field[1]} is one part of an address: letters, digits, dots and hyphens alone.",
        )
    return text


def _setting(target: Target, key: str) -> str:
    """Of those that are not secret: an address is seen by many."""
    value = str(target.settings.get(key, "")).strip()
    if not value:
        raise DriverFailed("failed", f"The field {key} is needed for the address of the service.")
    return value


def _check_is_safe(target: Target, url: URL) -> None:
    is_plain = url.scheme == "http" and target.secrets and not is_loopback(url)
    if is_plain and not target.flag("insecure"):
        raise DriverFailed(
            "tls",
            f"{url.raw_host} would be asked without encryption, and everybody on the way could read the"
            " credentials. Use an https:// address, or allow it in the connection if the network is yours.",
        )


def _parted(bases: Sequence[URL], asked: str) -> tuple[URL, str]:
    """The base that it is below of, and the rest."""
    if asked.startswith("/"):
        return bases[0], asked
    for base in bases:
        text = _text(base)
        if asked.startswith(text) and (asked == text or asked[len(text)] in "/?"):
            return base, asked[len(text) :]
    allowed = ", ".join(map(_text, bases))
    raise DriverFailed("not_allowed", f"The path should begin with /, or be a URL below {allowed}.")


def _check_path(path: str, below: str) -> None:
    if len(below) > _LONGEST:
        raise DriverFailed("not_allowed", f"The path is longer than {_LONGEST} characters.")
    if _has_control(path) or _has_control(_decoded(path)) or _has_control(below.replace(" ", "")):
        raise DriverFailed("not_allowed", "The path has control characters.")
    if "//" in path or "\\" in _decoded(path) or "#" in below:
        raise DriverFailed("not_allowed", "The path has //, \\ or # in it; write %23 for a # that is meant.")
    if _has_dots(path):
        raise DriverFailed("not_allowed", "The path has segments of dots; write where they lead to.")


def _has_dots(path: str) -> bool:
    """Java's servers see dots also before a semicolon."""
    segments = re.split(r"[/\\]", _decoded(path))
    return any(segment.partition(";")[0].strip() in _DOTS for segment in segments)


def _decoded(path: str) -> str:
    for _ in range(_MOST_ESCAPES):
        decoded = unquote(path, errors="replace")
        if decoded == path:
            return path
        path = decoded
    raise DriverFailed("not_allowed", "The path is escaped over and over.")


def _has_control(text: str) -> bool:
    """Or halves of characters, which are left out of a URL without a word."""
    return any(unicodedata.category(character) in ("Cc", "Cs") for character in text)


def _pairs(query: Mapping[str, str | Sequence[str]]) -> Iterable[tuple[str, str]]:
    for name, value in query.items():
        yield from ((name, one) for one in ([value] if isinstance(value, str) else value))


def _text(base: URL) -> str:
    return str(base).rstrip("/")
