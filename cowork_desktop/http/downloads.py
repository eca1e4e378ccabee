"""Answers that are files: with ranges, validators and the headers that keep them from doing harm."""

import asyncio
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from multidict import CIMultiDict

from cowork_desktop.errors import NotFound, RangeNotSatisfiable
from cowork_desktop.ids import random_id
from cowork_desktop.tasks import wholly

ACTIVE_TYPES = frozenset(
    {"text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml", "application/pdf"}
)
"""What a browser takes for a document that may act."""
MAKING = web.AppKey("making", asyncio.Semaphore)
MADE_AT_ONCE = 2
INERT = "sandbox; connect-src 'none'; form-action 'none'"


def is_active(media_type: str) -> bool:
    return media_type in ACTIVE_TYPES or media_type.endswith("+xml")


async def send_file(
    request: web.Request, place: Path, media_type: str, headers: Mapping[str, str] | None = None
) -> web.FileResponse:
    """The file, or the range of it that is asked for (https://www.rfc-editor.org/rfc/rfc9110#section-14).

    Raises NotFound, and RangeNotSatisfiable.
    """
    status = await asyncio.to_thread(_status, place)
    if status is None:
        raise NotFound("The bytes of this file are missing, or cannot be read.")
    is_partial = _is_one_range(request) and _is_of_this(request, status)
    if is_partial and not _is_within(request.http_range, status.st_size):
        raise RangeNotSatisfiable(status.st_size)
    all_headers = {"Content-Type": media_type, "Cache-Control": "no-cache", **(headers or {})}
    return _File(place, all_headers, is_partial=is_partial)


async def send_made(
    request: web.Request, folder: Path, make: Callable[[Path], None], *, media_type: str, name: str
) -> web.StreamResponse:
    """Let `make` write a file in `folder`, send it to be kept under `name`, and take it away again. A few are
    made at a time, and the rest wait: they share their threads with all that reads and writes files."""
    place = folder / random_id("part")
    try:
        async with request.app[MAKING]:
            await wholly(asyncio.to_thread(make, place))
        headers = {"Content-Disposition": attachment(name), "Cache-Control": "no-store"}
        answer = await send_file(request, place, media_type, headers)
        with suppress(ConnectionError):  # who goes away gets nothing, and that is no fault
            await answer.prepare(request)
            await answer.write_eof()
        return answer
    finally:
        await asyncio.to_thread(place.unlink, missing_ok=True)


class _File(web.FileResponse):
    """A file. Several ranges at once, what is no range, and a range of something else than this are taken for
    none, as the standard allows."""

    def __init__(self, place: Path, headers: Mapping[str, str], *, is_partial: bool) -> None:
        super().__init__(place, headers=headers)
        self._is_partial = is_partial

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        if self.prepared:
            return None
        # Told that the client takes compressed files, aiohttp would send `a.csv.gz` in the place of `a.csv`.
        left_out = [hdrs.ACCEPT_ENCODING, hdrs.IF_RANGE, *([] if self._is_partial else [hdrs.RANGE])]
        headers = CIMultiDict(request.headers)
        for name in left_out:
            headers.popall(name, None)
        return await super().prepare(request.clone(headers=headers))


def _status(place: Path) -> os.stat_result | None:
    """Of a regular file that can be read; None where there is none."""
    with suppress(OSError):
        status = place.stat()
        return status if stat.S_ISREG(status.st_mode) and os.access(place, os.R_OK) else None
    return None


def _is_of_this(request: web.Request, status: os.stat_result) -> bool:
    """Whether the range that is asked for is of the file as it is now; If-Range has a tag or a time."""
    given = request.headers.get(hdrs.IF_RANGE)
    if given is None:
        return True
    if request.if_range is not None:
        return int(status.st_mtime) == int(request.if_range.timestamp())
    return given == f'"{status.st_mtime_ns:x}-{status.st_size:x}"'  # as aiohttp makes an ETag


def _is_one_range(request: BaseRequest) -> bool:
    with suppress(ValueError):
        return request.http_range.start is not None
    return False


def _is_within(asked: slice, size: int) -> bool:
    start: int = asked.start
    return start < size and (start >= 0 or size > 0)


def attachment(name: str, *, instead: str = "file") -> str:
    """The `Content-Disposition` of a file (https://www.rfc-editor.org/rfc/rfc6266): for all, and for those
    who know more than ASCII. `instead`: the name where none is left in ASCII."""
    plain = "".join(ch if ch.isascii() and ch.isprintable() and ch not in '"\\/%' else "" for ch in name)
    stem, dot, suffix = plain.rpartition(".")
    plain = f"{stem.strip() or instead}.{suffix}" if dot else plain.strip() or instead
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
