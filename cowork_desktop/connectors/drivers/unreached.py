"""Says in words what goes wrong between us and a server that a driver asks by HTTP with aiohttp."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from yarl import URL

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.drivers.failures import network_failure


@contextmanager
def reaching(url: URL) -> Iterator[None]:
    """What aiohttp raises within is a DriverFailed. Of the URL its host and port are told, no more."""
    failed: DriverFailed
    try:
        yield
        return
    except (TimeoutError, aiohttp.ClientError) as error:
        failed = _failed(error, url.host or "", url.port or 0)
    # Outside the handler: what aiohttp says may hold the address with all that is in it.
    raise failed from None


def _failed(error: Exception, host: str, port: int) -> DriverFailed:
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return DriverFailed(
                "tls",
                f"No safe connection to {host}:{port} could be made: its certificate is not trusted, or it"
                " does not speak TLS there.",
            )
        case aiohttp.ServerTimeoutError() | TimeoutError():
            return network_failure(TimeoutError(), host, port)
        case aiohttp.ClientConnectorError():
            return network_failure(error.os_error, host, port)
        case aiohttp.ClientConnectionError() | aiohttp.ClientPayloadError():
            return network_failure(ConnectionResetError(), host, port)
    return DriverFailed("failed", f"What answers at {host}:{port} does not speak HTTP as it should.")
