"""The files of a project's working folder: listed, read, written, and put back as they were."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from cowork_desktop.clock import Clock
from cowork_desktop.errors import CoworkError, PayloadTooLarge
from cowork_desktop.store import changes, work_files
from cowork_desktop.store.changes import Change, NotedChange
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.store.work_files import WorkFile
from cowork_desktop.tasks import wholly
from cowork_desktop.workspace import working_folder
from cowork_desktop.workspace.contents import Arrivals, Contents, storing
from cowork_desktop.workspace.copying import digest_of, open_regular
from cowork_desktop.workspace.laid_out import LaidOutFiles
from cowork_desktop.workspace.paths import ProjectFolders

LARGEST_KEPT = 100_000_000
MOST_KEPT = 500_000_000
"""Bytes of one file, and of all files of a folder together, that are kept so that they can be put back."""
_LARGEST_READ = 50_000_000
_NOT_KEPT = "It was too large to be kept as it was."
_NOT_COMPARED = "It is too large to tell whether it was changed since."
_CHANGED = "It was changed since."


class ProjectFiles:
    """What a turn changes in the folder is noted against a manifest of it.

    Where two cells of one project run at the same time, what both may have changed is noted for the one that
    ends first: nothing twice, nothing lost.
    """

    def __init__(self, db: Database, folders: ProjectFolders, contents: Contents, clock: Clock) -> None:
        self._db, self._folders, self._contents, self._clock = db, folders, contents, clock
        self._laid_out = LaidOutFiles(db, contents)
        self._one_at_a_time = asyncio.Lock()

    def root(self, project_id: str) -> Path:
        """The working folder; blocks."""
        return self._folders.work(project_id)

    async def listing(self, project_id: str) -> tuple[list[WorkFile], bool]:
        """The files of the folder, by their paths, and whether there are more."""
        root = await asyncio.to_thread(self.root, project_id)
        return await asyncio.to_thread(working_folder.files_in, root)

    async def read(self, project_id: str, path: str) -> bytes:
        """What is in a file; CoworkError, in words for the model, where it cannot be had."""
        return await asyncio.to_thread(self._read, project_id, path)

    def _read(self, project_id: str, path: str) -> bytes:
        with working_folder.opened(self.root(project_id), path) as file:
            content = file.read(_LARGEST_READ + 1)
        if len(content) > _LARGEST_READ:
            raise PayloadTooLarge(f"{path} is larger than {_LARGEST_READ // 1_000_000} MB.")
        return content

    async def lay_out(self, project_id: str, conversation_id: str) -> dict[str, str]:
        """Have copies of the files of the conversation and its project in the folder; returns their paths by
        their ids."""
        async with self._one_at_a_time:
            root = await asyncio.to_thread(self.root, project_id)
            return await wholly(self._laid_out.bring_up_to_date(root, project_id, conversation_id))

    async def write(
        self, project_id: str, path: str, content: bytes, turn_id: str, content_index: int
    ) -> Change:
        """Write a file, and note the change: what it was is kept before it is written over."""
        async with self._one_at_a_time:
            return await wholly(self._write(project_id, path, content, turn_id, content_index))

    async def _write(
        self, project_id: str, path: str, content: bytes, turn_id: str, content_index: int
    ) -> Change:
        root = await asyncio.to_thread(self.root, project_id)
        place = await asyncio.to_thread(working_folder.place_of, root, path)
        async with self._contents.arrivals() as arrivals:
            before = await asyncio.to_thread(_kept, place, path, arrivals)
            with storing():
                size, digest = await asyncio.to_thread(arrivals.add, io.BytesIO(content))
            # Its time is not known yet: the next look at the folder learns it.
            after = WorkFile(path, size, 0, digest)
            change = _change(project_id, path, before, after)

            def note(tx: Tx) -> None:
                changes.note(tx, turn_id, content_index, change)
                work_files.put(tx, project_id, [after])

            await self._contents.adopt(arrivals.parts, lambda: self._db.write(note))
        with storing():
            await asyncio.to_thread(working_folder.write, root, path, io.BytesIO(content))
        return change

    @asynccontextmanager
    async def watching(self, project_id: str, turn_id: str, content_index: int) -> AsyncIterator[None]:
        """Note what changes in the folder meanwhile, however it ends."""
        await self._look(project_id, lambda tx, change: None)
        try:
            yield
        finally:
            await wholly(
                self._look(project_id, lambda tx, change: changes.note(tx, turn_id, content_index, change))
            )

    async def _look(self, project_id: str, note: Callable[[Tx, Change], None]) -> None:
        """Bring the manifest up to date, and note each difference."""
        async with self._one_at_a_time, self._contents.arrivals() as arrivals:
            known = await self._db.scan(work_files.manifest, project_id)
            root = await asyncio.to_thread(self.root, project_id)
            found = await asyncio.to_thread(_found, root, known, arrivals)
            if found == known:
                return

            def move_on(tx: Tx) -> list[str]:
                for path in sorted(found.keys() | known.keys()):
                    before, after = known.get(path), found.get(path)
                    if _content(before) != _content(after):
                        note(tx, _change(project_id, path, before, after))
                work_files.put(
                    tx, project_id, (file for path, file in found.items() if known.get(path) != file)
                )
                work_files.forget(tx, project_id, known.keys() - found.keys())
                return [file.sha256 for file in known.values() if file.sha256]

            left = await self._contents.adopt(arrivals.parts, lambda: self._db.write(move_on))
            await self._contents.release(left)

    async def undo(self, noted: NotedChange) -> str | None:
        """Put a file back as it was before; returns why it was left, in words, or None."""
        async with self._one_at_a_time:
            try:
                return await wholly(asyncio.to_thread(self._undo, noted.change))
            except CoworkError as error:
                return error.message

    def _undo(self, change: Change) -> str | None:
        root = self.root(change.project_id)
        place = working_folder.place_of(root, change.ref)
        now = digest_of(place, change.ref)
        was = change.before and change.before["sha256"]
        if now == was and (was or change.before is None):
            return None
        if change.before is not None and change.sha256 is None:
            return _NOT_KEPT
        if change.after is not None and change.after["sha256"] is None:
            return _NOT_COMPARED
        if now != (change.after and change.after["sha256"]):
            return _CHANGED
        if change.before is None:
            place.unlink()
            return None
        with self._contents.place(str(change.sha256)).open("rb") as source, storing():
            working_folder.write(root, change.ref, source)
        return None


def _found(root: Path, known: dict[str, WorkFile], arrivals: Arrivals) -> dict[str, WorkFile]:
    """The files as they are; those that are new or changed are read and on their way to be kept."""
    files, _ = working_folder.files_in(root)
    room = MOST_KEPT
    found: dict[str, WorkFile] = {}
    for file in files:
        before = known.get(file.path)
        if before and (before.size, before.mtime_ns) == (file.size, file.mtime_ns):
            found[file.path] = before
        elif file.size <= min(LARGEST_KEPT, room):
            if kept := _kept(root / file.path, file.path, arrivals):
                found[file.path] = replace(kept, mtime_ns=file.mtime_ns)
        else:
            found[file.path] = file
        room -= file.size
    return found


def _kept(place: Path, path: str, arrivals: Arrivals) -> WorkFile | None:
    """The file with its bytes on their way to be kept; None where there is none."""
    source = open_regular(place, path)
    if source is None:
        return None
    with source, storing():
        return WorkFile(path, *_size_and_digest(arrivals.add(source)))


def _size_and_digest(added: tuple[int, str]) -> tuple[int, int, str]:
    size, digest = added
    return size, 0, digest


def _content(file: WorkFile | None) -> tuple[int, str | None] | None:
    """What counts as a change where it differs; of a file that is too large to be read, its time too."""
    if file is None:
        return None
    return (file.size, file.sha256) if file.sha256 else (file.mtime_ns, None)


def _change(project_id: str, path: str, before: WorkFile | None, after: WorkFile | None) -> Change:
    return Change(
        kind="file",
        project_id=project_id,
        ref=path,
        name=path,
        before=before and {"sha256": before.sha256, "size": before.size},
        after=after and {"sha256": after.sha256, "size": after.size},
        sha256=before.sha256 if before else None,
        size=before.size if before and before.sha256 else None,
    )
