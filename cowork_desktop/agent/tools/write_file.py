"""The tool that writes text files of the working folder."""

from typing import Literal

from pydantic import Field

from cowork_desktop.agent.tools.files_in_reach import link_to_path
from cowork_desktop.agent.tools.tool import Arguments, Demand, Outcome, Tool, ToolContext, ToolFailed
from cowork_desktop.errors import CoworkError, NotFound


class WriteFile(Arguments):
    path: str = Field(
        min_length=1, max_length=500, description="Where in the working folder, such as notes/summary.md."
    )
    content: str = Field(
        max_length=1_000_000, description="The text; in mode replace what stands there afterwards."
    )
    mode: Literal["create", "overwrite", "append", "replace"] = Field(
        default="create",
        description="create: only where there is no file; overwrite: in the place of what is there; append:"
        " at its end; replace: in the place of the text `old`, which must be there exactly once.",
    )
    old: str | None = Field(
        default=None,
        min_length=1,
        max_length=100_000,
        description="In mode replace: the text to be replaced.",
    )


def _demand(context: ToolContext, arguments: WriteFile) -> Demand:
    return Demand("project", summary=f"Write {len(arguments.content):,} characters to {arguments.path}")


async def _run(context: ToolContext, arguments: WriteFile) -> Outcome:
    files = context.means.project_files
    try:
        before = await _before(context, arguments.path)
        content = _after(arguments, before).encode()
        await files.write(
            context.project_id, arguments.path, content, context.response_id, context.content_index
        )
    except CoworkError as error:
        raise ToolFailed(error.message) from error
    done = "Made" if before is None else "Changed"
    return Outcome(f"{done} {arguments.path}: {len(content):,} bytes.", links=[link_to_path(arguments.path)])


async def _before(context: ToolContext, path: str) -> str | None:
    """The text that is there; None where there is no file."""
    try:
        return (await context.means.project_files.read(context.project_id, path)).decode()
    except NotFound:
        return None
    except UnicodeDecodeError:
        raise ToolFailed(f"{path} is no text. Change it with run_code.") from None


def _after(arguments: WriteFile, before: str | None) -> str:
    if arguments.mode == "create":
        if before is not None:
            raise ToolFailed(f"{arguments.path} is there already. Read it first; then overwrite or replace.")
        return arguments.content
    if arguments.mode == "append":
        return (before or "") + arguments.content
    if arguments.mode == "overwrite":
        return arguments.content
    if before is None:
        raise ToolFailed(f"There is no file {arguments.path}.")
    found = before.count(arguments.old or "") if arguments.old else 0
    if found != 1:
        raise ToolFailed(f"`old` is there {found} times; it must be there exactly once.")
    return before.replace(arguments.old or "", arguments.content)


TOOL = Tool(
    name="write_file",
    description=(
        "Write a text file (UTF-8) of the working folder: make it, write it over, add to it, or replace one"
        " piece of it. The user can undo it. For something to show, make an artifact instead; for data that"
        " code has made, let run_code write it."
    ),
    input=WriteFile,
    run=_run,
    demand=_demand,
)
