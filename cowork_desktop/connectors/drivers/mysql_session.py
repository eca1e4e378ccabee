"""One session with MySQL or MariaDB: how it is signed in to, and how another thread ends what it does.

Nothing is taken from option files, no file of this computer is sent (LOAD DATA LOCAL), no second statement
is taken, and a password goes in clear only where TLS is sure.
"""

import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql  # type: ignore[import-untyped]
from pymysql.connections import Connection  # type: ignore[import-untyped]

from cowork_desktop.connectors.drivers.driver import Column, DriverFailed, Target
from cowork_desktop.connectors.drivers.lines import CONNECT_SECONDS
from cowork_desktop.connectors.drivers.mysql_values import decoders, type_name

_MODES = ("prefer", "require", "verify-full", "disable")
_CLEAR = ("mysql_clear_password", "dialog", "mysql_old_password")
"""The plugins that hand over the password itself, or as good as that."""


class Session(Connection):  # type: ignore[misc]
    """Blocks."""

    def take_time(self, seconds: float) -> None:
        """How long the server may be silent."""
        self._read_timeout = self._write_timeout = seconds

    @property
    def columns(self) -> Sequence[Column]:
        """Of the result that is read now."""
        fields = getattr(self._result, "fields", None) or ()
        return [Column(field.name, type_name(field.type_code, field.charsetnr)) for field in fields]

    def end(self) -> None:
        """Without reading what is still to come, as PyMySQL would."""
        if self._result is not None and self._result.unbuffered_active:
            self._result.unbuffered_active = False
            self._force_close()
        elif self.open:
            self.close()


@dataclass(frozen=True)
class Way:
    """How a server is reached."""

    target: Target = field(repr=False)
    host: str
    port: int

    @property
    def seconds(self) -> float:
        """How long it may take to let us in."""
        return float(self.target.options.get("connect_seconds", CONNECT_SECONDS))

    def session(self, line: socket.socket) -> Session:
        """Sign in. Blocks. Raises what PyMySQL does, and DriverFailed."""
        text = self.target.text
        mode = text("tls", "prefer")
        if mode not in _MODES:
            raise DriverFailed("failed", f"The field tls cannot be {mode}.")
        session = Session(
            host=self.host,
            port=self.port,
            user=text("user"),
            password=text("password").encode(),
            database=text("database") or None,
            charset="utf8mb4",
            conv=decoders(),
            ssl=_tls(mode, text("ca_file")),
            ssl_disabled=mode == "disable",
            read_timeout=self.seconds,
            write_timeout=self.seconds,
            autocommit=None,
            program_name="cowork",
            auth_plugin_map=dict.fromkeys(_CLEAR, _Refused) if mode in ("prefer", "disable") else {},
            defer_connect=True,
        )
        session.connect(line)
        return session

    def kill(self, id: int, place: tuple[str, int]) -> bool:
        """Whether the server, which is at that address, was told to end what that session does. Blocks."""
        with suppress(pymysql.MySQLError, OSError, DriverFailed):
            other = self.session(socket.create_connection(place, self.seconds))
            try:
                other.query(f"KILL QUERY {id}")
                return True
            finally:
                other.end()
        return False


class _Refused:
    def __init__(self, connection: Connection) -> None:
        pass

    def authenticate(self, packet: Any) -> Any:
        raise DriverFailed(
            "tls",
            "The server wants the password itself. Set TLS to require or verify-full, so that nobody else"
            " reads it.",
        )


def _tls(mode: str, file: str) -> ssl.SSLContext | None:
    """None: TLS where the server speaks it, or none at all."""
    if mode == "verify-full":
        if file and not Path(file).is_file():
            raise DriverFailed("tls", f"There is no file {file} with the certificates to trust.")
        return ssl.create_default_context(cafile=file or None)
    if mode == "require":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    return None
