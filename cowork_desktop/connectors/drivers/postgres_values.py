"""What PostgreSQL's values become: Python's where these can hold them, and otherwise the server's text."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from psycopg import AsyncConnection
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.types.datetime import IntervalLoader

_RANGES = ("int4", "int8", "num", "ts", "tstz", "date")
_AS_TEXT = (
    "record",
    "inet",
    "cidr",
    "timetz",
    *(f"{kind}range" for kind in _RANGES),
    *(f"{kind}multirange" for kind in _RANGES),
)


def prepare(connection: AsyncConnection[Any]) -> None:
    """Make the connection's values ones of a Row, whatever there is in them."""
    for name in _AS_TEXT:
        connection.adapters.register_loader(name, _Text)
    for name, load in _LOADS.items():
        connection.adapters.register_loader(name, _or_text(load))
    connection.adapters.register_loader("interval", _Interval)
    if connection.pgconn.parameter_status(b"server_encoding") == b"SQL_ASCII":
        for name in ("text", "varchar", "bpchar", "name", "unknown", "json", "jsonb"):
            connection.adapters.register_loader(name, _Text)
        connection.adapters.register_loader(0, _Text)


class _Text(Loader):
    def load(self, data: Buffer) -> Any:
        return bytes(data).decode("utf-8", "replace")


class _Interval(IntervalLoader):
    def load(self, data: Buffer) -> Any:
        """Months have no length of their own, so an interval with some is text."""
        text = bytes(data).decode()
        if "mon" in text or "year" in text:
            return text
        try:
            return super().load(data)
        except Exception:
            return text


def _or_text(load: Callable[[str], Any]) -> type[Loader]:
    class Tried(Loader):
        def load(self, data: Buffer) -> Any:
            text = bytes(data).decode()
            try:
                return load(text)
            except (ValueError, OverflowError, RecursionError):
                return text

    return Tried


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _timestamp(text: str) -> datetime:
    if not text[-1].isdigit():
        raise ValueError(text)
    return datetime.fromisoformat(text)


def _timestamptz(text: str) -> datetime:
    """With the session's time zone in it; what is before our era has letters at its end."""
    return _timestamp(text).astimezone(UTC)


def _time(text: str) -> time:
    if text.startswith("24"):
        raise ValueError(text)
    return time.fromisoformat(text)


_LOADS: dict[str, Callable[[str], Any]] = {
    "date": _date,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "time": _time,
    "json": json.loads,
    "jsonb": json.loads,
}
