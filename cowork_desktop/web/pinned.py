"""Connects to addresses that were checked, and to no others."""

import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from cowork_desktop.web.addresses import NOT_PUBLIC, Address, PageFailed


class PinnedConnector(aiohttp.TCPConnector):
    """For one request to one host. TLS asks for the host's name, not for the address."""

    def __init__(
        self, host: str, addresses: Sequence[Address], may_reach: Callable[[Address, Address | None], bool]
    ) -> None:
        super().__init__(resolver=_Pinned(host, addresses), use_dns_cache=False, force_close=True, limit=1)
        self._addresses, self._may_reach = addresses, may_reach

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> Connection:
        """Before anything of the request is sent, the other end has to be what it should be."""
        connection = await super().connect(req, traces, timeout)
        if not self._is_right(connection):
            connection.close()
            raise PageFailed(NOT_PUBLIC)
        return connection

    def _is_right(self, connection: Connection) -> bool:
        transport = connection.transport
        peer, own = (
            transport and transport.get_extra_info("peername"),
            transport and transport.get_extra_info("sockname"),
        )
        if not peer or not own:
            return False
        there = ip_address(peer[0])
        return there in self._addresses and self._may_reach(there, ip_address(own[0]))


class _Pinned(AbstractResolver):
    """Knows one host."""

    def __init__(self, host: str, addresses: Sequence[Address]) -> None:
        self._host, self._addresses = host, addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if host != self._host:
            raise OSError("another host than the one that was checked")
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in self._addresses
        ]

    async def close(self) -> None: ...
