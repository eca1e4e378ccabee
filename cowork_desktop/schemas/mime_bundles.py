"""How a MIME bundle of Jupyter's becomes the `mime`, `data` and `alternatives` of an output, and back."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from pydantic import JsonValue

TEXT = "text/plain"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_NOTE = "[Interactive widgets cannot be shown here; this is their text form.]"

_SVG = "image/svg+xml"
_RICHEST_FIRST = (
    "text/html",
    "text/markdown",
    _SVG,
    "text/latex",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/pdf",
)
_SPECIAL_JSON, _ANY_JSON, _UNKNOWN, _PLAIN, _NEVER_RUN = range(len(_RICHEST_FIRST), len(_RICHEST_FIRST) + 5)
_RANKS = {mime: rank for rank, mime in enumerate(_RICHEST_FIRST)} | {
    "application/json": _ANY_JSON,
    TEXT: _PLAIN,
    "application/javascript": _NEVER_RUN,
    "text/javascript": _NEVER_RUN,
}
_JSON = re.compile(r"application/(.*\+)?json")
_BINARY = re.compile(r"image/[A-Za-z0-9.+-]+|application/pdf")


def from_bundle(bundle: Mapping[str, Any]) -> tuple[str, JsonValue, dict[str, JsonValue]]:
    """`(mime, data, alternatives)` of a bundle from a kernel or a notebook; the richest type is `mime`.

    What cannot be decoded is left out. A bundle with nothing in it is the empty text.
    """
    shapes: dict[str, JsonValue] = {}
    for mime in sorted(bundle, key=lambda mime: (_rank(mime), mime)):
        shape = _shape(mime, bundle[mime])
        if mime != WIDGET_VIEW and (shape is not None or is_json(mime)):
            shapes[mime] = shape
    if WIDGET_VIEW in bundle and shapes.keys() <= {TEXT}:
        return TEXT, _with_widget_note(str(shapes.get(TEXT, ""))), {}
    richest = next(iter(shapes), TEXT)
    return richest, shapes.pop(richest, ""), shapes


def to_bundle(mime: str, data: JsonValue, alternatives: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The bundle that an output was made of, in the form of notebook files: binary types in bare base64, SVG
    as text. Images that are no `data:` URL are left out."""
    shapes = {**alternatives, mime: data}
    values = {mime: _bundle_value(mime, shape) for mime, shape in shapes.items()}
    return {mime: value for mime, value in values.items() if value is not None or is_json(mime)}


def is_json(mime: str) -> bool:
    """Whether data of this type is JSON itself; nbformat draws the same line."""
    return _JSON.fullmatch(mime) is not None


def is_binary(mime: str) -> bool:
    """Whether data of this type is a `data:` URL: images, SVG among them, and PDF."""
    return _BINARY.fullmatch(mime) is not None


def _rank(mime: str) -> int:
    return _RANKS.get(mime, _SPECIAL_JSON if is_json(mime) else _UNKNOWN)


def _with_widget_note(text: str) -> str:
    return WIDGET_NOTE if not text else f"{text}\n{WIDGET_NOTE}"


def _shape(mime: str, value: Any) -> JsonValue:
    """The form that a value of a bundle has in an output; None if it cannot be decoded."""
    if is_json(mime):
        return value  # type: ignore[no-any-return]
    if not is_binary(mime):
        return _text(value)
    if not isinstance(value, str | list):
        return None
    text = _text(value)
    content = text.encode("utf-8", "replace") if mime == _SVG else _decoded(text)
    return f"data:{mime};base64,{base64.b64encode(content).decode()}" if content else None


def _bundle_value(mime: str, shape: JsonValue) -> JsonValue:
    if is_json(mime):
        return shape
    if not is_binary(mime):
        return _text(shape)
    content = _content_of_data_url(shape)
    if content is None:
        return None
    return content.decode("utf-8", "replace") if mime == _SVG else base64.b64encode(content).decode()


def _text(value: Any) -> str:
    """Text from what should be text: notebooks may have it as a list of lines."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return json.dumps(value, ensure_ascii=False)


def _decoded(text: str) -> bytes | None:
    """Base64, wrapped into lines or not."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _content_of_data_url(shape: JsonValue) -> bytes | None:
    if not isinstance(shape, str) or not shape.startswith("data:"):
        return None
    head, comma, body = shape.partition(",")
    content = (
        _decoded(body) if head.endswith(";base64") else unquote_to_bytes(body.encode("utf-8", "replace"))
    )
    return content if comma and content else None
