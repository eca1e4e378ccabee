"""Copies of uploaded files in working folders, where code can read them."""

import asyncio
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cowork_desktop.errors import CoworkError, InvalidRequest
from cowork_desktop.schemas.files import File
from cowork_desktop.store import changes, conversations, files, work_files
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.store.work_files import LaidOut
from cowork_desktop.workspace import working_folder
from cowork_desktop.workspace.contents import Contents, storing
from cowork_desktop.workspace.copying import is_regular
from cowork_desktop.workspace.file_names import FreeNames, same_everywhere
from cowork_desktop.workspace.paths import ProjectFolders

logger = logging.getLogger(__name__)

FOLDER = "files"
MOST_FILES = 1_000
"""The newest of a conversation and its project that lie there."""


class LaidOutFiles:
    """A copy keeps its name; one that somebody has changed is left as it is, and stays when its file goes."""

    def __init__(self, db: Database, contents: Contents) -> None:
        self._db, self._contents = db, contents

    async def bring_up_to_date(self, root: Path, project_id: str, conversation_id: str) -> dict[str, str]:
        """Lay out what is missing, and take away what was deleted; returns the paths of those that lie there
        by the files' ids."""
        wanted, laid_out, gone = await self._db.scan(_state, project_id, conversation_id)
        removed, changed = await asyncio.to_thread(_take_away, root, gone)
        left = [copy for copy in gone if copy not in removed + changed]
        paths, made = await asyncio.to_thread(self._lay_out, root, wanted, [*laid_out, *left])
        if made or removed or changed:
            await self._contents.release(await self._db.write(_note, project_id, removed, changed, made))
        return paths

    async def take_away(self, folders: ProjectFolders, file_id: str) -> None:
        """Remove the copies of a file that was deleted, but for those that somebody has changed."""
        for project_id, copy in await self._db.read(work_files.copies_of, file_id):
            root = await asyncio.to_thread(folders.work, project_id)
            removed, changed = await asyncio.to_thread(_take_away, root, [copy])
            await self._contents.release(await self._db.write(_note, project_id, removed, changed, []))

    def _lay_out(
        self, root: Path, wanted: Sequence[File], laid_out: Sequence[LaidOut]
    ) -> tuple[dict[str, str], list[LaidOut]]:
        """The paths of all that lie there, and the copies that are new."""
        by_id, free = {copy.file_id: copy for copy in laid_out}, _FreePaths(root, laid_out)
        paths, made = dict[str, str](), list[LaidOut]()
        for file in reversed(wanted):
            copy = by_id.get(file.id)
            if copy is None or _at(root, copy) is None:
                is_free = copy and not os.path.lexists(root / copy.path)
                copy = self._copy(root, file, copy.path if copy and is_free else free.take(file.name))
                made += [copy] if copy else []
            if copy:
                paths[file.id] = copy.path
        return paths, made

    def _copy(self, root: Path, file: File, path: str) -> LaidOut | None:
        """None where it cannot be made, and a turn goes on without: the disk is full or has lost the file, or
        something stands in the way of the folder."""
        try:
            with storing(), self._contents.place(file.sha256).open("rb") as content:
                working_folder.write(root, path, content)
                at = (root / path).lstat()
        except CoworkError as error:
            logger.warning("There is no copy of %s: %s", file.id, error.message)
            return None
        return LaidOut(file.id, path, at.st_size, at.st_mtime_ns)


def _state(tx: Tx, project_id: str, conversation_id: str) -> tuple[list[File], list[LaidOut], list[LaidOut]]:
    """The files that are to lie there, the copies that do, and those of deleted files."""
    own_project = conversations.project_of(tx, conversation_id)
    _, wanted = files.in_reach(tx, conversation_id, own_project, MOST_FILES)
    laid_out = work_files.laid_out(tx, project_id)
    deleted = work_files.deleted(tx, [copy.file_id for copy in laid_out])
    gone = [copy for copy in laid_out if copy.file_id in deleted]
    return wanted, [copy for copy in laid_out if copy.file_id not in deleted], gone


def _note(
    tx: Tx,
    project_id: str,
    removed: Sequence[LaidOut],
    changed: Sequence[LaidOut],
    made: Sequence[LaidOut],
) -> list[str]:
    """Returns the digests that are not noted of the folder any more."""
    done_with = [*removed, *changed]
    for copy in done_with:
        changes.forget_bytes(tx, project_id, copy.path, copy.file_id)
    for copy in changed:
        work_files.forget_bytes(tx, project_id, copy.path, copy.file_id)
    work_files.forget_laid_out(tx, project_id, [copy.file_id for copy in done_with])
    left = work_files.forget(tx, project_id, [copy.path for copy in removed])
    work_files.put_laid_out(tx, project_id, made)
    # To lay them out is no change of a turn that runs.
    return left + work_files.put_copies(tx, project_id, made)


def _take_away(root: Path, gone: Sequence[LaidOut]) -> tuple[list[LaidOut], list[LaidOut]]:
    """Remove copies of deleted files that are as they were laid out; those that are gone, and those that
    somebody has changed. Others cannot be removed now."""
    removed, changed = list[LaidOut](), list[LaidOut]()
    for copy in gone:
        at = _at(root, copy)
        if at and (at.st_size, at.st_mtime_ns) != (copy.size, copy.mtime_ns):
            changed.append(copy)
            continue
        with suppress(OSError):  # Windows removes nothing that is being read
            if at:
                (root / copy.path).unlink()
            removed.append(copy)
    return removed, changed


def _at(root: Path, copy: LaidOut) -> os.stat_result | None:
    """The file that lies where the copy was; None where there is none, or links lead elsewhere."""
    try:
        place = working_folder.place_of(root, copy.path)
        return place.lstat() if is_regular(place) else None
    except (InvalidRequest, OSError):
        return None


class _FreePaths:
    """Paths that nothing in the folder of copies has, and no copy that is to come back."""

    def __init__(self, root: Path, laid_out: Sequence[LaidOut]) -> None:
        self._names = FreeNames()
        self._taken = {same_everywhere(copy.path) for copy in laid_out}
        with suppress(OSError):  # there is no such folder yet
            self._taken |= {same_everywhere(f"{FOLDER}/{name}") for name in os.listdir(root / FOLDER)}

    def take(self, name: str) -> str:
        while same_everywhere(path := self._names.take(FOLDER, name)) in self._taken:
            pass
        return path
