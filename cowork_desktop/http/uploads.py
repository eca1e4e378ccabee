"""Multipart forms, read with a count of their bytes."""

from typing import Any

from aiohttp import BodyPartReader, web
from aiohttp.http import HttpProcessingError

from cowork_desktop.errors import InvalidRequest, PayloadTooLarge, UnsupportedMediaType
from cowork_desktop.schemas.base import Upload

LARGEST_FORM = 64 * 1024 * 1024
"""Bytes of a form that is read into memory."""
_MOST_FIELDS = 100


async def read_form(request: web.Request) -> dict[str, Any]:
    """The fields by name: text, or an Upload where a part has a file name."""
    if request.content_type != "multipart/form-data":
        raise UnsupportedMediaType("The body must be multipart/form-data.")
    fields: dict[str, Any] = {}
    room = LARGEST_FORM
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None or len(fields) >= _MOST_FIELDS:
                raise InvalidRequest("The form has a part that is no field.", param="form")
            if part.name in fields:
                raise InvalidRequest(f"form.{part.name[:100]}: stands more than once.", param="form")
            content = await _read(part, room)
            room -= len(content)
            is_file = part.filename is not None
            fields[part.name] = Upload(part.filename or "", content) if is_file else content.decode()
    except (ValueError, AssertionError, HttpProcessingError, web.RequestPayloadError) as error:
        raise InvalidRequest(
            "The form cannot be read: it is cut off or wrongly encoded.", param="form"
        ) from error
    return fields


async def _read(part: BodyPartReader, room: int) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(256 * 1024):
        content += chunk
        if len(content) > room:
            raise PayloadTooLarge(f"The form is larger than {LARGEST_FORM:,} bytes.")
    return bytes(content)
