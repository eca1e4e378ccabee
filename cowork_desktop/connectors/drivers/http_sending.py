"""Sends a request to an API and goes where its answers lead, with credentials only as far as they may go."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urljoin

import aiohttp
from aiohttp.connector import AddrInfoType
from yarl import URL

from cowork_desktop.connectors.drivers.driver import ApiAnswer, DriverFailed, Target
from cowork_desktop.connectors.drivers.http_answers import read_answer
from cowork_desktop.connectors.drivers.http_asked import Asked
from cowork_desktop.connectors.drivers.http_auth import authenticated, secret_parameter
from cowork_desktop.connectors.drivers.http_failures import CONNECT_SECONDS, failures_of
from cowork_desktop.connectors.drivers.http_reads import is_read
from cowork_desktop.connectors.drivers.http_urls import redirected

_MOST_REDIRECTS = 5
_REPEATED = (307, 308)
_REDIRECTS = (301, 302, 303, *_REPEATED)
_LOOKS = ("GET", "HEAD")
# RFC 4291 and 6052: the last four bytes are the IPv4 address that is reached.
_EMBEDDING_V4 = [ip_network("::ffff:0:0/96"), ip_network("64:ff9b::/96")]
_STRANGERS = ("accept", "range", "user-agent")
"""Headers that a host which is not the API's may see."""


@dataclass(frozen=True)
class _Elsewhere:
    """Where an answer leads that is not below the base."""

    method: str
    url: URL
    headers: dict[str, str]


@dataclass
class Peers:
    """Who is connected to. An API on the internet must not lead us into the user's own network."""

    may_be_private: bool = False
    is_elsewhere: bool = False
    has_refused: bool = False

    def open(self, info: AddrInfoType) -> socket.socket:
        family, type_, protocol, _, place = info
        is_private = not _is_global(str(place[0]))
        if self.is_elsewhere and is_private and not self.may_be_private:
            self.has_refused = True
            raise OSError("not a public address")
        self.may_be_private = self.may_be_private or is_private
        return socket.socket(family, type_, protocol)


@dataclass
class Sending:
    """Of one request. `now`: milliseconds."""

    target: Target
    now: Callable[[], int]
    tls: ssl.SSLContext | None
    """Whom to trust; None: whom the system does."""
    _peers: Peers = field(default_factory=Peers)

    async def send(self, asked: Asked, seconds: float) -> ApiAnswer:
        """Raises DriverFailed."""
        hop: Asked | _Elsewhere = asked
        async with failures_of(asked.place.url.host_port_subcomponent or "", seconds):
            for _ in range(_MOST_REDIRECTS + 1):
                found = await self._guarded(hop)
                if isinstance(found, ApiAnswer):
                    return found
                hop = found
        raise DriverFailed("failed", f"The API sends on more than {_MOST_REDIRECTS} times.")

    async def _guarded(self, hop: Asked | _Elsewhere) -> ApiAnswer | Asked | _Elsewhere:
        try:
            return await self._once(hop)
        except aiohttp.ClientConnectorError:
            if not self._peers.has_refused:
                raise
        raise DriverFailed(
            "not_allowed", "The API sends on into a private network, where nothing of it is followed."
        )

    async def _once(self, hop: Asked | _Elsewhere) -> ApiAnswer | Asked | _Elsewhere:
        if isinstance(hop, Asked):
            (url, headers), body = authenticated(self.target, hop, self.now()), hop.body
        else:
            url, headers, body = hop.url, hop.headers, None
            self._peers.is_elsewhere = True
        async with (
            self._session() as session,
            session.request(hop.method, url, headers=headers, data=body, allow_redirects=False) as response,
        ):
            return self._next(hop, response, url) or await read_answer(response)

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=self.tls or True, socket_factory=self._peers.open)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
            headers={"Accept-Encoding": "gzip, deflate"},
            skip_auto_headers=("User-Agent", "Content-Type", "Accept"),
            trust_env=False,
        )

    def _next(
        self, hop: Asked | _Elsewhere, response: aiohttp.ClientResponse, url: URL
    ) -> Asked | _Elsewhere | None:
        """Where the answer leads; None: nowhere that we go."""
        place, method = response.headers.get("Location"), _method_after(hop.method, response.status)
        if not place or method is None:
            return None
        try:
            to = URL(urljoin(str(url), place)).with_fragment(None)
        except ValueError:
            return None
        if isinstance(hop, Asked) and (within := redirected(self.target, to, hop.place.base)):
            body = hop.body if method == hop.method else None
            return self._within(hop, replace(hop, method=method, place=within, body=body))
        return self._elsewhere(hop, method, to)

    def _within(self, hop: Asked, after: Asked) -> Asked | None:
        """What changes nothing leads to nothing that does."""
        reads = self.target.options
        return after if not is_read(reads, hop) or is_read(reads, after) else None

    def _elsewhere(self, hop: Asked | _Elsewhere, method: str, to: URL) -> _Elsewhere | None:
        """Once outside, never again with credentials: where it leads from there, others say."""
        if method not in _LOOKS or to.scheme != "https" or to.raw_user or to.raw_password:
            return None
        if parameter := secret_parameter(self.target):
            to = to.without_query_params(parameter)
        return _Elsewhere(method, to, {name: hop.headers[name] for name in _STRANGERS if name in hop.headers})


def _method_after(method: str, status: int) -> str | None:
    """What an answer with this status is followed with; None: it is not."""
    if status not in _REDIRECTS:
        return None
    if method in _LOOKS or status in _REPEATED:
        return method
    return "GET" if status == 303 else None


def _is_global(address: str) -> bool:
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and any(found in network for network in _EMBEDDING_V4):
        found = IPv4Address(int(found) & 0xFFFF_FFFF)
    return found.is_global
