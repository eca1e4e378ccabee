"""Values of BigQuery as its REST API writes them, by the schema of a result.

https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema; timestamps come as whole
microseconds, which is what `useInt64Timestamp` asks for.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from cowork_desktop.connectors.drivers.driver import Column, Row

Field = Mapping[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def columns(schema: Mapping[str, Any]) -> list[Column]:
    return [Column(str(field["name"]), type_of(field)) for field in schema.get("fields", [])]


def type_of(field: Field) -> str:
    """As GoogleSQL writes it: `ARRAY<STRUCT<id INT64>>`."""
    name = _NAMES.get(field["type"], field["type"])
    if name == "STRUCT":
        inner = ", ".join(f"{one['name']} {type_of(one)}" for one in field.get("fields", []))
        name = f"STRUCT<{inner}>"
    return f"ARRAY<{name}>" if field.get("mode") == "REPEATED" else str(name)


def rows(schema: Mapping[str, Any], page: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Raises ValueError and such where a value does not fit."""
    fields = schema.get("fields", [])
    return [[_value(field, cell["v"]) for field, cell in zip(fields, row["f"], strict=True)] for row in page]


def _value(field: Field, value: Any) -> Any:
    if field.get("mode") == "REPEATED":
        return [_one(field, item["v"]) for item in value or []]
    return _one(field, value)


def _one(field: Field, value: Any) -> Any:
    if value is None:
        return None
    name = _NAMES.get(str(field["type"]), str(field["type"]))
    if name == "STRUCT":
        pairs = zip(field.get("fields", []), value["f"], strict=True)
        return {inner["name"]: _value(inner, cell["v"]) for inner, cell in pairs}
    return _PLAIN.get(name, str)(value)


_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}
_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "INT64": int,
    "FLOAT64": float,
    "NUMERIC": Decimal,
    "BIGNUMERIC": Decimal,
    "BOOL": lambda value: str(value).lower() == "true",
    "BYTES": base64.b64decode,
    "TIMESTAMP": lambda value: _EPOCH + timedelta(microseconds=int(value)),
    "DATE": date.fromisoformat,
    "TIME": time.fromisoformat,
    "DATETIME": datetime.fromisoformat,
    "JSON": json.loads,
}
