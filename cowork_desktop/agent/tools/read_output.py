"""The tool that reads on in what a cell has put out."""

import asyncio

from pydantic import Field

from cowork_desktop.agent.cell_text import cell_text
from cowork_desktop.agent.tools.tool import Arguments, Outcome, Tool, ToolContext, ToolFailed
from cowork_desktop.errors import NotFound
from cowork_desktop.schemas.conversations import CellLink
from cowork_desktop.store import scratchpads

_AT_ONCE = 18_000
"""Characters of one result."""


class ReadOutput(Arguments):
    cell_id: str = Field(max_length=100, description="The cell, as run_code named it.")
    offset: int = Field(
        default=0, ge=0, le=1_000_000_000, description="Where to begin, in characters from the start."
    )


async def _run(context: ToolContext, arguments: ReadOutput) -> Outcome:
    try:
        found = await context.db.scan(scratchpads.cell_of, context.conversation_id, arguments.cell_id)
    except NotFound as error:
        raise ToolFailed(f"There is no cell {arguments.cell_id!r} in this conversation.") from error
    scratchpad_id, cell, output = found
    root = await asyncio.to_thread(context.means.project_files.root, context.project_id)
    whole = (await asyncio.to_thread(cell_text, cell, output, root)).text
    start, end = arguments.offset, min(arguments.offset + _AT_ONCE, len(whole))
    if start >= len(whole):
        raise ToolFailed(f"The output has {len(whole):,} characters.")
    going_on = f"; go on with offset={end}" if end < len(whole) else ""
    return Outcome(
        f"[characters {start:,}-{end:,} of {len(whole):,}{going_on}]\n{whole[start:end]}",
        source="the output of the code",
        links=[CellLink(scratchpad_id=scratchpad_id, cell_id=cell.id, run_id=cell.run_id or "")],
    )


TOOL = Tool(
    name="read_output",
    description=(
        "Read on in the output of a cell that run_code ran in this conversation, where its result left"
        " something out. Returns the text from an offset on."
    ),
    input=ReadOutput,
    run=_run,
)
