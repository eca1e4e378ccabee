"""Copies of uploaded files in working folders, where code can read them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from cowork_desktop.errors import Conflict
from cowork_desktop.schemas.files import File
from cowork_desktop.store import conversations, files, work_files
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.store.work_files import LaidOut
from cowork_desktop.workspace import working_folder
from cowork_desktop.workspace.contents import Contents, storing
from cowork_desktop.workspace.copying import is_regular
from cowork_desktop.workspace.file_names import FreeNames, same_everywhere

FOLDER = "files"
MOST_FILES = 1_000
"""The newest of a conversation and its project that lie there."""


class LaidOutFiles:
    """A copy keeps its name; one that somebody has changed is left as it is, and stays when its file goes."""

    def __init__(self, db: Database, contents: Contents) -> None:
        self._db, self._contents = db, contents

    async def bring_up_to_date(self, root: Path, project_id: str, conversation_id: str) -> dict[str, str]:
        """Lay out what is missing, and take away what was deleted; returns the paths by the files' ids."""
        wanted, laid_out, gone = await self._db.scan(_state, project_id, conversation_id)
        with storing():
            removed = await asyncio.to_thread(_take_away, root, gone)
            copies = await asyncio.to_thread(self._lay_out, root, wanted, laid_out)
        if removed or copies:
            await self._db.write(_note, project_id, removed, copies)
        paths = {copy.file_id: copy.path for copy in [*laid_out, *copies]}
        return {file.id: paths[file.id] for file in wanted if file.id in paths}

    def _lay_out(self, root: Path, wanted: Sequence[File], laid_out: Sequence[LaidOut]) -> list[LaidOut]:
        by_id, names = {copy.file_id: copy for copy in laid_out}, _names(root, laid_out)
        made = list[LaidOut]()
        for file in reversed(wanted):
            copy = by_id.get(file.id)
            if copy and is_regular(root / copy.path):
                continue
            source = self._contents.place(file.sha256)
            if not is_regular(source):
                continue  # the disk has lost it
            path = copy.path if copy else names.take(FOLDER, file.name)
            with source.open("rb") as content:
                try:
                    working_folder.write(root, path, content)
                except Conflict:  # somebody has a folder of that name
                    continue
            at = (root / path).lstat()
            made.append(LaidOut(file.id, path, at.st_size, at.st_mtime_ns))
        return made


def _state(tx: Tx, project_id: str, conversation_id: str) -> tuple[list[File], list[LaidOut], list[LaidOut]]:
    """The files that are to lie there, the copies that do, and those of deleted files."""
    own_project = conversations.project_of(tx, conversation_id)
    _, wanted = files.in_reach(tx, conversation_id, own_project, MOST_FILES)
    laid_out = work_files.laid_out(tx, project_id)
    deleted = work_files.deleted(tx, [copy.file_id for copy in laid_out])
    gone = [copy for copy in laid_out if copy.file_id in deleted]
    return wanted, [copy for copy in laid_out if copy.file_id not in deleted], gone


def _note(tx: Tx, project_id: str, removed: Sequence[str], copies: Sequence[LaidOut]) -> None:
    work_files.forget_laid_out(tx, project_id, removed)
    work_files.put_laid_out(tx, project_id, copies)


def _take_away(root: Path, gone: Sequence[LaidOut]) -> list[str]:
    """Remove copies of deleted files that are as they were laid out; the ids of all."""
    for copy in gone:
        place = root / copy.path
        if is_regular(place):
            at = place.lstat()
            if (at.st_size, at.st_mtime_ns) == (copy.size, copy.mtime_ns):
                place.unlink()
    return [copy.file_id for copy in gone]


def _names(root: Path, laid_out: Sequence[LaidOut]) -> FreeNames:
    """Names that nothing in the folder has."""
    names = FreeNames()
    folder = root / FOLDER
    taken = {copy.path.partition("/")[2] for copy in laid_out}
    if folder.is_dir():
        taken |= {place.name for place in folder.iterdir()}
    for name in {same_everywhere(name): name for name in taken}.values():
        names.take(FOLDER, name)
    return names
