"""Values of BSON as plain ones: https://bsonspec.org/spec.html."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from bson.binary import Binary
from bson.code import Code
from bson.datetime_ms import DatetimeMS
from bson.dbref import DBRef
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.max_key import MaxKey
from bson.min_key import MinKey
from bson.objectid import ObjectId
from bson.regex import Regex
from bson.timestamp import Timestamp

_NAMES: Mapping[type, str] = {
    ObjectId: "objectId",
    bool: "bool",
    int: "int",
    Int64: "long",
    float: "double",
    Decimal128: "decimal",
    str: "string",
    datetime: "date",
    DatetimeMS: "date",
    dict: "object",
    list: "array",
    bytes: "binData",
    Binary: "binData",
    UUID: "binData",
    Regex: "regex",
    Timestamp: "timestamp",
    type(None): "null",
}
_PLAIN: Mapping[type, Callable[[Any], Any]] = {
    ObjectId: str,
    Int64: int,
    Decimal128: lambda value: value.to_decimal(),
    Timestamp: lambda value: value.as_datetime(),
    Regex: lambda value: f"/{_text(value.pattern)}/",
    Code: str,
    MinKey: lambda value: "MinKey",
    MaxKey: lambda value: "MaxKey",
    DatetimeMS: lambda value: f"{int(value)} ms since 1970",  # Before year 1 or after 9999.
}


def plain(value: Any) -> Any:
    """A document, or any part of one, as values that rows have."""
    match value:
        case DBRef():
            return plain(value.as_doc())
        case Mapping():
            return {str(key): plain(one) for key, one in value.items()}
        case list():
            return [plain(one) for one in value]
        case Binary():
            return value.as_uuid() if value.subtype == 4 and len(value) == 16 else bytes(value)
    known = _PLAIN.get(type(value))
    return known(value) if known else value


def type_name(value: Any) -> str:
    """As `$type` calls it: https://www.mongodb.com/docs/manual/reference/bson-types/."""
    return _NAMES.get(type(value), type(value).__name__)


def _text(pattern: str | bytes) -> str:
    return pattern.decode("utf-8", "replace") if isinstance(pattern, bytes) else pattern
