"""Writes down what a run puts out, and tells its readers: outputs in groups, the end before it is told."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cowork_desktop.clock import Clock
from cowork_desktop.kernels.outputs import Change, Outputs
from cowork_desktop.kernels.run_log import RunLog
from cowork_desktop.schemas.scratchpads import Cell, Output
from cowork_desktop.store import cell_runs, cells
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.tasks import Tasks

logger = logging.getLogger(__name__)

_PERSIST_SECONDS = 0.2


@dataclass(eq=False)
class Run:
    """One execution of a cell."""

    id: str
    scratchpad_id: str
    cell: Cell
    """As it was when the run was asked for."""
    output_id: str
    timeout_seconds: float | None
    group: str | None
    """Of cells that run together: where one fails, those behind it do not run."""
    outputs: Outputs
    log: RunLog
    is_started: bool
    guarded_in: Path | None = None
    """The folder that its code must not reach beyond; None: it may do what the user may."""
    hear: Callable[[Change], None] | None = None
    """Told of each change of the outputs as it comes."""
    reason: str | None = None
    """Why it must end as an error, whatever the kernel says."""
    status: Literal["success", "error"] = "success"
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the kernel has been asked to execute it."""
    is_dirty: bool = False
    persist_is_due: bool = False
    has_output_cell: bool = False
    ended_cell: bytes = b""
    """The cell as JSON, when the run has ended."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def code(self) -> str:
        return self.cell.content if self.cell.language == "python" else f"%%sql\n{self.cell.content}"


class RunRecorder:
    def __init__(self, db: Database, clock: Clock, tasks: Tasks) -> None:
        self._db, self._clock, self._tasks = db, clock, tasks

    def publish(self, run: Run, changes: Sequence[Change]) -> None:
        """Tell the changes at once; they are stored a moment later."""
        for change in changes:
            run.log.change(change)
            if run.hear:
                run.hear(change)
        if not changes:
            return
        if run.log.is_large:
            run.log.begin_anew(run.outputs.all())
        run.is_dirty = True
        if not run.persist_is_due:
            run.persist_is_due = True
            self._tasks.start(self._persist_soon(run), name=f"outputs of {run.id}")

    async def _persist_soon(self, run: Run) -> None:
        """Store what there is after a moment, and on as long as more comes; large outputs less often."""
        pause = _PERSIST_SECONDS
        while True:
            await self._clock.sleep(pause)
            if run.ended.is_set() or not run.is_dirty:
                break
            run.is_dirty = False
            began = self._clock.monotonic()
            try:
                await self._db.write(_keep, run, run.outputs.all(), run.outputs.take_elsewhere())
            except Exception:
                logger.exception("The outputs of %s could not be stored", run.id)
                run.is_dirty = True
            pause = max(_PERSIST_SECONDS, 20 * (self._clock.monotonic() - began))
        run.persist_is_due = False

    async def finish(self, run: Run, error: str | None, count: int | None) -> None:
        """Store the end, then tell it. `count`: the kernel's number of the execution."""
        run.status = "error" if error else "success"
        run.is_dirty = False
        try:
            stored = await self._db.write(
                _end, run, run.outputs.all(), run.outputs.take_elsewhere(), self._clock.now(), error, count
            )
        except Exception:
            logger.exception("The end of %s could not be stored", run.id)
            run.status, stored = "error", None
            error = "The end of this run could not be stored: the disk is full or failing."
        if stored is None:
            ended = run.cell.model_copy(update={"status": run.status, "error": error, "queued_at": None})
            stored = ended.model_dump_json(exclude_unset=True).encode()
        run.ended_cell = stored
        run.outputs = Outputs(0)
        run.log.end(run.status, stored)
        run.ended.set()


def _keep(tx: Tx, run: Run, outputs: list[Output], elsewhere: dict[str, Output]) -> None:
    if outputs:
        stored = cells.dump_outputs(outputs)
        cell_runs.keep_outputs(tx, run.scratchpad_id, run.cell.id, run.output_id, stored)
        run.has_output_cell = True
    elif run.has_output_cell:
        cell_runs.drop_outputs(tx, run.scratchpad_id, run.cell.id)
    if elsewhere:
        cell_runs.update_displays(tx, run.scratchpad_id, elsewhere, run.output_id)


def _end(
    tx: Tx,
    run: Run,
    outputs: list[Output],
    elsewhere: dict[str, Output],
    now: int,
    error: str | None,
    count: int | None,
) -> bytes | None:
    """Store the end; returns the cell's JSON, or None where it is gone."""
    _keep(tx, run, outputs, elsewhere)
    cell_runs.finish(tx, run.cell.id, now, error=error, execution_count=count)
    return cells.show_even_if_hidden(tx, run.cell.id)
