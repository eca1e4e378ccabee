"""The tool that lists the files that can be reached."""

from pydantic import Field

from cowork_desktop.agent.fence import shown_name
from cowork_desktop.agent.tools import files_in_reach
from cowork_desktop.agent.tools.paging import page_of_lines
from cowork_desktop.agent.tools.tool import Arguments, Outcome, Tool, ToolContext


class ListFiles(Arguments):
    query: str = Field(default="", max_length=200, description="A part of the names to list; empty: all.")
    offset: int = Field(default=0, ge=0, description="How many files to leave out before those listed.")


async def _run(context: ToolContext, arguments: ListFiles) -> Outcome:
    paths = await files_in_reach.paths(context)
    lines = [
        f"- {shown_name(paths.get(file.id, file.name))}: {file.mime_type}, {file.size:,} bytes, uploaded"
        f" {file.created_at[:16]}, id {file.id}, named {shown_name(file.name)!r}, text: {file.text_status}"
        for file in await files_in_reach.uploaded(context)
        if arguments.query.lower() in f"{file.name} {paths.get(file.id, '')}".lower()
    ]
    in_folder, is_cut = await files_in_reach.in_folder(context)
    lines += [
        f"- {shown_name(file.path)}: {file.size:,} bytes"
        for file in in_folder
        if arguments.query.lower() in file.path.lower()
    ]
    if not lines:
        return Outcome("There are no files here." if not arguments.query else "No file has such a name.")
    more = ["(and more that are not listed)"] if is_cut else []
    return Outcome(page_of_lines([*lines, *more], arguments.offset, of="files"), source="the list of files")


TOOL = Tool(
    name="list_files",
    description=(
        "List the files that you can reach: those that the user uploaded to this conversation or its project,"
        " by their paths in the working folder, with type, size, id and whether their text can be read; then"
        " the other files of the working folder. Use it to find out what there is before you read."
    ),
    input=ListFiles,
    run=_run,
    is_basic=True,
)
