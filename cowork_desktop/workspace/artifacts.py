"""Artifacts: each save of one is a version, its bytes kept, its folder laid out."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cowork_desktop.clock import Clock
from cowork_desktop.errors import Conflict, NotFound, StorageFull
from cowork_desktop.ids import Ids
from cowork_desktop.schemas.artifacts import Artifact, ArtifactType
from cowork_desktop.store import artifacts
from cowork_desktop.store.artifacts import StoredFile, Version
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.tasks import wholly
from cowork_desktop.workspace.artifact_folder import (
    check_paths,
    clear_unfinished,
    find,
    folder_name,
    in_the_way,
    is_ours,
    regular_files,
    remove,
    take_away,
    write,
)
from cowork_desktop.workspace.contents import Contents, digest_of, digest_of_file, storing
from cowork_desktop.workspace.paths import Escapes, ProjectFolders
from cowork_desktop.workspace.texts import Texts

logger = logging.getLogger(__name__)
_MOST_FILES_BY_HAND = 2_000
_MOST_BYTES_BY_HAND = 500_000_000
_TOO_MUCH = (
    f"The files of this artifact were changed by hand, to more than {_MOST_FILES_BY_HAND:,} files or"
    f" {_MOST_BYTES_BY_HAND // 1_000_000:,} MB: move what is to be kept out of its folder first."
)
_A_LINK = "The folder of this artifact is a link that leads elsewhere, or has one in it."


@dataclass(frozen=True)
class Draft:
    """What is to become a version: all of its files, by their paths below the artifact's folder."""

    title: str
    type: ArtifactType
    files: Mapping[str, bytes]
    page: str = "index.html"
    """The one that is opened."""


@dataclass(frozen=True)
class _Kept:
    """Bytes on their way into the contents."""

    arrived: dict[str, Path]
    files: list[StoredFile]


class Artifacts:
    """A version is a row and bytes before the folder shows it; a crash between is made good at the next
    start.

    The folder is what is served, and what the user may change by hand: before a save writes over such
    changes they become a version too.
    """

    def __init__(
        self, db: Database, folders: ProjectFolders, contents: Contents, texts: Texts, clock: Clock, ids: Ids
    ) -> None:
        self._db, self._folders, self._contents, self._texts = db, folders, contents, texts
        self._clock, self._ids = clock, ids
        self._one_at_a_time = asyncio.Lock()
        self._behind: dict[str, Artifact] = {}

    def folder(self, artifact: Artifact) -> Path:
        return self._folder_of(artifact.project_id, artifact.path)

    def _folder_of(self, project_id: str, path: str) -> Path:
        return self._folders.artifacts(project_id) / path.partition("/")[0]

    async def save(
        self,
        project_id: str,
        draft: Draft,
        *,
        artifact_id: str | None = None,
        also: Callable[[Tx, str], None] | None = None,
    ) -> Artifact:
        """Make an artifact, or the next version of the one named. `also` is part of the same transaction,
        and gets the artifact's id."""
        check_paths(draft.files)
        return await wholly(self._save(project_id, draft, artifact_id, also))

    async def _save(
        self,
        project_id: str,
        draft: Draft,
        artifact_id: str | None,
        also: Callable[[Tx, str], None] | None,
    ) -> Artifact:
        async with self._one_at_a_time:
            if artifact_id:
                artifact = await self._db.read(artifacts.get, artifact_id)
                await self._keep_changes_by_hand(artifact, draft.files)
            id = artifact_id or self._ids.new("art")
            path = f"{folder_name(draft.title, id)}/{draft.page}"

            def record(tx: Tx, files: Sequence[StoredFile]) -> list[str]:
                now = self._clock.now()
                if artifact_id is None:
                    artifacts.create(
                        tx, id, now, project_id=project_id, title=draft.title, type=draft.type, path=path
                    )
                forgotten = artifacts.add_version(tx, id, now, Version(draft.title, "save", files))
                if also:
                    also(tx, id)
                return forgotten

            with storing():
                kept = await asyncio.to_thread(self._write_all, draft.files)
            forgotten = await self._contents.adopt(kept.arrived, lambda: self._db.write(record, kept.files))
            await self._contents.release(forgotten)
            return await self._show(id)

    async def restore(self, id: str, version: int) -> Artifact:
        """Make an earlier version the newest one again."""
        return await wholly(self._restore(id, version))

    async def _restore(self, id: str, version: int) -> Artifact:
        async with self._one_at_a_time:
            artifact = await self._db.read(artifacts.get, id)
            earlier = await self._db.read(artifacts.version_of, id, version)
            await self._keep_changes_by_hand(artifact, [file.path for file in earlier.files])
            restored = Version(earlier.title, "restore", earlier.files)
            forgotten = await self._db.write(artifacts.add_version, id, self._clock.now(), restored)
            await self._contents.release(forgotten)
            return await self._show(id)

    async def take_folder(self, project_id: str, path: str) -> None:
        """Remove the folder of an artifact that was deleted, whose page was at this path; after a save that
        may be under way."""
        async with self._one_at_a_time:
            await asyncio.to_thread(remove, self._folder_of(project_id, path))

    async def load(self) -> None:
        """Learn what an earlier process had saved and not laid out yet."""
        self._behind = {artifact.id: artifact for artifact in await self._db.scan(artifacts.not_laid_out)}

    async def recover(self) -> None:
        """Lay that out."""
        for artifact in list(self._behind.values()):
            await self.catch_up(artifact)

    async def catch_up(self, artifact: Artifact) -> None:
        """Lay this one out now, if its folder does not show the newest version yet: somebody wants to see
        it."""
        if artifact.id in self._behind:
            await wholly(self._catch_up(artifact))

    async def _catch_up(self, artifact: Artifact) -> None:
        async with self._one_at_a_time:
            if self._behind.pop(artifact.id, None):
                try:
                    await self._show(artifact.id)
                except (Conflict, NotFound):
                    logger.exception("The folder of %s cannot be laid out", artifact.id)

    async def _show(self, id: str) -> Artifact:
        """Let the folder show the newest version, and its text be read. The version is kept whatever the disk
        says to the folder: then it is laid out when somebody wants to see it."""
        artifact = await self._db.read(artifacts.get, id)
        wanted = await self._db.read(artifacts.files_of, id, artifact.version)
        shown = await self._db.read(artifacts.laid_out, id)
        try:
            with storing():
                await asyncio.to_thread(self._lay_out, self.folder(artifact), wanted, shown)
        except Escapes as error:
            raise Conflict(_A_LINK) from error
        except StorageFull:
            logger.exception("The folder of %s waits for room", id)
            self._behind[id] = artifact
            return artifact
        await self._db.write(artifacts.note_laid_out, id, artifact.version)
        self._texts.start(id)
        return artifact

    def _lay_out(self, folder: Path, wanted: Sequence[StoredFile], shown: Sequence[StoredFile]) -> None:
        """Write the files that are wanted, read each back, and take away those of the version before; first
        those whose names the new ones need."""
        if not is_ours(folder):
            raise Escapes(str(folder))
        clear_unfinished(folder)
        paths = {file.path for file in wanted}
        old = {file.path: file.sha256 for file in shown if file.path not in paths}
        for path in in_the_way(old, paths):
            take_away(folder, path, old.pop(path))
        write(folder, ((file.path, self._contents.place(file.sha256).read_bytes()) for file in wanted))
        for file in wanted:
            written = find(folder, file.path)
            if written is None or digest_of_file(written) != file.sha256:
                raise OSError(f"{file.path} could not be read back as it was written.")
        for path, digest in old.items():
            take_away(folder, path, digest)

    async def _keep_changes_by_hand(self, artifact: Artifact, new: Iterable[str]) -> None:
        """Make a version of the folder's files where they are not the ones that were laid out. Of a folder
        that holds too much for that, only what the new files would write over."""
        folder = self.folder(artifact)
        if not await asyncio.to_thread(is_ours, folder):
            raise Conflict(_A_LINK)
        shown = await self._db.read(artifacts.laid_out, artifact.id)
        kept = await asyncio.to_thread(self._changed_by_hand, folder, shown, set(new))
        if kept:
            version = Version(artifact.title, "folder", kept.files)

            def record(tx: Tx) -> list[str]:
                forgotten = artifacts.add_version(tx, artifact.id, self._clock.now(), version)
                artifacts.note_laid_out(tx, artifact.id, artifact.version + 1)
                return forgotten

            forgotten = await self._contents.adopt(kept.arrived, lambda: self._db.write(record))
            await self._contents.release(forgotten)

    def _changed_by_hand(self, folder: Path, shown: Sequence[StoredFile], new: set[str]) -> _Kept | None:
        laid_out = {file.path: file.sha256 for file in shown}
        found = dict(regular_files(folder))
        if _is_too_much(found):
            found = {path: place for path, place in found.items() if path in laid_out or path in new}
            if _is_too_much(found):
                raise Conflict(_TOO_MUCH)
        if {path: digest_of_file(place) for path, place in found.items()} == laid_out:
            return None
        return self._write_all({path: place.read_bytes() for path, place in found.items()}) if found else None

    def _write_all(self, files: Mapping[str, bytes]) -> _Kept:
        stored = [StoredFile(path, len(content), digest_of(content)) for path, content in files.items()]
        return _Kept(self._contents.write(files.values()), stored)


def _is_too_much(files: Mapping[str, Path]) -> bool:
    return (
        len(files) > _MOST_FILES_BY_HAND
        or sum(place.stat().st_size for place in files.values()) > _MOST_BYTES_BY_HAND
    )
