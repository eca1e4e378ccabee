"""The tool that runs code in the conversation's scratchpad, within the project's folder."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Literal
from weakref import WeakValueDictionary

from pydantic import Field

from cowork_desktop.agent.cell_text import CellText, cell_text, plain
from cowork_desktop.agent.code_screen import in_words, screen
from cowork_desktop.agent.tools.tool import (
    OUTPUT_LIMIT,
    Arguments,
    Demand,
    Outcome,
    Tool,
    ToolContext,
    ToolFailed,
)
from cowork_desktop.clock import Clock
from cowork_desktop.errors import NotFound
from cowork_desktop.kernels.cell_runs import CellRuns
from cowork_desktop.kernels.outputs import Change
from cowork_desktop.kernels.run_recorder import Run
from cowork_desktop.schemas.conversations import CellLink
from cowork_desktop.schemas.scratchpads import CellCreate, CellResult
from cowork_desktop.store import cells, scratchpads
from cowork_desktop.tasks import wholly

_QUEUE_SECONDS = 120.0
"""How long the code waits for its turn in the scratchpad."""
_SLACK_SECONDS = 60.0
"""For an end by force, and what is noted after it."""
_HEAD, _TAIL = 12_000, 7_000
"""Characters of the beginning and the end that a long output is told with."""
_FIRST_LINES = 3
_BUSY = (
    "The scratchpad was busy with another cell for {:g} s, so this code was not run. Try again later, or"
    " ask the user whether that cell should be interrupted."
)
_STOPPED = "The turn ended while this ran, so it was stopped."
_waiting = WeakValueDictionary[str, asyncio.Lock]()
"""Of the calls that wait for their turn in a scratchpad one begins at a time."""


class RunCode(Arguments):
    code: str = Field(
        min_length=1,
        max_length=200_000,
        description="The code of one cell. The value of its last expression is put out, as in a notebook.",
    )
    language: Literal["python", "sql"] = Field(
        default="python",
        description="sql runs DuckDB's SQL on the files of the folder ('sales.csv') and on the DataFrames of"
        " earlier cells, by their names; the result is a DataFrame.",
    )
    outside: bool = Field(
        default=False,
        description="Whether the code must reach beyond the project's folder: the network, other files, other"
        " programs, %pip. The user is asked first.",
    )
    timeout_seconds: int = Field(
        default=120, ge=1, le=3600, description="After how many seconds the code is stopped."
    )


async def _demand(context: ToolContext, arguments: RunCode) -> Demand:
    language = "Python" if arguments.language == "python" else "SQL"
    shown = _first_lines(arguments.code)
    if arguments.outside:
        return Demand(
            "outside", summary=f"Run {language} code that may reach beyond the project's folder: {shown}"
        )
    within = Demand("project", summary=f"Run {language} code in the project's folder: {shown}")
    if arguments.language == "sql":
        return within
    screened = await asyncio.to_thread(screen, arguments.code)
    if screened.native:
        raise ToolFailed(
            f"{in_words(screened.native)} cannot be kept within the project's folder. For DuckDB use"
            " language: sql; otherwise use pandas, or call with outside: true, which asks the user."
        )
    if context.is_tainted and screened.risky:
        used = in_words(screened.risky)
        return Demand(
            "outside",
            # To allow this is not to allow what reaches outside.
            subject=f"in the folder: {used}",
            summary=f"Run Python code in the project's folder that uses {used}: {shown}",
        )
    return within


def _first_lines(code: str) -> str:
    lines = [" ".join(line.split()) for line in code.splitlines() if line.strip()]
    shown = " ⏎ ".join(lines[:_FIRST_LINES])
    return shown[:300] + ("…" if len(lines) > _FIRST_LINES or len(shown) > 300 else "")


async def _run(context: ToolContext, arguments: RunCode) -> Outcome:
    files = context.means.project_files
    root = await asyncio.to_thread(files.root, context.project_id)
    await files.lay_out(context.project_id, context.conversation_id)
    run = await _until_ended(context, arguments, _Told(context, root))
    stored = await context.means.cell_runs.result(run)

    def read() -> tuple[CellResult, CellText]:
        result = CellResult.model_validate_json(stored.json)
        return result, cell_text(result.cell, result.output_cell, root)

    result, text = await asyncio.to_thread(read)
    return _outcome(result, text, run)


async def _until_ended(context: ToolContext, arguments: RunCode, told: "_Told") -> Run:
    """The run, when it has ended; it is stopped where this is cancelled. Raises ToolFailed where the cells
    before it take too long."""
    means, id = context.means, context.means.ids.new("sp")
    scratchpad_id = await context.db.write(
        scratchpads.of_agent, context.conversation_id, id, means.clock.now()
    )
    starting: asyncio.Future[Run] | None = None

    async def stop(reason: str) -> None:
        if starting:
            await means.cell_runs.stop(await starting, reason)

    async with AsyncExitStack() as watched:
        try:
            async with _at_most(means.clock, _QUEUE_SECONDS):
                # It is not queued before its turn: what the cells before it change is not of this turn.
                async with _waiting.setdefault(scratchpad_id, asyncio.Lock()):
                    await _until_free(means.cell_runs, scratchpad_id)
                    await watched.enter_async_context(_watching(context))
                    starting = asyncio.ensure_future(_start(context, scratchpad_id, arguments, told))
                    run = await asyncio.shield(starting)
                await _asked_or_ended(run)
            await run.ended.wait()
        except TimeoutError:
            busy = _BUSY.format(_QUEUE_SECONDS)
            await wholly(stop(busy))
            raise ToolFailed(busy) from None
        except asyncio.CancelledError:
            await wholly(stop(_STOPPED))
            raise
    return run


def _watching(context: ToolContext) -> AbstractAsyncContextManager[None]:
    """Notes what changes in the folder."""
    return context.means.project_files.watching(
        context.project_id, context.response_id, context.content_index
    )


async def _until_free(cell_runs: CellRuns, scratchpad_id: str) -> None:
    """Wait for the cells that run in the scratchpad, or are queued."""
    while running := (await cell_runs.status(scratchpad_id)).running:
        with suppress(NotFound):  # it is deleted meanwhile
            async for _ in cell_runs.follow(scratchpad_id, running[-1]):
                pass


async def _start(context: ToolContext, scratchpad_id: str, arguments: RunCode, told: "_Told") -> Run:
    """A new cell at the end of the scratchpad, which runs."""
    means = context.means
    cell = CellCreate(type="code", content=arguments.code, language=arguments.language)
    cell_id = means.ids.new("cell")
    await context.db.write(cells.insert, scratchpad_id, cell_id, means.clock.now(), cell)
    return await means.cell_runs.start(
        scratchpad_id,
        cell_id,
        timeout_seconds=arguments.timeout_seconds,
        is_guarded=not arguments.outside,
        hear=told.hear,
    )


async def _asked_or_ended(run: Run) -> None:
    """Somebody's cell may have come in between, and the kernel may have to be started."""
    waits = [asyncio.ensure_future(wait) for wait in (run.asked.wait(), run.ended.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


@asynccontextmanager
async def _at_most(clock: Clock, seconds: float) -> AsyncIterator[None]:
    """Raises TimeoutError where it takes longer."""
    async with asyncio.timeout(None) as limit:

        async def end() -> None:
            await clock.sleep(seconds)
            limit.reschedule(0)

        ending = asyncio.ensure_future(end())
        try:
            yield
        finally:
            ending.cancel()


class _Told:
    """Tells outputs as they come, as many as fit into a result."""

    def __init__(self, context: ToolContext, root: Path) -> None:
        self._tell, self._root = context.tell, root
        self._room = OUTPUT_LIMIT

    def hear(self, change: Change) -> None:
        if change.output is None or change.kind == "replace" or self._room <= 0:
            return
        text = plain(change.output, self._root)[: self._room]
        self._room -= len(text)
        self._tell(text)


def _outcome(result: CellResult, text: CellText, run: Run) -> Outcome:
    link = CellLink(scratchpad_id=run.scratchpad_id, cell_id=run.cell.id, run_id=run.id)
    is_error = result.status == "error"
    if not text.text:
        said = f"[cell {run.cell.id}: it put out nothing]"
        return Outcome(said, links=[link], is_error=is_error)
    ended = "failed" if is_error else "done"
    return Outcome(
        f"[cell {run.cell.id}: {ended}]\n{_both_ends(text.text, run.cell.id)}",
        source="the output of the code",
        links=[link],
        images=text.images,
        is_error=is_error,
    )


def _both_ends(text: str, cell_id: str) -> str:
    left_out = len(text) - _HEAD - _TAIL
    if left_out <= 0:
        return text
    note = (
        f"[... {left_out:,} characters left out; print less, or read on with read_output, cell_id={cell_id},"
        f" offset={_HEAD}]"
    )
    return f"{text[:_HEAD]}\n{note}\n{text[-_TAIL:]}"


TOOL = Tool(
    name="run_code",
    description=(
        "Run Python or SQL in this conversation's scratchpad, a notebook that the user sees too. Use it"
        " for all that is to be counted, computed, converted or drawn. Variables stay between calls. The"
        " working folder is the project's: its files and this conversation's are there by their names,"
        " and what you write there, the user has; use relative paths. pandas, numpy, matplotlib, openpyxl"
        " and, as language sql, DuckDB are installed. Charts of matplotlib are shown to you and to the"
        " user. Code reads and writes in that folder alone, and neither connects nor starts programs,"
        " unless outside is true. SQL keeps its tables apart from those of the user's own cells;"
        " DataFrames are shared. Returns what was printed, the value of the last expression, or the"
        " error."
    ),
    input=RunCode,
    run=_run,
    demand=_demand,
    timeout_seconds=lambda arguments: arguments.timeout_seconds + _QUEUE_SECONDS + _SLACK_SECONDS,
)
