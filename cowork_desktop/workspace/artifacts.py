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
    remove,
    take_away,
    write,
)
from cowork_desktop.workspace.artifact_reading import gather, read_folder, read_stored, take_in
from cowork_desktop.workspace.contents import Arrivals, Contents, storing
from cowork_desktop.workspace.copying import digest_of
from cowork_desktop.workspace.paths import Escapes, ProjectFolders
from cowork_desktop.workspace.texts import Texts

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Draft:
    """What is to become a version: all of its files, by their paths below the artifact's folder."""

    title: str
    type: ArtifactType
    files: Mapping[str, bytes]
    page: str = "index.html"
    """The one that is opened."""


class Outdated(Conflict):
    """There is a newer version than the one that a draft was made of."""


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
        of_version: int | None = None,
        also: Callable[[Tx, str], None] | None = None,
    ) -> Artifact:
        """Make an artifact, or the next version of the one named. `also` is part of the same transaction,
        and gets the artifact's id.

        Raises Outdated where the newest version is not `of_version`, if that is given.
        """
        check_paths(draft.files)
        return await wholly(self._save(project_id, draft, artifact_id, of_version, also))

    async def _save(
        self,
        project_id: str,
        draft: Draft,
        artifact_id: str | None,
        of_version: int | None,
        also: Callable[[Tx, str], None] | None,
    ) -> Artifact:
        async with self._one_at_a_time, self._contents.arrivals() as arrivals:
            if artifact_id and of_version is not None:
                await self._check_newest(artifact_id, of_version)
            id = artifact_id or self._ids.new("art")
            path = f"{folder_name(draft.title, id)}/{draft.page}"
            by_hand = await self._by_hand(id, draft.files, arrivals) if artifact_id else []
            with storing():
                files = await asyncio.to_thread(take_in, draft.files, arrivals)

            def record(tx: Tx) -> list[str]:
                if artifact_id is None:
                    artifacts.create(
                        tx,
                        id,
                        self._clock.now(),
                        project_id=project_id,
                        title=draft.title,
                        type=draft.type,
                        path=path,
                    )
                forgotten = self._add_version(tx, id, by_hand, Version(draft.title, "save", files))
                if also:
                    also(tx, id)
                return forgotten

            return await self._record_and_show(id, record, arrivals)

    async def _check_newest(self, id: str, version: int) -> None:
        if (await self._db.read(artifacts.get, id)).version != version:
            raise Outdated("The artifact was changed meanwhile.")

    async def newest(self, id: str) -> tuple[Artifact, dict[str, bytes]]:
        """The artifact, and its files with what was changed by hand: as the folder has them, or as they were
        saved where that shows them no more, or not yet. Raises NotFound, and Conflict where they cannot be
        read."""
        await self.catch_up(await self._db.read(artifacts.get, id))
        async with self._one_at_a_time:
            artifact = await self._db.read(artifacts.get, id)
            stored = await self._db.read(artifacts.files_of, id, artifact.version)
            files = {}
            if id not in self._behind:
                files = await asyncio.to_thread(read_folder, self.folder(artifact), stored)
            return artifact, files or await asyncio.to_thread(read_stored, stored, self._contents)

    async def restore(self, id: str, version: int) -> Artifact:
        """Make an earlier version the newest one again."""
        return await wholly(self._restore(id, version))

    async def _restore(self, id: str, version: int) -> Artifact:
        async with self._one_at_a_time, self._contents.arrivals() as arrivals:
            earlier = await self._db.read(artifacts.version_of, id, version)
            paths = [file.path for file in earlier.files]
            if await asyncio.to_thread(self._contents.missing, [file.sha256 for file in earlier.files]):
                raise Conflict(f"The disk has lost files of version {version}.")
            by_hand = await self._by_hand(id, paths, arrivals)
            restored = Version(earlier.title, "restore", earlier.files)
            return await self._record_and_show(
                id, lambda tx: self._add_version(tx, id, by_hand, restored), arrivals
            )

    async def take_folder(self, project_id: str, path: str) -> None:
        """Remove the folder of an artifact that was deleted, whose page was at this path; after a save that
        may be under way. Raises OSError where something of it cannot be removed."""
        async with self._one_at_a_time:
            await asyncio.to_thread(remove, self._folder_of(project_id, path))

    async def load(self) -> None:
        """Learn what an earlier process had saved and not laid out yet."""
        self._behind = {artifact.id: artifact for artifact in await self._db.scan(artifacts.not_laid_out)}

    async def recover(self, project_id: str | None = None) -> None:
        """Lay that out: all of it, or a project's."""
        for artifact in list(self._behind.values()):
            if project_id in (None, artifact.project_id):
                await self.catch_up(artifact)

    async def catch_up(self, artifact: Artifact) -> None:
        """Lay this one out now, if its folder does not show the newest version yet: somebody wants to see
        it."""
        if artifact.id in self._behind:
            await wholly(self._catch_up(artifact.id))

    async def _catch_up(self, id: str) -> None:
        async with self._one_at_a_time, self._contents.arrivals() as arrivals:
            if id not in self._behind:
                return
            try:
                artifact = await self._db.read(artifacts.get, id)
                newest = await self._db.read(artifacts.version_of, id, artifact.version)
                by_hand = await self._by_hand(id, [file.path for file in newest.files], arrivals)
                if by_hand:
                    await self._record_and_show(
                        id, lambda tx: self._add_version(tx, id, by_hand, newest), arrivals
                    )
                else:
                    await self._show(id)
            except NotFound:
                self._behind.pop(id, None)
            except (Conflict, StorageFull) as error:
                logger.warning("The folder of %s waits: %s", id, error)

    async def _record_and_show(
        self, id: str, record: Callable[[Tx], list[str]], arrivals: Arrivals
    ) -> Artifact:
        """`record` returns the digests that were forgotten."""
        forgotten = await self._contents.adopt(arrivals.parts, lambda: self._db.write(record))
        await self._contents.release(forgotten)
        return await self._show(id)

    def _add_version(self, tx: Tx, id: str, by_hand: Sequence[StoredFile], version: Version) -> list[str]:
        """Record a version, and before it what was changed by hand; returns the digests that were
        forgotten."""
        now, forgotten = self._clock.now(), list[str]()
        if by_hand:
            artifact = artifacts.get(tx, id)
            forgotten += artifacts.add_version(tx, id, now, Version(artifact.title, "folder", by_hand))
            artifacts.note_laid_out(tx, id, artifact.version + 1)
        return forgotten + artifacts.add_version(tx, id, now, version)

    async def _show(self, id: str) -> Artifact:
        """Let the folder show the newest version, and its text be read. The version is kept whatever the disk
        says to the folder: then it is laid out when somebody wants to see it."""
        artifact = await self._db.read(artifacts.get, id)
        wanted = await self._db.read(artifacts.files_of, id, artifact.version)
        shown, later = await self._db.read(artifacts.laid_out, id)
        try:
            with storing():
                await asyncio.to_thread(self._lay_out, self.folder(artifact), wanted, shown + later)
        except (Escapes, Conflict, StorageFull) as error:
            logger.warning("The folder of %s waits: %s", id, error)
            self._behind[id] = artifact
            return artifact
        self._behind.pop(id, None)
        await self._db.write(artifacts.note_laid_out, id, artifact.version)
        self._texts.start(id)
        return artifact

    def _lay_out(self, folder: Path, wanted: Sequence[StoredFile], shown: Sequence[StoredFile]) -> None:
        """Write the files that are wanted, read each back, and take away those of versions before; first
        those whose names the new ones need."""
        if not is_ours(folder):
            raise Escapes(str(folder))
        clear_unfinished(folder)
        paths = {file.path for file in wanted}
        old = [file for file in shown if file.path not in paths]
        first = in_the_way([file.path for file in old], paths)
        for file in old:
            if file.path in first:
                take_away(folder, file.path, file.sha256)
        write(folder, ((file.path, self._contents.place(file.sha256).read_bytes()) for file in wanted))
        for file in wanted:
            written = find(folder, file.path)
            if written is None or digest_of(written, file.path) != file.sha256:
                raise OSError(f"{file.path} could not be read back as it was written.")
        for file in old:
            if file.path not in first:
                take_away(folder, file.path, file.sha256)

    async def _by_hand(self, id: str, new: Iterable[str], arrivals: Arrivals) -> list[StoredFile]:
        """Gather the files of the folder, where somebody has changed them since they were laid out; none
        where nobody has. Of a folder that holds too much for that, only what the new files would write over.

        Raises Conflict where they cannot be kept, or the new files would have no room.
        """
        artifact = await self._db.read(artifacts.get, id)
        shown, later = await self._db.read(artifacts.laid_out, id)
        return await asyncio.to_thread(gather, self.folder(artifact), shown, later, set(new), arrivals)
