"""Looks at a request before it is made: its method, its place, and the headers that a caller may choose."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cowork_desktop.connectors.drivers.driver import ApiRequest, DriverFailed, Target
from cowork_desktop.connectors.drivers.http_urls import Place, located

_CALLERS = frozenset(
    (
        "accept",
        "accept-language",
        "content-disposition",
        "content-language",
        "content-range",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "prefer",
        "range",
        "x-request-id",
    )
)
_NOBODYS = frozenset(
    (
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""Of the connection and of how a body is sent: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1."""
_CREDENTIALS = ("authorization", "proxy-", "cookie")
_METHOD = re.compile("[A-Z]{1,20}")
_NO_METHODS = ("CONNECT", "TRACE")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e]{0,4000}")


@dataclass(frozen=True)
class Asked:
    """A request that may be made, before it has credentials."""

    method: str
    place: Place
    headers: Mapping[str, str]
    """By small names."""
    body: bytes | None = field(repr=False)

    @property
    def media_type(self) -> str:
        """With its parameters, small and without blanks."""
        return self.headers.get("content-type", "").lower().replace(" ", "")


def asked(target: Target, request: ApiRequest) -> Asked:
    """Raises DriverFailed."""
    method = request.method.upper()
    if not _METHOD.fullmatch(method) or method in _NO_METHODS:
        raise DriverFailed("not_allowed", "The method should be one such as GET, POST, PUT, PATCH or DELETE.")
    headers = _headers(target, request.headers)
    if request.body is not None:
        headers.setdefault("content-type", _media_type(request.body))
    return Asked(method, located(target, request.path, request.query), headers, request.body)


def check_header(name: str, value: str, what: str) -> None:
    """Raises DriverFailed where no header is made of these; `what` is said of it, not the value."""
    if not _NAME.fullmatch(name) or name.lower() in _NOBODYS:
        raise DriverFailed("not_allowed", "There is a header whose name no header can have here.")
    if not _VALUE.fullmatch(value):
        raise DriverFailed("bad_query", f"{what} has characters that no header can hold, such as a line end.")


def _headers(target: Target, given: Mapping[str, str]) -> dict[str, str]:
    constant = {name.lower(): str(value) for name, value in target.options.get("headers", {}).items()}
    own: dict[str, str] = {}
    for name, value in given.items():
        check_header(name, value, f"The header {name}")
        own[name.lower()] = value.strip()
    allowed = _CALLERS | {name.lower() for name in target.options.get("allowed_headers", [])}
    for name, value in own.items():
        if (name not in allowed and constant.get(name) != value) or name.startswith(_CREDENTIALS):
            raise DriverFailed("not_allowed", f"The header {name} cannot be set here; {_names(allowed)} can.")
    base = {"user-agent": "cowork-desktop", "accept": "application/json, */*;q=0.5"}
    return base | constant | own


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _media_type(body: bytes) -> str:
    is_json = body.lstrip()[:1] in (b"{", b"[")
    return "application/json" if is_json else "application/octet-stream"
