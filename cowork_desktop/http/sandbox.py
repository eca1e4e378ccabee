"""Origins of their own for documents that are not ours: each is served under a host name that is its id."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from cowork_desktop.errors import CoworkError, Forbidden, MethodNotAllowed
from cowork_desktop.http.guard import Headers

_HOST = re.compile(r"([a-z]+)-([0-9a-z]{26})\.localhost")
_POWERS = ("camera", "microphone", "geolocation", "usb", "serial", "hid", "bluetooth", "display-capture")


def is_of_api(path: str) -> bool:
    """Whether it is a path of the API, which answers under its own address alone."""
    return f"{path}/".startswith(("/api/", "/v1/"))


@dataclass(frozen=True)
class Sandbox:
    """The origins at one port, and what answers there: `serve(request, id, path)`."""

    port: int
    serve: Callable[[web.Request, str, str], Awaitable[web.StreamResponse]]

    def url(self, id: str, path: str = "") -> str:
        """Where the document with this id is."""
        return f"http://{id.replace('_', '-')}.localhost:{self.port}/{path}"

    @property
    def origins(self) -> str:
        """All of them, as a source of a content security policy."""
        return f"http://*.localhost:{self.port}"

    def id_at(self, host: str, path: str) -> str | None:
        """Whose origin a request is for; None where it is for no document."""
        name, _, port = host.lower().partition(":")
        found = _HOST.fullmatch(name)
        if found is None or (port or "80") != str(self.port) or is_of_api(path):
            return None
        return f"{found[1]}_{found[2]}"

    def is_at(self, host: str) -> bool:
        """Whether the answer is read at such an origin, be it a document's or a refusal."""
        return self.id_at(host, "") is not None

    @property
    def headers(self) -> Mapping[str, str]:
        """On everything that is served there: nothing but its own origin is reached, and only our page
        frames it."""
        ours = f"http://localhost:{self.port} http://127.0.0.1:{self.port}"
        policy = (
            "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; object-src 'none';"
            f" base-uri 'self'; form-action 'self'; frame-ancestors 'self' {ours}; webrtc 'block'"
        )
        return {
            "Content-Security-Policy": policy,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Origin-Agent-Cluster": "?1",
            "Permissions-Policy": ", ".join(f"{power}=()" for power in _POWERS),
            "X-DNS-Prefetch-Control": "off",
        }


SANDBOX = web.AppKey("SANDBOX", Sandbox)


def refusal(method: str, headers: Headers, host: str) -> CoworkError | None:
    """Why this request may not read a document: another origin asks, and not to show it."""
    if method not in ("GET", "HEAD"):
        return MethodNotAllowed(method, "GET,HEAD")
    if any(origin != f"http://{host}" for origin in headers.getall("Origin", ())):
        return Forbidden("Pages of another origin may not read this.")
    if "Service-Worker" in headers:
        return Forbidden("A service worker could answer in our place, and without the policy.")
    is_shown = headers.get("Sec-Fetch-Mode") == "navigate"
    if (
        any(site not in ("same-origin", "none") for site in headers.getall("Sec-Fetch-Site", ()))
        and not is_shown
    ):
        return Forbidden("Pages of another site may not read this.")
    return None
