"""The files that a call can reach: uploaded ones of its conversation and project, and those of the working
folder."""

import asyncio
from collections.abc import Sequence

from cowork_desktop.agent.tools.tool import ToolContext, ToolFailed
from cowork_desktop.schemas.conversations import FileLink
from cowork_desktop.schemas.files import File
from cowork_desktop.schemas.texts import Place
from cowork_desktop.store import conversations, files
from cowork_desktop.store.database import Tx
from cowork_desktop.store.work_files import WorkFile

MOST_FILES = 1_000


async def uploaded(context: ToolContext) -> Sequence[File]:
    """Newest first."""
    return await context.db.scan(_uploaded, context.conversation_id)


def _uploaded(tx: Tx, conversation_id: str) -> list[File]:
    own_project = conversations.project_of(tx, conversation_id)
    return files.in_reach(tx, conversation_id, own_project, MOST_FILES)[1]


async def paths(context: ToolContext) -> dict[str, str]:
    """Where the copies of the uploaded files lie in the working folder, by their ids."""
    return await context.means.project_files.lay_out(context.project_id, context.conversation_id)


async def in_folder(context: ToolContext) -> tuple[list[WorkFile], bool]:
    """The other files of the working folder, and whether there are more than are looked at."""
    found, is_cut = await context.means.project_files.listing(context.project_id)
    copies = set((await paths(context)).values())
    return [file for file in found if file.path not in copies], is_cut


async def find(context: ToolContext, name: str) -> File | str:
    """The uploaded file with this id, name or path, or the path of one of the working folder. Raises
    ToolFailed where there is none, or several have the name."""
    of_ids = await paths(context)
    all_uploaded = await uploaded(context)
    for file in all_uploaded:
        if name == file.id or name == of_ids.get(file.id):
            return file
    named = [file for file in all_uploaded if file.name == name]
    if len(named) > 1:
        ids = ", ".join(f"{file.id} ({file.created_at[:16]})" for file in named[:10])
        raise ToolFailed(f"Several files are named {name!r}; give one of the ids: {ids}.")
    if named:
        return named[0]
    found, _ = await in_folder(context)
    path = name.removeprefix("./")
    if any(file.path == path for file in found):
        return path
    raise ToolFailed(f"There is no file {name[:200]!r} here. list_files has those there are.")


async def when_read(context: ToolContext, file: File, seconds: float = 10.0) -> File:
    """The file when its text has been read, or as it is when that takes long."""
    clock = context.means.clock
    until = clock.monotonic() + seconds
    while file.text_status in ("pending", "extracting") and clock.monotonic() < until:
        await clock.sleep(0.1)
        [file] = await context.db.scan(files.those, [file.id]) or [file]
    return file


async def read_bytes(context: ToolContext, file: File) -> bytes:
    return await asyncio.to_thread(context.means.contents.place(file.sha256).read_bytes)


def link_to(file: File, place: Place | None = None, path: str | None = None) -> FileLink:
    return FileLink(file_id=file.id, path=path, name=file.name, place=place)


def link_to_path(path: str, line: int | None = None) -> FileLink:
    return FileLink(file_id=None, path=path, name=path, place=Place(line=line) if line else None)
