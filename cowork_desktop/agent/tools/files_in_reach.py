"""The files that a call can reach: uploaded ones of its conversation and project, and those of the working
folder."""

import asyncio
from collections.abc import Sequence

from cowork_desktop.agent import attachments
from cowork_desktop.agent.tools.tool import ToolContext, ToolFailed
from cowork_desktop.schemas.conversations import FileLink
from cowork_desktop.schemas.files import File
from cowork_desktop.schemas.texts import Place
from cowork_desktop.store import conversations, files, work_files
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
    """The files of the working folder without the copies of uploaded ones, but for those that were changed;
    and whether there are more than are looked at."""
    found, is_cut = await context.means.project_files.listing(context.project_id)
    laid_out = await context.db.scan(work_files.laid_out, context.project_id)
    as_they_were = {(copy.path, copy.size, copy.mtime_ns) for copy in laid_out}
    return [file for file in found if (file.path, file.size, file.mtime_ns) not in as_they_were], is_cut


async def find(context: ToolContext, name: str) -> File | str:
    """The uploaded file with this id, path or name, or the path of one of the working folder. Raises
    ToolFailed where there is none, or several have the name."""
    of_ids, all_uploaded = await paths(context), await uploaded(context)
    found, is_cut = await in_folder(context)
    path = name.removeprefix("./")
    for file in all_uploaded:
        if file.id == name:
            return file
    if any(file.path == path for file in found):
        return path
    for file in all_uploaded:
        if of_ids.get(file.id) == path:
            return file
    if named := _named(all_uploaded, name):
        return named
    if is_cut:  # it may be one that was not looked at
        return path
    raise ToolFailed(f"There is no file {name[:200]!r} here. list_files has those there are.")


def _named(all_uploaded: Sequence[File], name: str) -> File | None:
    """Raises ToolFailed where several have the name."""
    named = [file for file in all_uploaded if file.name == name]
    if len(named) > 1:
        ids = ", ".join(f"{file.id} ({file.created_at[:16]})" for file in named[:10])
        raise ToolFailed(f"Several files are named {name[:200]!r}; give one of the ids: {ids}.")
    return named[0] if named else None


async def when_read(context: ToolContext, file: File, seconds: float = 10.0) -> File:
    """The file when its text has been read, or as it is when that takes long."""
    clock = context.means.clock
    return await attachments.when_read(file, context.db, clock, clock.monotonic() + seconds)


async def read_bytes(context: ToolContext, file: File) -> bytes:
    """Raises ToolFailed where the disk has lost them."""
    try:
        return await asyncio.to_thread(context.means.contents.place(file.sha256).read_bytes)
    except OSError as error:
        raise ToolFailed("The disk has lost this file.") from error


def lines_of(text: str) -> list[str]:
    """As the tools count them: where a line ends is no matter of form feeds and the like."""
    return text.removesuffix("\n").split("\n") if text else []


def link_to(file: File, place: Place | None = None) -> FileLink:
    return FileLink(file_id=file.id, path=None, name=file.name, place=place)


def link_to_path(path: str, line: int | None = None) -> FileLink:
    return FileLink(file_id=None, path=path, name=path, place=Place(line=line) if line else None)
