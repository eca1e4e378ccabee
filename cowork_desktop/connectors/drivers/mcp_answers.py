"""What MCP servers define and answer, within bounds, as drivers tell it.

https://modelcontextprotocol.io/specification/2025-11-25/server/tools
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mcp import types

from cowork_desktop.connectors.drivers.driver import ToolAnswer, ToolDefinition, ToolImage
from cowork_desktop.connectors.masking import Masking

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_MOST_TOOLS = 200
_MOST_BYTES = 1_000_000
_MOST_DESCRIPTION = 4_000
_MOST_SCHEMA_BYTES = 100_000
_DEEPEST = 40
_MOST_TEXT = 200_000
_MOST_IMAGES = 5
_MOST_IMAGE_BYTES = 5_000_000
_SIGNATURES = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.S),
}


class Definitions:
    """Those that can be used, page by page; of two with one name the first."""

    def __init__(self, masking: Masking) -> None:
        self.found: dict[str, ToolDefinition] = {}
        self.is_full = False
        self._masking, self._room = masking, _MOST_BYTES

    def add(self, tools: Iterable[types.Tool]) -> None:
        for tool in tools:
            one = _definition(tool, self._masking)
            if one is None or one.name in self.found:
                continue
            self._room -= len(one.description.encode()) + len(json.dumps(one.input_schema))
            self.is_full = self._room < 0 or len(self.found) == _MOST_TOOLS
            if self.is_full:
                return
            self.found[one.name] = one


def answer(result: types.CallToolResult, masking: Masking) -> ToolAnswer:
    images: list[ToolImage] = []
    parts = [text for part in result.content if (text := _text(part, images))]
    if not parts and result.structured_content is not None:
        parts = [json.dumps(result.structured_content, ensure_ascii=False)]
    return ToolAnswer(cut(masking.text("\n".join(parts)), _MOST_TEXT), images, bool(result.is_error))


def cut(text: str, length: int) -> str:
    text = text.replace("\0", "�")
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _definition(tool: types.Tool, masking: Masking) -> ToolDefinition | None:
    schema = masking.value(tool.input_schema)
    if not _NAME.fullmatch(tool.name) or _is_deep(schema):
        return None
    try:
        size = len(json.dumps(schema, allow_nan=False))
    except ValueError:
        return None
    if size > _MOST_SCHEMA_BYTES:
        return None
    return ToolDefinition(tool.name, cut(masking.text(tool.description or ""), _MOST_DESCRIPTION), schema)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for one in level for inner in _inner(one)]
    return bool(level)


def _inner(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _text(part: types.ContentBlock, images: list[ToolImage]) -> str:
    """What the model reads of it; an image goes to the images."""
    match part:
        case types.TextContent():
            return part.text
        case types.ImageContent():
            return _image(part.data, part.mime_type, images)
        case types.AudioContent():
            return f"[A sound was left out: {part.mime_type}]"
        case types.ResourceLink():
            described = f": {part.description}" if part.description else ""
            return f"[{part.name}]({part.uri}){described}"
        case types.EmbeddedResource():
            return _resource(part.resource, images)
    return ""


def _resource(
    resource: types.TextResourceContents | types.BlobResourceContents, images: list[ToolImage]
) -> str:
    if isinstance(resource, types.TextResourceContents):
        return f"{resource.uri}\n{resource.text}"
    mime_type = resource.mime_type or "of an unknown type"
    if mime_type.startswith("image/"):
        return f"{resource.uri}\n{_image(resource.blob, mime_type, images)}".strip()
    return f"[{resource.uri} was left out: {mime_type}]"


def _image(encoded: str, mime_type: str, images: list[ToolImage]) -> str:
    """Empty, or why it was left out. What it is its first bytes say."""
    if len(images) == _MOST_IMAGES:
        return f"[An image was left out: there are more than {_MOST_IMAGES}]"
    if len(encoded) > _MOST_IMAGE_BYTES * 4 // 3 + 4:
        return f"[An image was left out: it has more than {_MOST_IMAGE_BYTES // 1_000_000} MB]"
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return "[An image was left out: it is damaged]"
    kind = next((kind for kind, begins in _SIGNATURES.items() if begins.match(content)), None)
    if kind is None:
        return f"[An image was left out: it is no PNG, JPEG, GIF or WebP but {mime_type[:100]}]"
    images.append(ToolImage(kind, content))
    return ""
