"""Signing in to SQL Server by python-tds, and its failures: https://python-tds.readthedocs.io/."""

import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cowork_desktop.connectors.drivers.driver import DriverFailed, FailureKind, Target
from cowork_desktop.connectors.drivers.sqlserver_wire import Routed, Wire, WireBroken

_CONNECT_SECONDS = 10.0
_CLOSE_SECONDS = 5.0
_KINDS: dict[int, FailureKind] = {
    208: "not_found",  # object
    229: "forbidden",
    230: "forbidden",
    262: "forbidden",
    297: "forbidden",
    300: "forbidden",
    911: "not_found",  # database
    916: "forbidden",
    1222: "timeout",  # lock
    4060: "not_found",  # database
    18452: "authentication",
    18456: "authentication",
    18470: "authentication",
    18486: "authentication",
    18487: "authentication",
    18488: "authentication",
    40532: "authentication",
    40615: "forbidden",  # Azure's firewall
}
"""https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors."""


class Session:
    """One connection, for one query, in one thread; `abort` is for others."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._wire: Wire | None = None
        self._connection: Any = None
        self._is_aborted = False
        self.has_all = False
        """Nothing more comes: the server can be told something."""

    def cursor(self) -> Any:
        """Signed in. Raises DriverFailed."""
        is_read = self._target.access == "read"
        try:
            self._connection = self._connect(is_read)
        except Routed:
            self._connection = None
        if self._connection is None and is_read:
            # To a secondary, which only clients that say they only read are sent to.
            self._connection = self._connect_here()
        elif self._connection is None:
            raise _elsewhere()
        return self._connection.cursor()

    def abort(self) -> None:
        self._is_aborted = True
        if self._wire:
            self._wire.abort()

    def close(self) -> None:
        """What was not committed is rolled back, by the server where it cannot be told any more."""
        try:
            if self.has_all and self._wire and not self._is_aborted and not self._connection.autocommit:
                self._wire.limit(_CLOSE_SECONDS)
                self._connection.rollback()
        except Exception:  # The library raises what it likes on a connection that is gone.
            self._is_aborted = True
        finally:
            if self._wire:
                self._wire.end()

    def _connect_here(self) -> Any:
        try:
            return self._connect(False)
        except Routed:
            pass
        raise _elsewhere()

    def _connect(self, is_intent_read: bool) -> Any:
        import pytds  # type: ignore[import-untyped]

        target = self._target
        host, port = target.text("host"), target.number("port", 1433)
        seconds = float(target.options.get("connect_seconds", _CONNECT_SECONDS))
        wire = self._wire = Wire(host, port, _context(target.text("encrypt", "verify-full")), seconds)
        if self._is_aborted:
            wire.abort()
        with failures(wire):
            connection = pytds.connect(
                dsn=host,
                port=port,
                database=target.text("database") or None,
                user=target.text("user"),
                password=target.text("password"),
                sock=wire,
                # The wire keeps time; this is how long it is tried again, which the wire lets nobody.
                login_timeout=0.1,
                appname="cowork-desktop",
                readonly=is_intent_read,
                autocommit=target.access == "write",
            )
        wire.signed_in()
        return connection

    @property
    def wire(self) -> Wire | None:
        return self._wire


@contextmanager
def failures(wire: Wire | None) -> Iterator[None]:
    """What the library raises within is a DriverFailed, but for Routed."""
    failed: DriverFailed
    try:
        yield
        return
    except (Routed, DriverFailed):
        raise
    except Exception as error:  # Garbage makes it raise about anything.
        failed = _failed(error, wire)
    # Outside the handler: what the library says may hold what was sent.
    raise failed from None


def _failed(error: BaseException, wire: Wire | None) -> DriverFailed:
    import pytds

    if isinstance(error, WireBroken | TimeoutError) and wire and wire.failure and wire.failure is not error:
        return _failed(wire.failure, None)
    match error:
        case DriverFailed():
            return error
        case pytds.LoginError():
            return _refused(error, "authentication")
        case pytds.ClosedConnectionError() | WireBroken():
            return DriverFailed("unreachable", "The server ended the connection.")
        case pytds.DatabaseError() if error.number or error.msg_no:
            return _refused(error, "bad_query" if isinstance(error, pytds.ProgrammingError) else "failed")
        case pytds.Error() if "encryption" in str(error):
            return DriverFailed("tls", "The server demands TLS. Set the connection's encryption to require.")
        case pytds.Error() | struct.error() | LookupError() | ValueError() | AssertionError():
            return DriverFailed(
                "failed", "What answers does not speak as a SQL Server does. Look at the port."
            )
    return DriverFailed("failed", f"Something went wrong with the SQL Server: {type(error).__name__}.")


def _refused(error: Any, otherwise: FailureKind) -> DriverFailed:
    kind = _KINDS.get(error.number or error.msg_no, otherwise)
    if kind == "authentication":
        return DriverFailed(kind, "SQL Server does not accept the user or the password.")
    return DriverFailed(kind, str(error.text)[:1_000])


def _elsewhere() -> DriverFailed:
    return DriverFailed(
        "failed", "The server sends clients on to another one. Name that one as the connection's host."
    )


def _context(encrypt: str) -> ssl.SSLContext | None:
    if encrypt == "disable":
        return None
    context = ssl.create_default_context()
    # TDS 7 knows no later one.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    if encrypt == "require":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
