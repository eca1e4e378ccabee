"""What drivers over plain TCP share: whom they trust, where a password may go, and the words of a server."""

import ssl
from ipaddress import ip_address
from pathlib import Path

from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.drivers.failures import network_failure


def trusting(target: Target) -> ssl.SSLContext:
    """Trusts the system's store, or only the certificates of the field `ca_file`, a PEM file. It reads files,
    so call it in a thread. Raises DriverFailed."""
    file = target.text("ca_file")
    if file and not Path(file).is_file():
        raise DriverFailed("tls", f"There is no file {file} with the certificates to trust.")
    try:
        return ssl.create_default_context(cafile=file or None)
    except (OSError, ValueError):
        raise DriverFailed("tls", f"The file {file} has no certificates in PEM in it.") from None


def is_by_token(target: Target) -> bool:
    """An access token signs in, not a password: https://developers.google.com/gmail/imap/xoauth2-protocol.
    Raises DriverFailed where nobody has said whose it is."""
    if target.method.get("auth", {}).get("type") != "xoauth2":
        return False
    if not target.text("user"):
        raise DriverFailed("failed", "The mail address is missing: enter it in the field user.")
    return True


def is_loopback(host: str) -> bool:
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def lost(error: BaseException, place: str) -> DriverFailed:
    """What the error of a socket, of TLS or of a name's look-up means; `place` is `host:port`."""
    host, _, port = place.rpartition(":")
    return network_failure(error, host, int(port))


def said(words: str | bytes) -> str:
    """What a server says, as one short line."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= 300 else line[:299] + "…"
