"""The files of a project's working folder: listed, read, written, and put back as they were."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from cowork_desktop.errors import Conflict, CoworkError, NotFound, PayloadTooLarge
from cowork_desktop.store import changes, work_files
from cowork_desktop.store.changes import Change, NotedChange
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.store.work_files import WorkFile
from cowork_desktop.tasks import wholly
from cowork_desktop.workspace import working_folder
from cowork_desktop.workspace.contents import Arrivals, Contents, storing
from cowork_desktop.workspace.copying import digest_of, is_regular, open_regular
from cowork_desktop.workspace.kept_files import found_in, is_changed, kept
from cowork_desktop.workspace.laid_out import FOLDER, LaidOutFiles
from cowork_desktop.workspace.paths import ProjectFolders
from cowork_desktop.workspace.working_folder import Unfinished

_LARGEST_READ = 50_000_000
_NOT_KEPT = "It was too large to be kept as it was, or could not be read."
_NOT_COMPARED = (
    "It was too large, or could not be read, so that nobody can tell whether it was changed since."
)
_CHANGED = "It has been changed since."
_LOST = "The disk has lost what it was."
_DELETED = "It was the copy of an uploaded file, which has been deleted."

_Note = Callable[[Tx, Change], None]


class ProjectFiles:
    """What a turn changes in the folder is noted against a manifest of it.

    Where two cells of one project run at the same time, what both may have changed is noted for one of them:
    nothing twice, nothing lost.
    """

    def __init__(self, db: Database, folders: ProjectFolders, contents: Contents) -> None:
        self._db, self._folders, self._contents = db, folders, contents
        self._laid_out = LaidOutFiles(db, contents)
        self._one_at_a_time = asyncio.Lock()
        self._tidied = set[str]()
        """Projects in whose folders nothing lies any more that an earlier process left unfinished."""
        self._watching = dict[str, list[_Note]]()
        """What notes changes for the code that runs, by projects, that which has run the longest first."""

    def root(self, project_id: str) -> Path:
        """The working folder; blocks."""
        return self._folders.work(project_id)

    async def listing(self, project_id: str) -> tuple[list[WorkFile], bool]:
        """The files of the folder, by their paths, and whether there are more."""
        root = await asyncio.to_thread(self.root, project_id)
        return await asyncio.to_thread(working_folder.files_in, root)

    async def read(self, project_id: str, path: str) -> bytes:
        """What is in a file; CoworkError, in words for the model, where it cannot be had."""
        return await asyncio.to_thread(lambda: _read(self.root(project_id), path))

    async def lay_out(self, project_id: str, conversation_id: str) -> dict[str, str]:
        """Have copies of the files of the conversation and its project in the folder; returns their paths by
        their ids."""
        async with self._one_at_a_time:
            root = await asyncio.to_thread(self.root, project_id)
            if project_id not in self._tidied:
                await asyncio.to_thread(working_folder.clear_unfinished, root)
                self._tidied.add(project_id)
            return await wholly(self._laid_out.bring_up_to_date(root, project_id, conversation_id))

    async def take_away(self, file_id: str) -> None:
        """Remove the copies of an uploaded file that was deleted, but for those that somebody has changed."""
        async with self._one_at_a_time:
            await wholly(self._laid_out.take_away(self._folders, file_id))

    async def write(
        self,
        project_id: str,
        path: str,
        rewritten: Callable[[bytes | None], bytes],
        turn_id: str,
        content_index: int,
    ) -> Change:
        """Write what is made of what is there, or of None where there is no file, and note the change: what
        it was is kept before it is written over. What `rewritten` raises leaves the file as it is."""
        async with self._one_at_a_time:
            return await wholly(self._write(project_id, path, rewritten, turn_id, content_index))

    async def _write(
        self,
        project_id: str,
        path: str,
        rewritten: Callable[[bytes | None], bytes],
        turn_id: str,
        content_index: int,
    ) -> Change:
        root = await asyncio.to_thread(self.root, project_id)
        async with self._contents.arrivals() as arrivals:
            before, after, unfinished = await asyncio.to_thread(_begin, root, path, rewritten, arrivals)
            change = _change(project_id, path, before, after)
            noted: int | None = None

            def note(tx: Tx) -> list[str]:
                nonlocal noted
                self._note_for_running(tx, project_id, path, before)
                if before is None or before.sha256 != after.sha256:
                    noted = changes.note(tx, turn_id, content_index, change)
                return work_files.put(tx, project_id, [after])

            def take_back(tx: Tx) -> list[str]:
                if noted is not None:
                    changes.forget(tx, turn_id, noted)
                return _put(tx, project_id, path, before)

            try:
                left = await self._contents.adopt(arrivals.parts, lambda: self._db.write(note))
                try:
                    with storing():
                        await asyncio.to_thread(unfinished.finish)
                except BaseException:
                    await self._contents.release(left + await self._db.write(take_back))
                    raise
            finally:
                await asyncio.to_thread(unfinished.clear)
            await self._contents.release(left)
        return change

    async def put(self, project_id: str, path: str, made: Path, turn_id: str, content_index: int) -> None:
        """Copy a file that was made elsewhere there, however large, and note the change as that of code."""
        root = await asyncio.to_thread(self.root, project_id)
        async with self.watching(project_id, turn_id, content_index):
            await wholly(asyncio.to_thread(_copy, root, path, made))

    @asynccontextmanager
    async def watching(self, project_id: str, turn_id: str, content_index: int) -> AsyncIterator[None]:
        """Note what changes in the folder meanwhile, however it ends."""
        running = self._watching.setdefault(project_id, [])

        def note_for_others(tx: Tx, change: Change) -> None:
            # What code that runs already has changed so far is its own, as the manifest moves on.
            if running:
                running[0](tx, change)

        was_whole = await wholly(self._look(project_id, note_for_others))

        def note(tx: Tx, change: Change) -> None:
            # What comes into sight in a folder that was not seen whole is not new because of that.
            if change.before is not None or was_whole:
                changes.note(tx, turn_id, content_index, change)

        running.append(note)
        try:
            yield
        finally:
            try:
                await wholly(self._look(project_id, note))
            finally:
                running.remove(note)

    def _note_for_running(self, tx: Tx, project_id: str, path: str, now: WorkFile | None) -> None:
        """What code that runs has changed of a file, before somebody else writes it."""
        if running := self._watching.get(project_id):
            known = work_files.manifest(tx, project_id).get(path)
            if is_changed(known, now):
                running[0](tx, _change(project_id, path, known, now))

    async def _look(self, project_id: str, note: _Note) -> bool:
        """Bring the manifest up to date, and note each difference; whether all of the folder was seen."""
        async with self._one_at_a_time, self._contents.arrivals() as arrivals:
            known = await self._db.scan(work_files.manifest, project_id)
            root = await asyncio.to_thread(self.root, project_id)
            found, is_whole = await asyncio.to_thread(found_in, root, known, arrivals)
            if found == known:
                return is_whole

            def move_on(tx: Tx) -> list[str]:
                # An undo begins with the last: a file that is new may stand in the way of one that is gone.
                for path in sorted(found.keys() | known.keys(), key=lambda path: (path not in known, path)):
                    before, after = known.get(path), found.get(path)
                    if is_changed(before, after):
                        note(tx, _change(project_id, path, before, after))
                seen = [file for path, file in found.items() if known.get(path) != file]
                replaced = work_files.put(tx, project_id, seen)
                return replaced + work_files.forget(tx, project_id, known.keys() - found.keys())

            left = await self._contents.adopt(arrivals.parts, lambda: self._db.write(move_on))
            await self._contents.release(left)
            return is_whole

    async def undo(self, noted: NotedChange) -> str | None:
        """Put a file back as it was before; returns why it was left, in words, or None."""
        async with self._one_at_a_time:
            try:
                return await wholly(self._undo(noted.change))
            except CoworkError as error:
                return error.message

    async def _undo(self, change: Change) -> str | None:
        reason = await asyncio.to_thread(self._put_back, change)
        if reason is None:  # and no cell that runs meanwhile has done it
            await self._contents.release(await self._db.write(_note_put_back, change))
        return reason

    def _put_back(self, change: Change) -> str | None:
        root = self.root(change.project_id)
        place = working_folder.place_of(root, change.ref)
        if change.before is not None and change.sha256 is None:
            return _DELETED if change.before["sha256"] else _NOT_KEPT
        is_unknown = change.after is not None and change.after["sha256"] is None
        if is_regular(place):
            if not working_folder.is_spelled_so(root, change.ref):
                return _CHANGED  # it is another file, where case does not count
            if is_unknown and place.lstat().st_size != change.size:
                return _NOT_COMPARED  # nor read, as it may be huge
        now = digest_of(place, change.ref)
        if now == change.sha256:
            return None
        if is_unknown:
            return _NOT_COMPARED
        if now != (change.after and change.after["sha256"]):
            return _CHANGED
        if change.before is None:
            _remove(place, change.ref)
            working_folder.remove_emptied(root.resolve(), place, but=FOLDER)
            return None
        source = open_regular(self._contents.place(str(change.sha256)))
        if source is None:
            return _LOST
        with source, storing():
            working_folder.write(root, change.ref, source)
        return None


def _read(root: Path, path: str) -> bytes:
    with working_folder.opened(root, path) as file:
        content = file.read(_LARGEST_READ + 1)
    if len(content) > _LARGEST_READ:
        raise PayloadTooLarge(f"{path} is larger than {_LARGEST_READ // 1_000_000} MB.")
    return content


def _begin(
    root: Path, path: str, rewritten: Callable[[bytes | None], bytes], arrivals: Arrivals
) -> tuple[WorkFile | None, WorkFile, Unfinished]:
    """What the file is, what it will be, and what makes it that; both are on their way to be kept."""
    try:
        content: bytes | None = _read(root, path)
    except NotFound:
        working_folder.check_new(path)
        content = None
    made = rewritten(content)
    with storing():
        before = None if content is None else kept(path, io.BytesIO(content), arrivals)
        after = kept(path, io.BytesIO(made), arrivals)
        unfinished = working_folder.begin(root, path, io.BytesIO(made))
        return before, replace(after, mtime_ns=unfinished.part.lstat().st_mtime_ns), unfinished


def _remove(place: Path, path: str) -> None:
    try:
        place.unlink()
    except OSError as error:
        raise Conflict(f"{path} cannot be taken away: {error.strerror or error}.") from error


def _note_put_back(tx: Tx, change: Change) -> list[str]:
    before = change.before and WorkFile(change.ref, change.before["size"], 0, change.before["sha256"])
    return _put(tx, change.project_id, change.ref, before)


def _put(tx: Tx, project_id: str, path: str, file: WorkFile | None) -> list[str]:
    """Have the manifest say that this is there, or nothing. Returns the digests that it had."""
    if file is None:
        return work_files.forget(tx, project_id, [path])
    return work_files.put(tx, project_id, [file])


def _copy(root: Path, path: str, made: Path) -> None:
    with storing(), made.open("rb") as source:
        working_folder.write(root, path, source)


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
