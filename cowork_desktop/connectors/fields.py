"""Looks at the credentials that a client sends, and parts what is secret from what is not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cowork_desktop.connectors.specs import FieldData, MethodData
from cowork_desktop.errors import InvalidRequest

Plain = str | int | bool
_PLACE = "body.credentials"


@dataclass(frozen=True)
class Parted:
    fields: dict[str, Plain]
    secrets: dict[str, str] = field(repr=False)


def parted(method: MethodData, given: Mapping[str, Plain | None]) -> Parted:
    """All fields of a connection. Raises InvalidRequest, with every fault and no value in its words."""
    known = {one.key: one for one in method.fields}
    faults = [
        _fault(key, "is not a field of this connector.", "extra_forbidden")
        for key in given
        if key not in known
    ]
    fields: dict[str, Plain] = {}
    secrets: dict[str, str] = {}
    for one in method.fields:
        value = given.get(one.key)
        if value is None or (isinstance(value, str) and not value.strip()):
            if one.required and one.default is None:
                faults.append(_fault(one.key, f"{one.label} is required.", "missing"))
            continue
        if words := _misfit(one, value):
            faults.append(_fault(one.key, words, "field_type"))
        elif one.secret:
            text = _as_text(value)
            secrets[one.key] = text if one.type == "multiline" else text.strip("\r\n")
        else:
            fields[one.key] = _as_is(one, value)
    if faults:
        raise InvalidRequest.of(faults)
    return Parted(fields, secrets)


def with_defaults(method: MethodData, fields: Mapping[str, Plain]) -> dict[str, Plain]:
    defaults = {one.key: one.default for one in method.fields if one.default is not None}
    return {**defaults, **fields}


def _misfit(one: FieldData, value: Plain) -> str | None:
    """Why the value cannot be this field's, in words that do not repeat it."""
    match one.type:
        case "number" if not _is_number(value):
            return f"{one.label} should be a whole number."
        case "boolean" if not isinstance(value, bool):
            return f"{one.label} should be true or false."
        case "choice" if value not in one.choices:
            return f"{one.label} should be one of {', '.join(one.choices)}."
        case "text" | "multiline" if isinstance(value, bool):
            return f"{one.label} should be a text."
        case "text" if isinstance(value, str) and not one.secret and _has_line_ends(value):
            return f"{one.label} should be one line."
    return None


def _is_number(value: Plain) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) <= 15
    return not isinstance(value, bool) and 0 <= value < 10**15


def _has_line_ends(text: str) -> bool:
    return any(ord(character) < 32 or ord(character) == 127 for character in text)


def _as_text(value: Plain) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _as_is(one: FieldData, value: Plain) -> Plain:
    if one.type == "number":
        return int(value)
    if isinstance(value, str):
        return value.strip() if one.type == "text" else value
    return value if isinstance(value, bool) else str(value)


def _fault(key: str, words: str, type: str) -> dict[str, Any]:
    return {"param": f"{_PLACE}.{key}", "message": words, "type": type}
