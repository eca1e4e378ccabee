"""What the driver uses of Snowflake's connector, with set answers: the library itself is large, and needs an
account. Its calls were held against release 5.2."""

import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType, TracebackType
from typing import Any

import pytest


class Failed(Exception):
    """As `snowflake.connector.errors.Error`."""

    def __init__(self, message: str, errno: int, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.raw_msg, self.errno, self.sqlstate = message, errno, sqlstate


@dataclass
class Snowflake:
    arguments: dict[str, Any] = field(default_factory=dict)
    """Of the last sign-in."""
    columns: Sequence[tuple[str, int]] = (("N", 0),)
    rows: Sequence[Sequence[Any]] = ((1,),)
    count: int = 1
    sign_in_error: Exception | None = None
    error: Exception | None = None
    holds: bool = False
    """A query goes on until it is cancelled."""
    log: list[str] = field(default_factory=list)
    is_held: threading.Event = field(default_factory=threading.Event)
    is_cancelled: threading.Event = field(default_factory=threading.Event)
    session_id: int = 4711
    fetched: int = 0

    def connect(self, **arguments: Any) -> "Snowflake":
        self.arguments = arguments
        if self.sign_in_error:
            raise self.sign_in_error
        return self

    def cursor(self) -> "Cursor":
        return Cursor(self)

    def rollback(self) -> None:
        self.log.append("rollback")

    def close(self) -> None:
        self.log.append("close")


@dataclass
class Cursor:
    server: Snowflake
    _at: int = 0

    def execute(self, sql: str, timeout: int | None = None) -> "Cursor":
        self.server.log.append(sql)
        if "SYSTEM$CANCEL_ALL_QUERIES" in sql:
            self.server.is_cancelled.set()
        elif self.server.error:
            raise self.server.error
        elif self.server.holds:
            self.server.is_held.set()
            assert self.server.is_cancelled.wait(20)
            raise Failed("000604 (57014): SQL execution canceled", 604, "57014")
        return self

    @property
    def description(self) -> list[tuple[str, int]]:
        return list(self.server.columns)

    @property
    def rowcount(self) -> int:
        return self.server.count

    def fetchmany(self, size: int) -> Sequence[Sequence[Any]]:
        self._at = self.server.fetched = self._at + size
        return self.server.rows[self._at - size : self._at]

    def __enter__(self) -> "Cursor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.log.append("cursor closed")


def installed(monkeypatch: pytest.MonkeyPatch) -> Snowflake:
    """As if the connector were there."""
    fake = Snowflake()
    package, connector = ModuleType("snowflake"), ModuleType("snowflake.connector")
    connector.connect = fake.connect  # type: ignore[attr-defined]
    package.connector = connector  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "snowflake", package)
    monkeypatch.setitem(sys.modules, "snowflake.connector", connector)
    return fake
