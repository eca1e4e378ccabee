"""Says in words what goes wrong between us and a server that is reached by a host and a port."""

import os
import socket
import ssl

from cowork_desktop.connectors.drivers.driver import DriverFailed


def network_failure(error: BaseException, host: str, port: int) -> DriverFailed:
    """Of what sockets and TLS raise. Of the error's own words nothing is told but what the system calls
    it."""
    place = f"{host}:{port}"
    match error:
        case DriverFailed():
            return error
        case socket.gaierror() | UnicodeError():
            return DriverFailed(
                "unknown_host", f"There is no host {host}, or it cannot be looked up now. Look at its name."
            )
        case ssl.SSLCertVerificationError():
            return DriverFailed("tls", untrusted(place, error.verify_message))
        case ssl.SSLError():
            return DriverFailed(
                "tls", f"{place} and we cannot agree on TLS. It may not speak TLS there, or only an old one."
            )
        case TimeoutError():
            return DriverFailed("timeout", f"{place} did not answer in time. Is the address right?")
        case ConnectionRefusedError():
            return DriverFailed(
                "refused", f"Nobody listens at {place}. Look at the port, and whether it runs."
            )
        case ConnectionError() | EOFError():
            return DriverFailed("unreachable", f"{place} broke off the connection.")
        case OSError():
            called = os.strerror(error.errno) if error.errno else "no way there"
            return DriverFailed(
                "unreachable", f"{place} cannot be reached ({called}). Is the network up, or a VPN needed?"
            )
    return DriverFailed("failed", f"Something went wrong with {place}: {type(error).__name__}.")


def untrusted(place: str, why: str) -> str:
    """`why`: in the words of the library that looked at the certificate."""
    reason = f" ({why})" if why else ""
    return (
        f"{place} cannot show that it is the server that is asked for: its certificate is not trusted"
        f"{reason}. Name the file with its authority's certificate, or choose another kind of TLS."
    )
