"""Answers of Redis as rows."""

from collections.abc import Iterable, Sequence
from typing import Any

from cowork_desktop.connectors.drivers.driver import Column, Row
from cowork_desktop.connectors.drivers.redis_commands import Command

_ENTRIES = ("XRANGE", "XREVRANGE")
_SORTED = frozenset({"ZRANGE", "ZREVRANGE", "ZRANGEBYSCORE", "ZREVRANGEBYSCORE", "ZRANDMEMBER"}) | frozenset(
    {"ZINTER", "ZUNION", "ZDIFF"}
)


def columns_of(command: Command) -> Sequence[Column]:
    return [Column(name) for name in _names(command)]


def _names(command: Command) -> Sequence[str]:
    match command.name:
        case "SCAN":
            return ("key",)
        case "MGET":
            return ("key", "value")
        case "INFO":
            return ("name", "value")
        case "XREAD":
            return ("stream", "id", "fields")
        case "HSCAN" if command.has(b"NOVALUES", after=3):
            return ("field",)
        case "HGETALL" | "HMGET" | "HSCAN":
            return ("field", "value")
        case "HRANDFIELD" if command.has(b"WITHVALUES", after=3):
            return ("field", "value")
        case "ZSCAN":
            return ("member", "score")
        case name if name in _ENTRIES:
            return ("id", "fields")
        case name if name in _SORTED and command.has(b"WITHSCORES", after=2):
            return ("member", "score")
        case "XINFO" if command.part == "STREAM":
            return ("name", "value")
    return ("value",)


def rows_of(command: Command, answer: Any) -> Sequence[Row]:
    """As the columns are."""
    match command.name:
        case "MGET":
            return list(zip(map(plain, command.words[1:]), map(plain, _list(answer)), strict=False))
        case "HMGET":
            return list(zip(map(plain, command.words[2:]), map(plain, _list(answer)), strict=False))
        case "INFO":
            return _settings(plain(answer))
        case "XREAD":
            return [
                [plain(stream), *entry] for stream, entries in _list(answer) for entry in entries_of(entries)
            ]
        case name if name in _ENTRIES:
            return entries_of(answer)
    match [column.name for column in columns_of(command)]:
        case ["member", "score"]:
            return scored(answer)
        case [_, _]:
            return pairs(answer)
    return [[plain(one)] for one in answer] if isinstance(answer, list) else [[plain(answer)]]


def pairs(answer: Any) -> list[Row]:
    """Of a flat list."""
    items = _list(answer)
    return [[plain(name), plain(value)] for name, value in zip(items[::2], items[1::2], strict=False)]


def scored(answer: Any) -> list[Row]:
    items = _list(answer)
    return [[plain(one), _score(score)] for one, score in zip(items[::2], items[1::2], strict=False)]


def entries_of(answer: Any) -> list[Row]:
    """Of a stream: their ids, and their fields by name."""
    return [[plain(id), {str(name): value for name, value in pairs(fields)}] for id, fields in _list(answer)]


def plain(value: Any) -> Any:
    """Text where it is UTF-8."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value
    if isinstance(value, list):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, Exception) else value


def _score(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return plain(value)


def _settings(text: Any) -> list[Row]:
    lines: Iterable[str] = str(text).splitlines()
    return [[name, value] for name, colon, value in (line.partition(":") for line in lines) if colon]


def _list(answer: Any) -> list[Any]:
    return answer if isinstance(answer, list) else []
