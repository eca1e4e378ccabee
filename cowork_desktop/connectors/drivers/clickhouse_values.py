"""Values of ClickHouse as its format TabSeparatedWithNamesAndTypes writes them, by their types.

https://clickhouse.com/docs/interfaces/formats/TabSeparated and https://clickhouse.com/docs/sql-reference/data-types
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Convert = Callable[[str], Any]
"""A field as it stands between two tabs, to its value. Raises ValueError."""

_ESCAPED = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "0": "\0",
    "a": "\a",
    "v": "\v",
    "e": "\x1b",
}
_TYPE = re.compile(r"^(\w+)(?:\((.*)\))?$", re.DOTALL)
_BARE = re.compile(r"[^,\[\](){}:=]*")
_INTEGER = re.compile(r"U?Int\d+")
_FLOATS = ("Float32", "Float64", "BFloat16")
_OF_ONE = ("Nullable", "LowCardinality", "SimpleAggregateFunction")
_CLOSES = {"[": "]", "(": ")", "{": "}"}


def unescaped(text: str) -> str:
    """A string without the backslashes of the format."""
    return _ESCAPED.sub(_escape, text) if "\\" in text else text


def converter(type: str) -> Convert:
    """How fields of this type are read. What is not known stays text."""
    name, arguments = _parts(type)
    if name in _OF_ONE and arguments:
        inner = converter(arguments[-1])
        return lambda text: None if text == r"\N" else inner(text)
    if name in ("Array", "Tuple", "Map", "Nested", "Point", "Ring", "Polygon", "MultiPolygon"):
        value = _value(type)
        return lambda text: value(_Reader(text).all())
    plain = _value(type)
    return lambda text: plain(unescaped(text))


def _escape(match: re.Match[str]) -> str:
    code = match[1]
    return chr(int(code[1:], 16)) if len(code) == 3 else _ESCAPES.get(code, code)


def _parts(type: str) -> tuple[str, list[str]]:
    """`Map(String, Array(UInt8))` as `Map`, [`String`, `Array(UInt8)`]."""
    match = _TYPE.match(type.strip())
    return (match[1], _split(match[2])) if match and match[2] is not None else (type.strip(), [])


def _split(arguments: str) -> list[str]:
    """At the commas that are in no brackets and no quotes."""
    parts, depth, start, quoted, at = [], 0, 0, False, 0
    while at < len(arguments):
        letter = arguments[at]
        if letter == "\\":
            at += 1
        elif letter in "'`":
            quoted = not quoted
        elif not quoted:
            depth += (letter == "(") - (letter == ")")
            if letter == "," and depth == 0:
                parts.append(arguments[start:at].strip())
                start = at + 1
        at += 1
    return [*parts, arguments[start:].strip()]


def _value(type: str) -> Callable[[Any], Any]:
    """From what a reader of literals gives, or an unescaped field, to the value."""
    name, arguments = _parts(type)
    match name:
        case "Nullable" | "LowCardinality" | "SimpleAggregateFunction" if arguments:
            inner = _value(arguments[-1])
            return lambda value: None if value is None else inner(value)
        case "Array" if arguments:
            return partial(_list, _value(arguments[0]))
        case "Tuple" if arguments:
            return partial(_tuple, [_value(_of_named(argument)) for argument in arguments])
        case "Map" if len(arguments) == 2:
            return partial(_map, _value(arguments[0]), _value(arguments[1]))
        case "DateTime" | "DateTime64":
            zone = next((part.strip("'") for part in arguments if part.startswith("'")), None)
            return partial(_datetime, _zone(zone))
    return _scalar(name)


def _scalar(name: str) -> Callable[[Any], Any]:
    if _INTEGER.fullmatch(name):
        return int
    if name in _FLOATS:
        return float
    if name.startswith("Decimal"):
        return Decimal
    match name:
        case "String" | "FixedString":
            return _text
        case "Date" | "Date32":
            return _date
        case "UUID":
            return UUID
        case "Bool":
            return _bool
    return _as_it_is


def _list(inner: Callable[[Any], Any], values: Any) -> list[Any]:
    return [inner(value) for value in values]


def _tuple(inners: Sequence[Callable[[Any], Any]], values: Any) -> list[Any]:
    return [inner(value) for inner, value in zip(inners, values, strict=True)]


def _map(key: Callable[[Any], Any], inner: Callable[[Any], Any], pairs: Any) -> dict[Any, Any]:
    return {key(one): inner(value) for one, value in pairs}


def _of_named(argument: str) -> str:
    """Of `name Type` the type; the elements of a tuple may have names."""
    first, _, rest = argument.partition(" ")
    return rest if rest and "(" not in first and "'" not in first else argument


def _text(value: str) -> str | bytes:
    """Strings of ClickHouse are bytes; those that are no text stay bytes."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape")
    return value


def _date(value: str) -> date | str:
    return value if value == "0000-00-00" else date.fromisoformat(value)


def _datetime(zone: ZoneInfo | None, value: str) -> datetime | str:
    if value.startswith("0000-00-00"):
        return value
    head, _, fraction = value.partition(".")
    # A tenth of a millionth is more than Python knows.
    return datetime.fromisoformat(f"{head}.{fraction[:6]:0<6}" if fraction else head).replace(tzinfo=zone)


def _bool(value: str) -> bool:
    if value not in ("true", "false", "1", "0"):
        raise ValueError(value)
    return value in ("true", "1")


def _as_it_is(value: Any) -> Any:
    return _text(value) if isinstance(value, str) else value


def _zone(name: str | None) -> ZoneInfo | None:
    with suppress(ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(name) if name else None
    return None


@dataclass
class _Reader:
    """Of literals: what is in brackets as lists, in braces as pairs, all else as text, NULL as None."""

    text: str
    at: int = 0

    def all(self) -> Any:
        value = self._one()
        if self.at != len(self.text):
            raise ValueError(self.text[:100])
        return value

    def _one(self) -> Any:
        begin = self.text[self.at : self.at + 1]
        if begin in _CLOSES and begin:
            self.at += 1
            return self._many(_CLOSES[begin])
        if begin == "'":
            return self._quoted()
        match = _BARE.match(self.text, self.at)
        assert match
        self.at = match.end()
        return None if match[0].strip() == "NULL" else match[0].strip()

    def _many(self, end: str) -> list[Any]:
        values: list[Any] = []
        while not self._takes(end):
            value = self._one()
            if end == "}":
                self._needs(":")
                value = (value, self._one())
            values.append(value)
            if not self._takes(","):
                self._needs(end)
                break
        return values

    def _quoted(self) -> str:
        start = self.at = self.at + 1
        while (letter := self.text[self.at : self.at + 1]) != "'":
            if not letter:
                raise ValueError(self.text[:100])
            self.at += 2 if letter == "\\" else 1
        self.at += 1
        return unescaped(self.text[start : self.at - 1])

    def _takes(self, letter: str) -> bool:
        if not self.text.startswith(letter, self.at):
            return False
        self.at += 1
        return True

    def _needs(self, letter: str) -> None:
        if not self._takes(letter):
            raise ValueError(self.text[:100])
