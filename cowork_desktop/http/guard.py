"""The gate: who may call, decided from method and headers alone, and refused unless each rule is met."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from multidict import CIMultiDictProxy

from cowork_desktop.errors import (
    CoworkError,
    Forbidden,
    MisdirectedRequest,
    Unauthorized,
    UnsupportedMediaType,
)

_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
Headers = CIMultiDictProxy[str]
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Gate:
    """`hosts`: the values of `Host` that are ours, port included. `token`: what a Bearer must show, if
    anything."""

    hosts: frozenset[str]
    token: str | None = None
    any_address: bool = False
    """Also takes every literal IP address at our port as a host: a name can be rebound to us, an address
    cannot."""

    @classmethod
    def at(cls, port: int, *, bound_to: str = "127.0.0.1", token: str | None = None) -> "Gate":
        names = [*_LOOPBACK_NAMES]
        is_any = bound_to in ("0.0.0.0", "::")
        if not is_any and bound_to not in ("localhost", "127.0.0.1", "::1"):
            names.append(f"[{bound_to}]" if ":" in bound_to else bound_to)
        names = [name.lower() for name in names]
        hosts = {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set())
        return cls(frozenset(hosts), token, is_any)

    def refusal(
        self, method: str, headers: Headers, *, has_body: bool, is_page: bool = False, is_open: bool = False
    ) -> CoworkError | None:
        """Why this request may not pass, or None."""
        hosts = headers.getall("Host", ())
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return MisdirectedRequest(
                "This server answers only under its own address; the Host header names another."
            )
        if not (is_page and _is_navigation(method, headers)):
            for origin in headers.getall("Origin", ()):
                if origin != f"http://{hosts[0]}":
                    return Forbidden("Pages of another origin may not call this server.")
            for site in headers.getall("Sec-Fetch-Site", ()):
                if site not in ("same-origin", "none"):
                    return Forbidden("Pages of another site may not call this server.")
        if method in _CHANGING and has_body and not _is_accepted_type(headers):
            return UnsupportedMediaType(
                "The body must be application/json, or multipart/form-data for an upload."
            )
        if self.token is not None and not is_open and not _shows(headers, self.token):
            return Unauthorized("This server wants its token: Authorization: Bearer ...")
        return None

    def _is_ours(self, host: str) -> bool:
        host = host.lower()
        if host in self.hosts:
            return True
        name, _, port = host.rpartition(":")
        return self.any_address and _is_address(name) and f"localhost:{port}" in self.hosts


def _is_address(name: str) -> bool:
    try:
        return bool(ip_address(name.removeprefix("[").removesuffix("]")))
    except ValueError:
        return False


def _is_navigation(method: str, headers: Headers) -> bool:
    return (
        method in ("GET", "HEAD")
        and headers.get("Sec-Fetch-Mode") == "navigate"
        and headers.get("Sec-Fetch-Dest") == "document"
    )


def _is_accepted_type(headers: Headers) -> bool:
    given = headers.getall("Content-Type", ())
    if len(given) != 1:
        return False
    media_type, _, parameters = given[0].lower().partition(";")
    if media_type.strip() == "multipart/form-data":
        return True
    charset = parameters.strip().removeprefix("charset=").strip('"')
    return media_type.strip() == "application/json" and charset in ("", "utf-8", "utf8")


def _shows(headers: Headers, token: str) -> bool:
    given = headers.getall("Authorization", ())
    expected = f"Bearer {token}".encode()
    return len(given) == 1 and hmac.compare_digest(given[0].encode("utf-8", "surrogateescape"), expected)


SECURITY_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
"""On every answer that does not set its own."""
