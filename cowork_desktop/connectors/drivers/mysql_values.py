"""What the values of MySQL and MariaDB become, and what their types are called."""

import json
from collections.abc import Mapping
from typing import Any

from pymysql import converters  # type: ignore[import-untyped]
from pymysql.constants import FIELD_TYPE  # type: ignore[import-untyped]

_BINARY = 63
"""The character set of what is no text."""
_NAMES: Mapping[int, str] = {
    FIELD_TYPE.DECIMAL: "decimal",
    FIELD_TYPE.NEWDECIMAL: "decimal",
    FIELD_TYPE.TINY: "tinyint",
    FIELD_TYPE.SHORT: "smallint",
    FIELD_TYPE.INT24: "mediumint",
    FIELD_TYPE.LONG: "int",
    FIELD_TYPE.LONGLONG: "bigint",
    FIELD_TYPE.FLOAT: "float",
    FIELD_TYPE.DOUBLE: "double",
    FIELD_TYPE.BIT: "bit",
    FIELD_TYPE.DATE: "date",
    FIELD_TYPE.NEWDATE: "date",
    FIELD_TYPE.TIME: "time",
    FIELD_TYPE.DATETIME: "datetime",
    FIELD_TYPE.TIMESTAMP: "timestamp",
    FIELD_TYPE.YEAR: "year",
    FIELD_TYPE.JSON: "json",
    FIELD_TYPE.ENUM: "enum",
    FIELD_TYPE.SET: "set",
    FIELD_TYPE.GEOMETRY: "geometry",
}
_SHORT = (FIELD_TYPE.VARCHAR, FIELD_TYPE.VAR_STRING, FIELD_TYPE.STRING)
_LONG = (FIELD_TYPE.TINY_BLOB, FIELD_TYPE.BLOB, FIELD_TYPE.MEDIUM_BLOB, FIELD_TYPE.LONG_BLOB)


def decoders() -> dict[Any, Any]:
    """For PyMySQL, whose own give what a Row holds, but for these. A date that is none, such as 0000-00-00,
    is text."""
    return {**converters.conversions, FIELD_TYPE.BIT: _bit, FIELD_TYPE.JSON: _json}


def type_name(code: int, charset: int) -> str:
    if code in _SHORT:
        return "varbinary" if charset == _BINARY else "varchar"
    if code in _LONG:
        return "blob" if charset == _BINARY else "text"
    return _NAMES.get(code, "")


def _bit(value: bytes) -> int:
    return int.from_bytes(value, "big")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
