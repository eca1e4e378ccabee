"""The messages of an MCP server on the network, over its streamable HTTP.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import SplitResult

import httpx2
from mcp.client.streamable_http import streamable_http_client

from cowork_desktop.connectors.drivers import mcp_fields
from cowork_desktop.connectors.drivers.driver import DriverFailed, FailureKind, Target
from cowork_desktop.connectors.drivers.failures import network_failure
from cowork_desktop.connectors.drivers.mcp_link import MOST_MESSAGE_BYTES, Incoming, Link, Outgoing, Streams
from cowork_desktop.connectors.drivers.network import trusting

_CONNECT_SECONDS = 10.0
_WRITE_SECONDS = 30.0
_GOODBYE_SECONDS = 1.0
_LISTENING_COUNTS = 20
"""As so many messages, each time that it is begun anew."""
_MEANT: dict[int, tuple[FailureKind, str]] = {
    401: ("authentication", "{place} does not take the token. Enter a new one in the connection."),
    403: ("forbidden", "{place} does not allow this with these credentials."),
    404: (
        "not_found",
        "There is no MCP server at this path of {place}, or it has ended the session. Look at the URL.",
    ),
    405: ("not_found", "There is no MCP server at this path of {place}. Look at the URL."),
    429: ("failed", "{place} is asked too much (HTTP 429). Try again later."),
}


@asynccontextmanager
async def reached(target: Target, link: Link) -> AsyncIterator[Streams]:
    """Raises DriverFailed."""
    parts, headers = mcp_fields.address(target), mcp_fields.headers(target)
    trust = await asyncio.to_thread(trusting, target)
    # Nothing from the environment: neither a proxy, nor what a .netrc has for that host.
    ways = httpx2.AsyncHTTPTransport(verify=trust, trust_env=False)
    async with (
        httpx2.AsyncClient(
            transport=_Watched(ways, _place(parts), link),
            # What is not compressed cannot be larger than it looks.
            headers={**headers, "Accept-Encoding": "identity"},
            timeout=httpx2.Timeout(_WRITE_SECONDS, connect=_CONNECT_SECONDS, read=None),
            trust_env=False,
        ) as client,
        streamable_http_client(
            target.text("url").strip(), http_client=client, max_sse_event_size=MOST_MESSAGE_BYTES
        ) as (incoming, outgoing),
    ):
        yield Incoming(incoming, link), Outgoing(outgoing, link)


def _place(parts: SplitResult) -> tuple[str, int]:
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


class _Watched(httpx2.AsyncBaseTransport):
    """Notes what the SDK tells nobody: why there was no answer, and the status of a refusal."""

    def __init__(self, ways: httpx2.AsyncHTTPTransport, place: tuple[str, int], link: Link) -> None:
        self._ways, self._place, self._link = ways, place, link

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "DELETE":
            request.extensions["timeout"] = dict.fromkeys(
                ("connect", "read", "write", "pool"), _GOODBYE_SECONDS
            )
        try:
            response = await self._ways.handle_async_request(request)
        except httpx2.TransportError as error:
            if request.method == "DELETE":
                raise
            self._link.fail(_failure(error, *self._place))
            return httpx2.Response(503, request=request)
        if request.method == "POST":
            self._note(response)
        if request.method == "GET":
            # A server can let the SDK listen anew without a pause.
            self._link.hears(_LISTENING_COUNTS, 0)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Bounded(response, self._link, self._place),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._ways.aclose()

    def _note(self, response: httpx2.Response) -> None:
        place = "{}:{}".format(*self._place)
        status = response.status_code
        if found := _MEANT.get(status):
            self._link.fail(DriverFailed(found[0], found[1].format(place=place)))
        elif status >= 500:
            self._link.fail(DriverFailed("failed", f"{place} answered with an error (HTTP {status})."))
        elif response.headers.get("content-encoding", "identity") != "identity":
            self._link.fail(DriverFailed("failed", f"{place} compresses its answers, unasked."))


class _Bounded(httpx2.AsyncByteStream):
    """A body that ends where it becomes a flood."""

    def __init__(self, response: httpx2.Response, link: Link, place: tuple[str, int]) -> None:
        self._response, self._link, self._place = response, link, place

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._response.stream, httpx2.AsyncByteStream)
        try:
            async for chunk in self._response.stream:
                self._link.hears(0, len(chunk))
                if self._link.over.is_set():
                    return
                yield chunk
        except httpx2.TransportError as error:
            self._link.fail(_failure(error, *self._place))

    async def aclose(self) -> None:
        await self._response.aclose()


def _failure(error: Exception, host: str, port: int) -> DriverFailed:
    causes = list(_causes(error))
    telling = (ssl.SSLError, socket.gaierror, ConnectionError, TimeoutError, OSError)
    found = next((one for kind in telling for one in causes if isinstance(one, kind)), None)
    if found is None and isinstance(error, httpx2.TimeoutException):
        found = TimeoutError()
    return network_failure(found or ConnectionResetError(), host, port)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _causes(one)
        error = error.__cause__ or error.__context__
