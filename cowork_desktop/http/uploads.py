"""Multipart forms, read with a count of their bytes: into memory, or the files of streamed ones to the
disk."""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from aiohttp import BodyPartReader, hdrs, web
from aiohttp.http import HttpProcessingError

from cowork_desktop.errors import InvalidRequest, PayloadTooLarge, StorageFull, UnsupportedMediaType
from cowork_desktop.ids import random_id
from cowork_desktop.schemas.base import Spooled, Upload

LARGEST_FORM = 64 * 1024 * 1024
"""Bytes of a form that is read into memory."""
_LARGEST_FIELDS = 1024 * 1024
"""Bytes of a streamed form beside its file."""
_MOST_FIELDS = 100
_CHUNK = 256 * 1024
_WRITTEN_AT_ONCE = 1024 * 1024
_UNREADABLE = (
    ValueError,
    LookupError,
    AssertionError,
    ConnectionError,
    HttpProcessingError,
    web.RequestPayloadError,
)
"""What reading a form raises that is wrongly written, or whose client went away."""
_PARAMETER = re.compile(r';\s*([\w*-]+)=("(?:[^"\\]|\\.)*"|[^;\s"]+)')


@dataclass(frozen=True)
class Spool:
    """Where the files of streamed forms go as they come, and how large they may be."""

    folder: Path
    limit: Callable[[], int]
    """Bytes."""


SPOOL = web.AppKey("SPOOL", Spool)


@asynccontextmanager
async def read_form(request: web.Request, *, is_streamed: bool) -> AsyncIterator[dict[str, Any]]:
    """The fields by name: text, or an Upload or Spooled where a part has a file name.

    What was spooled and not moved elsewhere is gone when the context ends.
    """
    if request.content_type != "multipart/form-data":
        raise UnsupportedMediaType("The body must be multipart/form-data.")
    form = _Form(request.app[SPOOL] if is_streamed else None)
    form.check_length(request.content_length)
    try:
        await _read_all(request, form)
        yield form.fields
    finally:
        if form.spooled:
            await asyncio.to_thread(_remove, form.spooled)


@dataclass(eq=False)
class _Form:
    """What has been read of a form so far."""

    spool: Spool | None
    fields: dict[str, Any] = field(default_factory=dict)
    spooled: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.limit = self.spool.limit() if self.spool else LARGEST_FORM
        self.room = self.limit
        """How many more bytes its files may have; where they go to memory, all that is in it."""
        self.room_for_text = _LARGEST_FIELDS if self.spool else self.limit

    def check_length(self, length: int | None) -> None:
        """Refuse a form at once whose head says that it is too long."""
        if length is not None and length > self.limit + _LARGEST_FIELDS:
            raise self.too_large()

    def take(self, size: int) -> None:
        self.room -= size
        if self.room < 0:
            raise self.too_large()

    def take_text(self, size: int) -> None:
        self.room_for_text -= size
        if self.room_for_text < 0:
            raise PayloadTooLarge(f"The fields of the form are longer than {_LARGEST_FIELDS:,} bytes.")

    def too_large(self) -> PayloadTooLarge:
        what = "file" if self.spool else "form"
        return PayloadTooLarge(f"The {what} is larger than {self.limit:,} bytes.")


async def _read_all(request: web.Request, form: _Form) -> None:
    try:
        async for part in await request.multipart():
            name, file_name = _names(part) if isinstance(part, BodyPartReader) else (None, None)
            if not isinstance(part, BodyPartReader) or name is None or len(form.fields) >= _MOST_FIELDS:
                raise InvalidRequest("The form has a part that is no field.", param="form")
            if name in form.fields:
                raise InvalidRequest(f"form.{name[:100]}: stands more than once.", param="form")
            form.fields[name] = await _read_field(part, form, file_name)
    except _UNREADABLE as error:
        raise InvalidRequest(
            "The form cannot be read: it is cut off or wrongly encoded.", param="form"
        ) from error


async def _read_field(part: BodyPartReader, form: _Form, name: str | None) -> Any:
    if name is None:
        return (await _read(part, form.take_text if form.spool else form.take)).decode()
    if form.spool is None:
        return Upload(name, await _read(part, form.take))
    place = form.spool.folder / random_id("part")
    form.spooled.append(place)
    try:
        size, digest = await _spool(part, form, place)
    except ConnectionError:
        raise
    except OSError as error:
        raise StorageFull(f"The file cannot be stored: {error.strerror or error}.") from error
    return Spooled(name, place, size, digest)


def _names(part: BodyPartReader) -> tuple[str | None, str | None]:
    """The name of the field, and of the file where it is one, as they were given
    (https://www.rfc-editor.org/rfc/rfc7578); aiohttp takes slashes away, and does not read each one."""
    given = dict(_PARAMETER.findall(part.headers.get(hdrs.CONTENT_DISPOSITION, "")))
    plain = {name.lower(): _unquoted(value) for name, value in given.items()}
    if extended := plain.get("filename*"):
        encoding, _, value = extended.split("'", 2)
        return plain.get("name"), unquote(value, encoding, "strict")
    return plain.get("name"), plain.get("filename")


def _unquoted(value: str) -> str:
    """As curl and browsers quote names: with backslashes before quotes and backslashes, or not at all."""
    if not value.startswith('"'):
        return value
    return re.sub(r'\\(["\\])', r"\1", value[1:-1])


async def _read(part: BodyPartReader, take: Callable[[int], None]) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        content += chunk
        take(len(chunk))
    return bytes(content)


async def _spool(part: BodyPartReader, form: _Form, place: Path) -> tuple[int, str]:
    """Write the part to the disk for good, some of it at a time; its size and its digest."""
    run = asyncio.get_running_loop().run_in_executor
    digest, size = hashlib.sha256(), 0
    file = await run(None, place.open, "xb")
    writing = run(None, file.flush)
    try:
        async for some in _gathered(part):
            form.take(len(some))
            size += len(some)
            await writing
            writing = run(None, _append, file, digest, some)
        await writing
        await run(None, _finish, file)
    finally:
        await asyncio.wait([writing])
        await run(None, file.close)
    return size, digest.hexdigest()


async def _gathered(part: BodyPartReader) -> AsyncIterator[bytes]:
    """The part in pieces of about a megabyte: each costs a hop to a thread."""
    some = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        some += chunk
        if len(some) >= _WRITTEN_AT_ONCE:
            yield bytes(some)
            some.clear()
    if some:
        yield bytes(some)


def _append(file: BinaryIO, digest: "hashlib._Hash", chunk: bytes) -> None:
    file.write(chunk)
    digest.update(chunk)


def _finish(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _remove(places: Iterable[Path]) -> None:
    for place in places:
        place.unlink(missing_ok=True)
