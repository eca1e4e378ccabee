"""The tool that lists the files that can be reached."""

from pydantic import Field

from cowork_desktop.agent.fence import shown_name
from cowork_desktop.agent.tools import files_in_reach
from cowork_desktop.agent.tools.paging import page_of_lines
from cowork_desktop.agent.tools.tool import Arguments, Outcome, Tool, ToolContext
from cowork_desktop.schemas.files import File

_CHANGED = ", a copy of an uploaded file that was changed since"


class ListFiles(Arguments):
    query: str = Field(default="", max_length=200, description="A part of the names to list; empty: all.")
    offset: int = Field(default=0, ge=0, description="How many files to leave out before those listed.")


async def _run(context: ToolContext, arguments: ListFiles) -> Outcome:
    paths, query = await files_in_reach.paths(context), arguments.query.lower()
    lines = [
        _told(file, paths.get(file.id))
        for file in await files_in_reach.uploaded(context)
        if query in file.name.lower() or query in paths.get(file.id, "").lower()
    ]
    in_folder, is_cut = await files_in_reach.in_folder(context)
    copies = set(paths.values())
    lines += [
        f"- {file.path}: {file.size:,} bytes{_CHANGED if file.path in copies else ''}"
        for file in in_folder
        if query in file.path.lower()
    ]
    more = "\n(The working folder has more files, which were not looked at.)" if is_cut else ""
    if not lines:
        return Outcome(("There are no files here." if not query else "No file has such a name.") + more)
    listed = page_of_lines(lines, arguments.offset, of="files").text
    return Outcome(listed + more, source="the list of files")


def _told(file: File, path: str | None) -> str:
    where = path or "(no copy in the working folder)"
    return (
        f"- {where}: {file.mime_type}, {file.size:,} bytes, uploaded {file.created_at[:16]}, id {file.id},"
        f" named {shown_name(file.name)!r}, text: {file.text_status}"
    )


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
