"""Handlers of scratchpads and of their kernels."""

import asyncio

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.errors import Conflict, NotFound
from cowork_desktop.http.downloads import attachment
from cowork_desktop.http.endpoint import Endpoints, an_id
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.scratchpads import (
    Completion,
    CompletionRequest,
    ExportQuery,
    KernelStatus,
    NotebookForm,
    Scratchpad,
    ScratchpadCreate,
    ScratchpadPatch,
    ScratchpadQuery,
)
from cowork_desktop.store import scratchpads
from cowork_desktop.workspace import exports

endpoints = Endpoints("/api/v1/scratchpads", tag="Scratchpads")

_ONE = an_id("scratchpad_id", but="import")


@endpoints.get()
async def list_scratchpads(request: web.Request, query: ScratchpadQuery) -> Encoded[Page[Scratchpad]]:
    """List scratchpads for a conversation.

    Newest first; those of all conversations where none is named.
    """
    return await request.app[keys.DB].scan(scratchpads.list_, query)


@endpoints.post()
async def create_scratchpad(request: web.Request, body: ScratchpadCreate) -> Encoded[Scratchpad]:
    """Create a scratchpad."""
    ids, now = request.app[keys.IDS], request.app[keys.CLOCK].now()
    cell_ids = [ids.new("cell") for _ in body.cells]
    made = await request.app[keys.DB].write(scratchpads.create, ids.new("sp"), now, body, cell_ids)
    request.app[keys.KERNELS].prepare()
    return made


@endpoints.post("/import")
async def import_scratchpad(request: web.Request, form: NotebookForm) -> Encoded[Scratchpad]:
    """Create a scratchpad from a notebook.

    A Jupyter notebook file, up to 64 MB. Nothing in it is executed.
    """
    ids, now = request.app[keys.IDS], request.app[keys.CLOCK].now()
    imported = await asyncio.to_thread(exports.read, form.file.content, form.file.name)
    cell_ids = [ids.new("cell") for _ in imported.cells]
    made = await request.app[keys.DB].write(
        exports.create_imported, ids.new("sp"), now, form, imported, cell_ids
    )
    request.app[keys.KERNELS].prepare()
    return made


@endpoints.get(_ONE, errors=(NotFound,))
async def get_scratchpad(request: web.Request, scratchpad_id: str) -> Encoded[Scratchpad]:
    """Get a scratchpad with all cells."""
    found = await request.app[keys.DB].scan(scratchpads.show, scratchpad_id)
    request.app[keys.KERNELS].prepare()
    return found


@endpoints.patch(_ONE, errors=(NotFound, Conflict))
async def update_scratchpad(
    request: web.Request, scratchpad_id: str, body: ScratchpadPatch
) -> Encoded[Scratchpad]:
    """Update title or save state.

    With `saved` true it becomes a report artifact of its project, or the one that it became is made anew.
    """
    db, now = request.app[keys.DB], request.app[keys.CLOCK].now()
    if body.saved is True:
        await request.app[keys.PROMOTION].promote(scratchpad_id, body)
    else:
        await db.write(scratchpads.patch, scratchpad_id, now, body)
    # Large pads are read beside the writer, for which all wait.
    return await db.scan(scratchpads.show, scratchpad_id)


@endpoints.delete(_ONE, errors=(NotFound,))
async def delete_scratchpad(request: web.Request, scratchpad_id: str) -> None:
    """Delete a scratchpad and all its cells.

    Its kernel ends. A report that was made of it stays.
    """
    await request.app[keys.DB].write(scratchpads.delete, scratchpad_id)
    await request.app[keys.CELL_RUNS].forget([scratchpad_id])


@endpoints.get("/{scratchpad_id}/export", errors=(NotFound,))
async def get_scratchpad_export(request: web.Request, scratchpad_id: str, query: ExportQuery) -> web.Response:
    """Get a scratchpad as a file: a Jupyter notebook, a page, or a Python script."""
    gathered = await request.app[keys.DB].scan(exports.gather, scratchpad_id)
    content = await asyncio.to_thread(exports.write, gathered, query.format)
    name = exports.file_name(gathered.pad.title, query.format)
    headers = {
        "Content-Disposition": attachment(name, instead="scratchpad"),
        "Content-Security-Policy": "sandbox",
    }
    kind = exports.MEDIA_TYPES[query.format]
    return web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)


@endpoints.get("/{scratchpad_id}/kernel", errors=(NotFound,))
async def get_kernel(request: web.Request, scratchpad_id: str) -> KernelStatus:
    """Get what the scratchpad's kernel is doing."""
    return await request.app[keys.CELL_RUNS].status(scratchpad_id)


@endpoints.post("/{scratchpad_id}/interrupt", status=200, errors=(NotFound,))
async def interrupt_kernel(request: web.Request, scratchpad_id: str) -> KernelStatus:
    """Interrupt the cell that runs.

    Those that wait do not run. Answers when it has ended, or after 2 seconds: code that takes no notice
    needs a restart.
    """
    return await request.app[keys.CELL_RUNS].interrupt(scratchpad_id)


@endpoints.post("/{scratchpad_id}/restart", status=200, errors=(NotFound,))
async def restart_kernel(request: web.Request, scratchpad_id: str) -> KernelStatus:
    """Restart the scratchpad's kernel.

    What runs or waits ends as an error; variables are gone.
    """
    return await request.app[keys.CELL_RUNS].restart(scratchpad_id)


@endpoints.post("/{scratchpad_id}/complete", status=200, errors=(NotFound,))
async def complete_code(request: web.Request, scratchpad_id: str, body: CompletionRequest) -> Completion:
    """Complete code at the cursor, as the kernel knows its variables.

    Nothing while a cell runs. Starts the kernel if there is none.
    """
    cursor = len(body.code) if body.cursor_pos is None else min(body.cursor_pos, len(body.code))
    return await request.app[keys.CELL_RUNS].complete(scratchpad_id, body.code, cursor)
