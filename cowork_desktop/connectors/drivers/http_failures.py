"""Says in words what goes wrong between us and a server of HTTP; the library's own words may hold a URL."""

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from cowork_desktop.connectors.drivers.driver import DriverFailed

CONNECT_SECONDS = 10.0


@asynccontextmanager
async def failures_of(host: str, seconds: float) -> AsyncIterator[None]:
    """What is done within takes at most so long, and raises DriverFailed where it is the network's fault."""
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
        return
    except TimeoutError:
        waited = seconds if limit.expired() else CONNECT_SECONDS
        failed = DriverFailed("timeout", f"{host} did not answer within {waited:g} s.")
    except aiohttp.ClientError as error:
        failed = _failed(host, error)
    except ValueError:
        failed = _damaged(host)
    raise failed from None


def _failed(host: str, error: aiohttp.ClientError) -> DriverFailed:
    match error:
        case aiohttp.ClientSSLError():
            return DriverFailed(
                "tls",
                f"{host} cannot show that it is the host that is asked for: its certificate is not trusted"
                " here, or no encryption can be agreed on.",
            )
        case aiohttp.ClientConnectorDNSError():
            return DriverFailed("unknown_host", f"There is no host {host}, or it cannot be looked up now.")
        case aiohttp.ClientConnectorError() if error.os_error.errno == errno.ECONNREFUSED:
            return DriverFailed("refused", f"Nobody answers at {host}: the service does not run there.")
        case aiohttp.ClientConnectorError():
            return DriverFailed(
                "unreachable", f"{host} cannot be reached. Is the network up, or a VPN needed?"
            )
        case aiohttp.ClientConnectionError():
            return DriverFailed("unreachable", f"{host} broke off the connection.")
    return _damaged(host)


def _damaged(host: str) -> DriverFailed:
    return DriverFailed("failed", f"What {host} answers is damaged, or is not HTTP.")
