"""The tool that writes text files of the working folder."""

from functools import partial
from typing import Literal

from pydantic import Field

from cowork_desktop.agent.tools.files_in_reach import link_to_path
from cowork_desktop.agent.tools.text_edits import appended, replaced
from cowork_desktop.agent.tools.tool import Arguments, Demand, Outcome, Tool, ToolContext, ToolFailed


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
    path = arguments.path.removeprefix("./")
    if (arguments.old is None) == (arguments.mode == "replace"):
        raise ToolFailed("`old` goes with mode replace, and with no other.")
    change = await context.means.project_files.write(
        context.project_id,
        path,
        partial(_rewritten, arguments),
        context.response_id,
        context.content_index,
    )
    done = "Made" if change.before is None else "Changed"
    return Outcome(f"{done} {path}: {change.after['size']:,} bytes.", links=[link_to_path(path)])


def _rewritten(arguments: WriteFile, before: bytes | None) -> bytes:
    """What is to be there in the place of what is; raises ToolFailed."""
    match arguments.mode:
        case "create" if before is not None:
            raise ToolFailed(f"{arguments.path} is there already. Read it first; then overwrite or replace.")
        case "append" | "replace":
            return _amended(arguments, before).encode()
    return arguments.content.encode()


def _amended(arguments: WriteFile, before: bytes | None) -> str:
    try:
        text = (before or b"").decode()
    except UnicodeDecodeError:
        raise ToolFailed(f"{arguments.path} is no text of UTF-8. Change it with run_code.") from None
    if arguments.old is None:
        return appended(text, arguments.content)
    if before is None:
        raise ToolFailed(f"There is no file {arguments.path}.")
    text, found = replaced(text, arguments.old, arguments.content)
    if found != 1:
        raise ToolFailed(f"`old` is there {found} times; it must be there exactly once.")
    return text


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
