"""Runs of cells: queued, followed, interrupted and ended, each in its scratchpad's order."""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cowork_desktop.clock import Clock
from cowork_desktop.errors import NotFound
from cowork_desktop.ids import Ids
from cowork_desktop.kernels.kernel import Kernel, KernelDied, Message
from cowork_desktop.kernels.outputs import Change, Outputs
from cowork_desktop.kernels.pool import Kernels
from cowork_desktop.kernels.run_log import RunLog
from cowork_desktop.kernels.run_recorder import Run, RunRecorder
from cowork_desktop.schemas.base import Encoded, rfc3339
from cowork_desktop.schemas.scratchpads import Cell, CellResult, Completion, KernelStatus, Output
from cowork_desktop.schemas.settings import KernelSettings
from cowork_desktop.store import cell_runs, cells, scratchpads
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.tasks import Tasks

logger = logging.getLogger(__name__)

INTERRUPTED = "The server ended while this cell ran, or waited to. What it had put out is kept; run it again."
_GONE = "The scratchpad or its cell was deleted while it ran, or waited to."
_RESTARTED = "The kernel was restarted while this cell ran, or waited to."
_NOT_RUN_AFTER_ERROR = "Not run: a cell before it failed."
_NOT_RUN = "Not run: it was interrupted while it waited."
_FAULT = "Something went wrong inside the server; its log has the details."
_VARIABLES_GONE = "The kernel was started anew: the variables of earlier runs are gone."
_GRACE_SECONDS = 5.0
"""How long a cell may take to end after it was interrupted for running too long."""
_INTERRUPT_SECONDS = 2.0
"""How long an interrupt is waited for."""
_COMPLETE_SECONDS = 5.0
_KEPT_BYTES = 64 * 1024 * 1024
"""Of the logs of ended runs, for readers that come back."""


@dataclass(eq=False)
class _Line:
    """The runs of one scratchpad: the first of them runs, the others wait."""

    runs: deque[Run] = field(default_factory=deque)
    entering: asyncio.Lock = field(default_factory=asyncio.Lock)
    worker: asyncio.Task[None] | None = None
    idle_since: int | None = None
    is_untouched: bool = False
    """Whether the kernel has not executed anything yet."""


class CellRuns:
    """`folder_of` gives the working folder of a project, and makes it if it is not there."""

    def __init__(
        self,
        db: Database,
        kernels: Kernels,
        settings: Callable[[], KernelSettings],
        folder_of: Callable[[str], Path],
        clock: Clock,
        ids: Ids,
        tasks: Tasks,
    ) -> None:
        self._db, self._kernels, self._settings, self._folder_of = db, kernels, settings, folder_of
        self._clock, self._ids, self._tasks = clock, ids, tasks
        self._recorder = RunRecorder(db, clock, tasks)
        self._lines: dict[str, _Line] = {}
        self._ended: OrderedDict[str, Run] = OrderedDict()
        self._is_closed = False

    def prepare(self) -> None:
        """Have a kernel ready: somebody may run a cell soon."""
        self._kernels.prepare()

    async def start(
        self,
        scratchpad_id: str,
        cell_id: str,
        *,
        timeout_seconds: float | None = None,
        is_guarded: bool = False,
        hear: Callable[[Change], None] | None = None,
    ) -> Run:
        """Queue a run of the cell, which goes on without its caller; errors as the store says. `is_guarded`:
        its code must not reach beyond the working folder. `hear` is told of its outputs as they come."""
        guarded_in = await self._folder(scratchpad_id) if is_guarded else None
        [run] = await self._enter(
            scratchpad_id, [cell_id], timeout_seconds=timeout_seconds, guarded_in=guarded_in, hear=hear
        )
        return run

    async def stop(self, run: Run, reason: str) -> None:
        """End this run alone, as an error for that reason; returns when it has ended."""
        run.reason = run.reason or reason
        waiting = list(self._lines.get(run.scratchpad_id, _Line()).runs)[1:]
        if run in waiting:
            self._lines[run.scratchpad_id].runs.remove(run)
            await self._recorder.finish(run, run.reason, None)
            self._keep_log(run)
            return
        kernel = self._kernels.peek(run.scratchpad_id)
        if kernel and run.asked.is_set() and not run.ended.is_set():
            await self._end_by_force(run, kernel)
        await run.ended.wait()

    async def start_all(self, scratchpad_id: str) -> list[Run]:
        """Queue all code cells that do not run already; the first that fails is the last that runs."""
        ids = await self._db.scan(cell_runs.executable_ids, scratchpad_id)
        return await self._enter(scratchpad_id, ids, group=self._ids.new("run"))

    async def _enter(
        self,
        scratchpad_id: str,
        cell_ids: Sequence[str],
        *,
        timeout_seconds: float | None = None,
        group: str | None = None,
        guarded_in: Path | None = None,
        hear: Callable[[Change], None] | None = None,
    ) -> list[Run]:
        """Queue runs together; of a group, those that cannot be queued are left out."""
        await self._db.read(cells.check_scratchpad, scratchpad_id)
        line = self._lines.setdefault(scratchpad_id, _Line())
        async with line.entering:
            for id in cell_ids:
                self._ended.pop(id, None)
            asked = [(id, self._ids.new("run")) for id in cell_ids]
            queued = await self._db.write(
                cell_runs.queue_all,
                scratchpad_id,
                asked,
                self._clock.now(),
                starts=not line.runs,
                skips=group is not None,
            )
            settings = self._settings()
            runs = [
                Run(
                    id=str(cell.run_id),
                    scratchpad_id=scratchpad_id,
                    cell=cell,
                    output_id=self._ids.new("cell"),
                    timeout_seconds=timeout_seconds or settings.timeout_seconds,
                    group=group,
                    outputs=Outputs(settings.output_bytes),
                    log=RunLog(str(cell.run_id)),
                    is_started=cell.status == "running",
                    guarded_in=guarded_in,
                    hear=hear,
                    reason=INTERRUPTED if self._is_closed else None,
                )
                for cell in queued
            ]
            line.runs.extend(runs)
            if runs and (line.worker is None or line.worker.done()):
                line.worker = self._tasks.start(self._work(line), name=f"runs of {scratchpad_id}")
        return runs

    async def follow(
        self, scratchpad_id: str, cell_id: str, after: int = -1, run_id: str | None = None
    ) -> AsyncIterator[Sequence[bytes]]:
        """The events of the cell's last run above `after`, which counts for the run `run_id` alone."""
        run = self._find(scratchpad_id, cell_id) or self._ended.get(cell_id)
        if run is not None:
            log, known = run.log, run.id
        else:
            stored, cell, outputs = await self._db.scan(_as_stored, scratchpad_id, cell_id)
            known = cell.run_id or ""
            log = RunLog(known, first=after + 1 if run_id in (None, known) else 0)
            log.restate(outputs)
            log.end(cell.status, stored)
        async for frames in log.follow(after if run_id in (None, known) else -1):
            yield frames

    async def check_has_run(self, scratchpad_id: str, cell_id: str) -> None:
        """NotFound for a cell without a run to follow."""
        if (await self._db.scan(cells.get, scratchpad_id, cell_id)).run_id is None:
            raise NotFound("This cell has not been run.")

    async def result(self, run: Run) -> Encoded[CellResult]:
        """What came of it, when it has ended."""
        await run.ended.wait()
        output = None
        if run.has_output_cell:
            output = await self._db.scan(cells.output_json, run.scratchpad_id, run.cell.id)
        head = f'{{"run_id":"{run.id}","status":"{run.status}","cell":'.encode()
        return Encoded(head + run.ended_cell + b',"output_cell":' + (output or b"null") + b"}")

    async def status(self, scratchpad_id: str) -> KernelStatus:
        await self._db.read(cells.check_scratchpad, scratchpad_id)
        line = self._lines.get(scratchpad_id, _Line())
        running = [run.cell.id for run in line.runs]
        kernel = self._kernels.peek(scratchpad_id)
        is_idle = kernel is not None and not running and line.idle_since is not None
        state: Literal["none", "starting", "idle", "busy"] = "none"
        if self._kernels.is_starting(scratchpad_id):
            state = "starting"
        elif kernel is not None:
            state = "busy" if running else "idle"
        return KernelStatus(
            state=state, running=running, idle_since=rfc3339(line.idle_since or 0) if is_idle else None
        )

    async def complete(self, scratchpad_id: str, code: str, cursor_pos: int) -> Completion:
        """What the kernel would put at the cursor; nothing while it is busy. Starts a kernel if none runs."""
        await self._db.read(cells.check_scratchpad, scratchpad_id)
        line = self._lines.setdefault(scratchpad_id, _Line())
        nothing = Completion(matches=[], cursor_start=cursor_pos, cursor_end=cursor_pos, metadata={})
        if line.runs:
            return nothing
        try:
            kernel = await self._kernel(scratchpad_id, line)
            if line.runs:
                return nothing
            async with asyncio.timeout(_COMPLETE_SECONDS):
                reply = await kernel.complete(code, cursor_pos)
        except (KernelDied, TimeoutError) as error:
            logger.warning("No completion: %s", error)
            return nothing
        return Completion(
            **{name: reply.get(name, getattr(nothing, name)) for name in Completion.model_fields}
        )

    async def interrupt(self, scratchpad_id: str) -> KernelStatus:
        """Raise KeyboardInterrupt in the cell that runs; those that wait do not run."""
        await self._db.read(cells.check_scratchpad, scratchpad_id)
        runs = list(self._lines.get(scratchpad_id, _Line()).runs)
        for waiting in runs[1:]:
            waiting.reason = waiting.reason or _NOT_RUN
        if runs:
            kernel = self._kernels.peek(scratchpad_id)
            if kernel is None or not runs[0].asked.is_set():
                runs[0].reason = runs[0].reason or _NOT_RUN
            else:
                await kernel.interrupt()
            await self._wait(runs[0].ended, _INTERRUPT_SECONDS)
        return await self.status(scratchpad_id)

    async def restart(self, scratchpad_id: str) -> KernelStatus:
        """End the kernel with all that runs or waits, and start a new one."""
        await self._db.read(cells.check_scratchpad, scratchpad_id)
        await self._stop([scratchpad_id], _RESTARTED)
        await self._db.write(cell_runs.note_variables, scratchpad_id, has_variables=False)
        line = self._lines.setdefault(scratchpad_id, _Line())
        try:
            await self._kernel(scratchpad_id, line)
        except KernelDied as died:
            logger.warning("%s", died)
        return await self.status(scratchpad_id)

    async def forget(self, scratchpad_ids: Sequence[str]) -> None:
        """End the kernels and runs of scratchpads that are deleted."""
        await self._stop(scratchpad_ids, _GONE)
        for id in scratchpad_ids:
            self._lines.pop(id, None)
        for cell_id in [id for id, run in self._ended.items() if run.scratchpad_id in scratchpad_ids]:
            del self._ended[cell_id]

    async def forget_cell(self, scratchpad_id: str, cell_id: str) -> None:
        """End the run of a cell that is deleted."""
        run = self._find(scratchpad_id, cell_id)
        self._ended.pop(cell_id, None)
        if run is None:
            return
        run.reason = _GONE
        kernel = self._kernels.peek(scratchpad_id)
        if kernel and run is self._lines[scratchpad_id].runs[0]:
            self._tasks.start(self._end_by_force(run, kernel), name=f"end {run.id}")

    async def recover(self) -> None:
        """End what an earlier process left running."""
        left = await self._db.write(cell_runs.recover, self._clock.now(), INTERRUPTED)
        if left:
            logger.warning("%d runs of cells had been interrupted", left)

    async def close(self) -> None:
        """End all runs as interrupted, and all kernels."""
        self._is_closed = True
        workers = [line.worker for line in self._lines.values() if line.worker]
        for line in self._lines.values():
            for run in line.runs:
                run.reason = run.reason or INTERRUPTED
        await self._kernels.close()
        await asyncio.gather(*workers, return_exceptions=True)

    def _find(self, scratchpad_id: str, cell_id: str) -> Run | None:
        line = self._lines.get(scratchpad_id, _Line())
        return next((run for run in line.runs if run.cell.id == cell_id), None)

    async def _stop(self, scratchpad_ids: Sequence[str], reason: str) -> None:
        runs = [run for id in scratchpad_ids if id in self._lines for run in self._lines[id].runs]
        for run in runs:
            run.reason = run.reason or reason
        await self._kernels.end(scratchpad_ids)
        await asyncio.gather(*(run.ended.wait() for run in runs))
        # One that was being started for a run that has ended since.
        await self._kernels.end(scratchpad_ids)

    async def _kernel(self, scratchpad_id: str, line: _Line) -> Kernel:
        if kernel := self._kernels.peek(scratchpad_id):
            return kernel
        folder = await self._folder(scratchpad_id)
        kernel, is_new = await self._kernels.get(scratchpad_id, folder)
        line.is_untouched |= is_new
        if is_new:
            try:
                await self._db.read(cells.check_scratchpad, scratchpad_id)
            except NotFound:
                await self._kernels.end([scratchpad_id])
                raise
        return kernel

    async def _folder(self, scratchpad_id: str) -> Path:
        project_id = await self._db.read(scratchpads.project_of, scratchpad_id)
        return await asyncio.to_thread(self._folder_of, project_id)

    async def _work(self, line: _Line) -> None:
        while line.runs:
            run = line.runs[0]
            self._kernels.note_busy(run.scratchpad_id, is_busy=True)
            try:
                await self._run(run, line)
            finally:
                line.runs.popleft()
                line.idle_since = self._clock.now()
                self._kernels.note_busy(run.scratchpad_id, is_busy=False)
                if run.status == "error" and run.group:
                    for other in line.runs:
                        if other.group == run.group:
                            other.reason = other.reason or _NOT_RUN_AFTER_ERROR

    async def _run(self, run: Run, line: _Line) -> None:
        error: str | None = None
        count: int | None = None
        try:
            if not run.is_started and run.reason is None:
                await self._db.write(cell_runs.start, run.scratchpad_id, run.cell.id, self._clock.now())
            if run.reason is None:
                error, count = await self._execute(run, line)
        except KernelDied as died:
            error = str(died)
        except asyncio.CancelledError:
            error = INTERRUPTED
        except NotFound:
            error = _GONE
        except Exception:
            logger.exception("The run %s failed", run.id)
            error = _FAULT
        await self._recorder.finish(run, run.reason or error, count)
        self._keep_log(run)

    def _keep_log(self, run: Run) -> None:
        if run.reason and run.reason.startswith(_GONE):
            return
        self._ended[run.cell.id] = run
        while sum(ended.log.size for ended in self._ended.values()) > _KEPT_BYTES:
            self._ended.popitem(last=False)

    async def _execute(self, run: Run, line: _Line) -> tuple[str | None, int | None]:
        """The error, if any, and the kernel's number of the execution."""
        kernel = await self._kernel(run.scratchpad_id, line)
        if run.reason is not None:
            return None, None
        reply = await self._ask(run, line, kernel)
        self._recorder.publish(run, run.outputs.page(reply.get("payload") or []))
        count = reply.get("execution_count")
        if reply.get("status") == "ok":
            return None, count
        return f"{reply.get('ename', 'Aborted')}: {reply.get('evalue', '')}".removesuffix(": "), count

    async def _ask(self, run: Run, line: _Line, kernel: Kernel) -> Mapping[str, Any]:
        """Have the kernel execute it, within its time; returns the kernel's reply."""
        if line.is_untouched:
            line.is_untouched = False
            if await self._db.write(cell_runs.note_variables, run.scratchpad_id, has_variables=True):
                self._recorder.publish(run, run.outputs.notice(_VARIABLES_GONE))

        def tell(message: Message) -> None:
            self._recorder.publish(run, run.outputs.take(message.type, message.content))

        limit: asyncio.Task[None] | None = None
        if run.timeout_seconds is not None:
            limit = self._tasks.start(
                self._limit(run, kernel, run.timeout_seconds), name=f"limit of {run.id}"
            )
        try:
            if run.reason is not None:
                return {}
            run.asked.set()
            largest = _largest_message(self._settings())
            return await kernel.execute(run.code, tell, largest=largest, guarded_in=run.guarded_in)
        finally:
            if limit:
                limit.cancel()

    async def _limit(self, run: Run, kernel: Kernel, seconds: float) -> None:
        await self._clock.sleep(seconds)
        run.reason = f"The cell ran longer than {seconds:g} s, and was stopped."
        await self._end_by_force(run, kernel)

    async def _end_by_force(self, run: Run, kernel: Kernel) -> None:
        """Interrupt it; where it takes no notice, end its kernel."""
        await kernel.interrupt()
        if not await self._wait(run.ended, _GRACE_SECONDS):
            run.reason = f"{run.reason} It took no notice of the interrupt, so its kernel was ended."
            await kernel.close()

    async def _wait(self, event: asyncio.Event, seconds: float) -> bool:
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self._clock.sleep(seconds))]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return event.is_set()


def _largest_message(settings: KernelSettings) -> int:
    """What needs not be read, as it would not be kept: in JSON an output may be twice as long as it is."""
    return 2 * settings.output_bytes + 1_000_000


def _as_stored(tx: Tx, scratchpad_id: str, cell_id: str) -> tuple[bytes, Cell, list[Output]]:
    """A cell, as JSON too, and what it has put out."""
    stored = cells.show(tx, scratchpad_id, cell_id).json
    output = cells.output_json(tx, scratchpad_id, cell_id)
    outputs = Cell.model_validate_json(output).outputs if output else None
    return stored, Cell.model_validate_json(stored), outputs or []
