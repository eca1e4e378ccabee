"""The tool that makes a report of the conversation's scratchpad."""

from pydantic import Field

from cowork_desktop.agent.tools.artifact_files import SECONDS, made, noting
from cowork_desktop.agent.tools.tool import Arguments, Demand, Outcome, Tool, ToolContext, ToolFailed
from cowork_desktop.errors import CoworkError
from cowork_desktop.schemas.base import Name
from cowork_desktop.schemas.scratchpads import ScratchpadPatch
from cowork_desktop.store import scratchpads


class PublishScratchpad(Arguments):
    title: Name = Field(description="The report's title, 1 to 200 characters.")
    scratchpad_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Which scratchpad of this conversation; the newest one if omitted.",
    )


async def _run(context: ToolContext, arguments: PublishScratchpad) -> Outcome:
    id = await _scratchpad(context, arguments.scratchpad_id)
    body = ScratchpadPatch(title=arguments.title, saved=True)
    try:
        report = await context.means.promotion.promote(id, body, noting(context))
    except CoworkError as error:
        raise ToolFailed(f"The report could not be made. {error.message}") from error
    is_first = report.version == 1
    return made(report, "The report was made." if is_first else "The report was made anew.")


async def _scratchpad(context: ToolContext, wanted: str | None) -> str:
    """The id of the one that is to be published; raises ToolFailed."""
    ids = await context.db.read(scratchpads.of_conversations, [context.conversation_id])
    if not ids:
        raise ToolFailed("This conversation has no scratchpad yet: run code first.")
    id = wanted or max(ids)  # ids are in the order of time
    if id not in ids:
        raise ToolFailed(f"This conversation has no scratchpad {id[:80]!r}.")
    if not (await context.db.scan(scratchpads.get, id)).cells:
        raise ToolFailed("The scratchpad is empty: run code first.")
    return id


TOOL = Tool(
    name="publish_scratchpad",
    description=(
        "Make a report of this conversation's scratchpad: one page with its prose, its code (folded) and what"
        " its cells put out, tables and charts included. Use it when an analysis that was run in cells is"
        " worth keeping, with the evidence beside the findings. Where a report was made of it before, that"
        " one gets a new version. Returns the report's id, title, version and path."
    ),
    input=PublishScratchpad,
    run=_run,
    demand=lambda context, arguments: Demand("project", summary=f"Make the report “{arguments.title}”"),
    timeout_seconds=SECONDS,
)
