"""Handlers of cells and their runs."""

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.errors import Conflict, NotExecutable, NotFound
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.http.sse import last_event_id, send_events, wants_only_json
from cowork_desktop.schemas.base import Encoded
from cowork_desktop.schemas.scratchpads import (
    Cell,
    CellCreate,
    CellEvent,
    CellEventsQuery,
    CellPatch,
    CellResult,
    KernelStatus,
    RunQuery,
)
from cowork_desktop.store import cells

endpoints = Endpoints("/api/v1/scratchpads/{scratchpad_id}", tag="Cells")


@endpoints.post("/cells", errors=(NotFound,))
async def create_cell(request: web.Request, scratchpad_id: str, body: CellCreate) -> Encoded[Cell]:
    """Append a cell.

    Or insert it, with `index`.
    """
    id, now = request.app[keys.IDS].new("cell"), request.app[keys.CLOCK].now()
    return await request.app[keys.DB].write(cells.insert, scratchpad_id, id, now, body)


@endpoints.get("/cells/{cell_id}", errors=(NotFound,))
async def get_cell(request: web.Request, scratchpad_id: str, cell_id: str) -> Encoded[Cell]:
    """Get a cell."""
    return await request.app[keys.DB].scan(cells.show, scratchpad_id, cell_id)


@endpoints.patch("/cells/{cell_id}", errors=(NotFound, Conflict))
async def update_cell(
    request: web.Request, scratchpad_id: str, cell_id: str, body: CellPatch
) -> Encoded[Cell]:
    """Edit a cell's content or index.

    An output cell goes with its code cell; a run that is under way goes on with what the cell was.
    """
    now = request.app[keys.CLOCK].now()
    return await request.app[keys.DB].write(cells.patch, scratchpad_id, cell_id, now, body)


@endpoints.delete("/cells/{cell_id}", errors=(NotFound,))
async def delete_cell(request: web.Request, scratchpad_id: str, cell_id: str) -> None:
    """Delete a cell.

    A code cell goes with its output, and its run ends; an output cell can go alone.
    """
    await request.app[keys.DB].write(cells.delete, scratchpad_id, cell_id, request.app[keys.CLOCK].now())
    await request.app[keys.CELL_RUNS].forget_cell(scratchpad_id, cell_id)


@endpoints.post(
    "/cells/{cell_id}/run", status=200, errors=(NotFound, Conflict, NotExecutable), streams=CellEvent
)
async def run_cell(
    request: web.Request, scratchpad_id: str, cell_id: str, query: RunQuery
) -> Encoded[CellResult] | web.StreamResponse:
    """Execute a code cell.

    The run goes on without its reader, and waits for those before it in the scratchpad. Answers with its
    events, each a partial output and the last with its `status`; or, where `stream` is false or the client
    accepts nothing but JSON, with the result when it has ended.
    """
    runs = request.app[keys.CELL_RUNS]
    run = await runs.start(scratchpad_id, cell_id, timeout_seconds=query.timeout_s)
    is_streamed = not wants_only_json(request) if query.stream is None else query.stream
    if is_streamed:
        return await send_events(request, run.log.follow(), request.app[keys.CLOCK])
    return await runs.result(run)


@endpoints.get("/cells/{cell_id}/events", errors=(NotFound,), streams=CellEvent)
async def follow_cell(
    request: web.Request, scratchpad_id: str, cell_id: str, query: CellEventsQuery
) -> web.StreamResponse:
    """Follow a cell's last run, from its first event or from `after` on.

    A run that ended some time ago is told anew from what is stored, beginning with `clear`.
    """
    runs = request.app[keys.CELL_RUNS]
    await runs.check_has_run(scratchpad_id, cell_id)
    after = query.after if query.after is not None else last_event_id(request)
    events = runs.follow(scratchpad_id, cell_id, -1 if after is None else max(after, -1), query.run_id)
    return await send_events(request, events, request.app[keys.CLOCK])


@endpoints.post("/run-all", status=200, errors=(NotFound,))
async def run_all_cells(request: web.Request, scratchpad_id: str) -> KernelStatus:
    """Run all code cells in their order, as far as none fails.

    Answers at once; each cell's events can be followed.
    """
    runs = request.app[keys.CELL_RUNS]
    await runs.start_all(scratchpad_id)
    return await runs.status(scratchpad_id)
