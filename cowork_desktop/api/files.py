"""Handlers of files."""

import asyncio

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.errors import NotFound, PayloadTooLarge, RangeNotSatisfiable, StorageFull
from cowork_desktop.http.downloads import INERT, attachment, send_file
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.files import File, FileForm, FilePatch, FileQuery, FileText
from cowork_desktop.schemas.texts import PassageQuery
from cowork_desktop.store import files
from cowork_desktop.workspace.extraction.types import can_extract
from cowork_desktop.workspace.sniff import sniff

endpoints = Endpoints("/api/v1/files", tag="Files")


@endpoints.get()
async def list_files(request: web.Request, query: FileQuery) -> Encoded[Page[File]]:
    """List files, newest first."""
    return await request.app[keys.DB].scan(files.list_, query)


@endpoints.post(errors=(PayloadTooLarge, StorageFull))
async def create_file(request: web.Request, form: FileForm) -> Encoded[File]:
    """Upload a file.

    It is stored once by its content, up to the size that `files.largest_bytes` of the settings allows. Its
    text is read meanwhile: `text_status` tells how far that is.
    """
    app, id = request.app, request.app[keys.IDS].new("file")
    kind = await asyncio.to_thread(sniff, form.file.place, form.file.name)
    has_text = can_extract(kind)
    made = await app[keys.CONTENTS].adopt(
        {form.file.sha256: form.file.place},
        lambda: app[keys.DB].write(
            files.create, id, app[keys.CLOCK].now(), form, form.file, kind, has_text=has_text
        ),
    )
    if has_text:
        app[keys.TEXTS].start(id)
    return made


@endpoints.get("/{file_id}", errors=(NotFound,))
async def get_file(request: web.Request, file_id: str) -> Encoded[File]:
    """Get a file's description."""
    return await request.app[keys.DB].read(files.show, file_id)


@endpoints.get("/{file_id}/content", errors=(NotFound, RangeNotSatisfiable))
async def get_file_content(request: web.Request, file_id: str) -> web.FileResponse:
    """Get the bytes of a file, or a range of them; always as an attachment."""
    file = await request.app[keys.DB].read(files.get, file_id)
    place = request.app[keys.CONTENTS].place(file.sha256)
    headers = {"Content-Disposition": attachment(file.name), "Content-Security-Policy": INERT}
    return await send_file(request, place, file.mime_type, headers)


@endpoints.get("/{file_id}/text", errors=(NotFound,))
async def get_file_text(request: web.Request, file_id: str, query: PassageQuery) -> FileText:
    """Get the text that is in a file, passage by passage, each with the place where it was found."""
    return await request.app[keys.DB].scan(files.text, file_id, query.limit, query.offset)


@endpoints.patch("/{file_id}", errors=(NotFound,))
async def update_file(request: web.Request, file_id: str, body: FilePatch) -> Encoded[File]:
    """Rename a file."""
    return await request.app[keys.DB].write(files.patch, file_id, body)


@endpoints.delete("/{file_id}", errors=(NotFound,))
async def delete_file(request: web.Request, file_id: str) -> None:
    """Delete a file."""
    await request.app[keys.DB].write(files.delete, file_id, request.app[keys.CLOCK].now())
    request.app[keys.DELETION].start()
