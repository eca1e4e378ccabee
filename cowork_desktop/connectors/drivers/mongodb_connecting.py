"""Signing in to MongoDB, with what the connection says and nothing of this machine's: no key files, no cloud
identities. https://www.mongodb.com/docs/manual/reference/connection-string-options/"""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import parse_qsl

from bson.errors import BSONError
from pymongo import AsyncMongoClient
from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    ExecutionTimeout,
    InvalidURI,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from cowork_desktop.connectors.drivers.driver import DriverFailed, FailureKind, Target
from cowork_desktop.connectors.drivers.failures import network_failure

Client = AsyncMongoClient[dict[str, Any]]

_CONNECT_SECONDS = 10.0
_ERRNO = re.compile(r"\[Errno (-?\d+)\]")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:]+")
_URI = re.compile(r"mongodb(?:\+srv)?://[^/?#\s]+(?:/([^?#\s]*))?(?:\?([^#\s]*))?")
_OPTIONS = frozenset(
    (
        "appname",
        "authmechanism",
        "authsource",
        "directconnection",
        "loadbalanced",
        "localthresholdms",
        "readconcernlevel",
        "readpreference",
        "readpreferencetags",
        "replicaset",
        "retryreads",
        "retrywrites",
        "srvmaxhosts",
        "srvservicename",
        "ssl",
        "tls",
        "tlsallowinvalidcertificates",
        "tlsallowinvalidhostnames",
        "w",
        "wtimeoutms",
    )
)
"""What a connection string may say; others read files of this machine, or undo limits."""
_MECHANISMS = frozenset(("DEFAULT", "SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN"))
_KINDS: dict[int, FailureKind] = {
    13: "forbidden",
    18: "authentication",
    26: "not_found",
    50: "timeout",
    8000: "authentication",  # Atlas
}
"""https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml. All else is of the query."""


@asynccontextmanager
async def connected(target: Target) -> AsyncIterator[Client]:
    """Raises DriverFailed, also for what is done within."""
    seconds = float(target.options.get("connect_seconds", _CONNECT_SECONDS))
    options: dict[str, Any] = {
        "serverSelectionTimeoutMS": int(seconds * 1_000),
        "connectTimeoutMS": int(seconds * 1_000),
        "appname": "cowork-desktop",
        "tz_aware": True,
        "datetime_conversion": "DATETIME_AUTO",
        "maxPoolSize": 2,
    }
    place = _place(target)
    if not target.text("uri"):
        await _knock(target.text("host"), target.number("port", 27017), seconds)
    with asking(None):
        client: Client = await asyncio.to_thread(lambda: AsyncMongoClient(**place, **options))
    try:
        with failures(client):
            yield client
    finally:
        await asyncio.shield(asyncio.ensure_future(client.close()))


async def _knock(host: str, port: int, seconds: float) -> None:
    """Raises DriverFailed at once where nobody listens: pymongo would go on trying until its time is over."""
    failed: DriverFailed
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
        return
    except (OSError, UnicodeError) as error:
        failed = network_failure(error, host, port)
    raise failed from None


def database_name(target: Target) -> str:
    """Raises DriverFailed."""
    match = _URI.fullmatch(target.text("uri"))
    name = target.text("database") or (match[1] if match and match[1] else "")
    if not name:
        raise DriverFailed("failed", "The connection should name a database.")
    return name


def _place(target: Target) -> dict[str, Any]:
    if uri := target.text("uri"):
        _check_uri(uri)
        return {"host": uri}
    host = target.text("host")
    # To pymongo a host can be a whole connection string.
    if not _HOST.fullmatch(host):
        raise DriverFailed("failed", "The host should be a name or an address alone, such as db.example.com.")
    place: dict[str, Any] = {
        "host": f"[{host}]" if ":" in host else host,
        "port": target.number("port", 27017),
        "tls": target.flag("tls"),
        "directConnection": True,
    }
    if user := target.text("user"):
        source = target.text("auth_source", "admin")
        place |= {"username": user, "password": target.text("password"), "authSource": source}
    return place


def _check_uri(uri: str) -> None:
    match = _URI.fullmatch(uri)
    if not match:
        raise DriverFailed(
            "failed", "The connection string should begin with mongodb:// or mongodb+srv:// and name a host."
        )
    for name, value in parse_qsl(match[2] or "", keep_blank_values=True):
        if name.lower() not in _OPTIONS:
            raise DriverFailed(
                "not_allowed", f"The connection string's option {name} is not allowed. Leave it out."
            )
        if name.lower() == "authmechanism" and value.upper() not in _MECHANISMS:
            raise DriverFailed(
                "not_allowed", "The connection string should sign in by user and password alone."
            )


@contextmanager
def failures(client: Client | None) -> Iterator[None]:
    """What pymongo raises within is a DriverFailed."""
    failed: DriverFailed
    try:
        yield
        return
    except PyMongoError as error:
        failed = _failed(error, client)
    # Outside the handler: what pymongo says may hold the connection string.
    raise failed from None


@contextmanager
def asking(client: Client | None) -> Iterator[None]:
    """As `failures`, where all within is ours: what BSON cannot hold is a DriverFailed as well."""
    failed: DriverFailed
    try:
        with failures(client):
            yield
        return
    except (BSONError, OverflowError, TypeError, ValueError) as error:
        failed = DriverFailed("bad_query", f"MongoDB cannot be asked that ({type(error).__name__}).")
    raise failed from None


def _failed(error: PyMongoError, client: Client | None) -> DriverFailed:
    match error:
        case ServerSelectionTimeoutError():
            return _unreached(client)
        case ExecutionTimeout():
            return DriverFailed("timeout", "MongoDB stopped the query: it took too long.")
        case OperationFailure():
            return _refused(error)
        case NetworkTimeout():
            return DriverFailed("timeout", "MongoDB did not answer in time.")
        case AutoReconnect():
            return DriverFailed("unreachable", "MongoDB ended the connection.")
        case InvalidURI():
            return DriverFailed(
                "failed", "The connection string is not well formed. Is the password URL-encoded?"
            )
        case ConfigurationError():
            return DriverFailed(
                "unknown_host", "The connection string's host cannot be looked up, or does not fit."
            )
    return DriverFailed("failed", f"MongoDB cannot do that ({type(error).__name__}).")


def _refused(error: OperationFailure) -> DriverFailed:
    code = error.code or 0
    kind = _KINDS.get(code, "bad_query")
    if kind == "authentication":
        return DriverFailed(kind, "MongoDB does not accept the user or the password.")
    details = error.details if isinstance(error.details, dict) else {}
    message = str(details.get("errmsg") or f"MongoDB refuses it with its code {code}.")
    return DriverFailed(kind, message[:1_000])


def _unreached(client: Client | None) -> DriverFailed:
    """By what went wrong with the first server that could not be reached; pymongo keeps words alone."""
    servers = client.topology_description.server_descriptions() if client else {}
    for (host, port), description in servers.items():
        if description.error is not None:
            return network_failure(_cause(description.error), str(host), port or 0)
        if not description.is_server_type_known:
            return network_failure(TimeoutError(), str(host), port or 0)
    return DriverFailed(
        "unreachable", "No server of this MongoDB can be reached, or none is fit to be read from."
    )


def _cause(error: Exception) -> BaseException:
    words = str(error)
    if number := _ERRNO.search(words):
        code = int(number[1])
        return socket.gaierror(code) if code < 0 else OSError(code, "")
    if "SSL" in words:
        return ssl.SSLError()
    if isinstance(error, NetworkTimeout) or "timed out" in words:
        return TimeoutError()
    return ConnectionResetError()
