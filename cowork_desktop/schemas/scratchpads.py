"""Scratchpads, their cells and what cells put out, on the wire."""

from typing import Annotated, Any, Literal

from pydantic import MISSING, Field, JsonValue, StringConstraints
from typing_extensions import TypeAliasType

from cowork_desktop.schemas.base import (
    NO_NUL,
    Body,
    Form,
    LongLimit,
    Name,
    Offset,
    Pattern,
    Query,
    QueryText,
    RunSeconds,
    Schema,
    Timestamp,
    UploadedFile,
    WholeNumber,
)

CellType = Literal["markdown", "code", "output"]
CellStatus = Literal["pending", "running", "success", "error"]
OutputKind = Literal["stream", "display", "result", "error", "notice"]
Language = Annotated[
    str,
    StringConstraints(max_length=40),
    Pattern(
        r"^[a-z][a-z0-9+#_-]*$",
        "String should have small letters, digits and + # _ - alone, and begin with a letter",
    ),
]
Source = Annotated[str, StringConstraints(max_length=1_000_000), NO_NUL]
EXECUTABLE = ("python", "sql")
"""The languages that the kernel runs: Python, and SQL through DuckDB in the same kernel."""

_NOT_UPDATED = frozenset({"kind", "display_id", "execution_count"})


class Output(Schema):
    """One thing that a cell put out."""

    mime: str
    """The richest of the types that it comes in."""
    data: JsonValue
    """Text; for images and PDF a `data:` URL; for JSON types the JSON itself."""
    kind: OutputKind = "display"
    """`stream`: standard output or error; `display` and `result`: what was shown, and the value of the last
    expression; `error`: a traceback, with ANSI colours; `notice`: a word of the server's own. Streams, errors
    and notices are `text/plain`."""
    name: Literal["stdout", "stderr"] | None = None
    """Which stream."""
    alternatives: dict[str, JsonValue] = {}
    """The same in its other types, each in the form of `data`."""
    metadata: dict[str, Any] = {}
    """As the kernel sent it; for an error its `ename` and `evalue`."""
    display_id: str | None = None
    """By which a later `update_display_data` finds it."""
    execution_count: int | None = None
    """Of a result."""


def updated(before: Output, shown: Output) -> Output:
    """An output whose display was updated; a result stays a result."""
    return shown.model_copy(
        update={name: getattr(before, name) for name in _NOT_UPDATED & before.model_fields_set}
    )


class Cell(Schema):
    id: str
    type: CellType
    content: str
    """The source; empty in output cells."""
    language: str | None = None
    """Present in code cells."""
    status: CellStatus
    """Of code cells: `pending` (not run yet, or queued), `running`, `success` or `error`; others are always
    `success`."""
    outputs: list[Output] | None = None
    """Present in output cells, in the order of arrival."""
    error: str | None
    """Why the status is `error`."""
    index: int
    """The place in the scratchpad, from 0 without gaps; the output cell follows its code cell."""
    run_id: str | None = None
    """The last run; null where there was none."""
    execution_count: int | None = None
    """The kernel's number of the last run."""
    queued_at: Timestamp | None = None
    """While the cell waits for its run, or runs."""
    started_at: Timestamp | None = None
    finished_at: Timestamp | None = None


class Scratchpad(Schema):
    id: str
    conversation_id: str
    title: str
    cells: list[Cell]
    """In order."""
    saved: bool
    """True once promoted to an artifact."""
    artifact_id: str | None
    """The report that it was promoted to."""
    created_at: Timestamp
    updated_at: Timestamp


class CellCreate(Body):
    type: CellType
    content: Source = ""
    language: Language | None = None
    """Of a code cell; `python` if omitted. `sql` runs in DuckDB, on the kernel's DataFrames."""
    outputs: list[Output] | None = None
    """Of an output cell, which can only follow a code cell."""
    index: Annotated[int, Field(ge=0)] | None = None
    """Where to insert it; at the end if omitted, or beyond it."""


class CellPatch(Body):
    type: Literal["markdown", "code"] | MISSING = MISSING
    """Make prose of code or code of prose; prose has no output."""
    content: Source | MISSING = MISSING
    language: Language | MISSING = MISSING
    index: Annotated[int, Field(ge=0)] | MISSING = MISSING
    """Where to move it, with its output; beyond the end means the end."""


class ScratchpadCreate(Body):
    conversation_id: str
    title: Name = "Scratchpad"
    cells: Annotated[list[CellCreate], Field(max_length=10_000)] = []
    """Its first cells; their `index` is not looked at."""


class ScratchpadPatch(Body):
    title: Name | MISSING = MISSING
    saved: bool | MISSING = MISSING
    """True: make a report artifact of it, or update the one that was made."""


class ScratchpadQuery(Query):
    conversation_id: QueryText | None = None
    """Filter to a conversation."""
    limit: LongLimit = 50
    offset: Offset = 0


class NotebookForm(Form):
    file: UploadedFile
    """A Jupyter notebook (.ipynb)."""
    conversation_id: QueryText
    title: Name | None = None
    """The notebook's own, or its file's name, if omitted."""


class RunQuery(Query):
    timeout_s: RunSeconds | None = None
    """Stop the run after so many seconds; the setting `kernels.timeout_seconds` if omitted."""
    stream: bool | None = None
    """False: answer with JSON when the run has ended."""


class CellEventsQuery(Query):
    after: WholeNumber | None = None
    """The last sequence number that the reader has; the `Last-Event-ID` header means the same."""
    run_id: QueryText | None = None
    """The run that it has read so far: of another one all events are sent."""


class RunEvent(Schema):
    sequence_number: int
    """From 0, without gaps; also the `id` of the server-sent event."""
    run_id: str


class CellOutput(RunEvent, Output):
    """A new output; with `append`, text that goes on at the end of the one at `index`."""

    type: Literal["output"] = "output"
    index: int
    """The place among the cell's outputs."""
    append: bool = False


class CellUpdate(RunEvent, Output):
    """The output at `index` is now this one."""

    type: Literal["update"] = "update"
    index: int


class CellCleared(RunEvent):
    """The cell has no outputs any more."""

    type: Literal["clear"] = "clear"


class CellEnded(RunEvent):
    """The last event."""

    type: Literal["done"] = "done"
    status: Literal["success", "error"]
    cell: Cell
    """The code cell as it is stored now."""


CellEvent = TypeAliasType(
    "CellEvent",
    Annotated[CellOutput | CellUpdate | CellCleared | CellEnded, Field(discriminator="type")],
)


class CellResult(Schema):
    """A run that has ended."""

    run_id: str
    status: Literal["success", "error"]
    cell: Cell
    output_cell: Cell | None


class KernelStatus(Schema):
    state: Literal["none", "starting", "idle", "busy"]
    """`none`: no kernel runs; the next run starts one."""
    running: list[str]
    """The cell that runs, then those that wait, in their order."""
    idle_since: Timestamp | None
    """When it last ended a run; it is shut down some time after."""


class CompletionRequest(Body):
    code: Source
    cursor_pos: Annotated[int, Field(ge=0)] | None = None
    """In Unicode characters; the end if omitted."""


class Completion(Schema):
    matches: list[str]
    cursor_start: int
    """Each match replaces the text from here ..."""
    cursor_end: int
    """... to here, in Unicode characters."""
    metadata: dict[str, Any]
    """As the kernel sent it: the types of the matches, say."""


class ExportQuery(Query):
    format: Literal["ipynb", "html", "py"] = "ipynb"
