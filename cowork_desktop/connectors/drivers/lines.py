"""Connections to a host and a port: names looked up and sockets connected, which a caller can give up at any
time."""

import asyncio
import socket
from typing import Any

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.drivers.failures import network_failure

CONNECT_SECONDS = 10.0
"""How long a server may take to let somebody in."""


async def look_up(host: str, port: int, seconds: float = CONNECT_SECONDS) -> list[tuple[Any, ...]]:
    """What getaddrinfo gives, at least one. Raises DriverFailed."""
    failed: DriverFailed
    try:
        async with asyncio.timeout(seconds):
            return list(await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        failed = network_failure(error, host, port)
    raise failed


async def open_line(host: str, port: int, seconds: float = CONNECT_SECONDS) -> socket.socket:
    """A connected socket, which blocks from now on. Raises DriverFailed."""
    failed: DriverFailed
    try:
        async with asyncio.timeout(seconds):
            return await _first(await look_up(host, port, seconds))
    except OSError as error:
        failed = network_failure(error, host, port)
    raise failed


async def _first(addresses: list[tuple[Any, ...]]) -> socket.socket:
    """Of those that answer. Raises OSError."""
    last: OSError = ConnectionRefusedError()
    for family, kind, protocol, _, address in addresses:
        try:
            return await _connected(socket.socket(family, kind, protocol), address)
        except OSError as error:
            last = error
    raise last


async def _connected(line: socket.socket, address: Any) -> socket.socket:
    try:
        line.setblocking(False)
        await asyncio.get_running_loop().sock_connect(line, address)
        line.setblocking(True)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    except BaseException:
        line.close()
        raise
    return line
