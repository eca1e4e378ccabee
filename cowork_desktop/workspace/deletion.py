"""Takes away what was deleted: its rows, its folders and its bytes."""

import asyncio
import logging

from cowork_desktop.store import sweep
from cowork_desktop.store.database import Database
from cowork_desktop.store.sweep import Gone
from cowork_desktop.tasks import Tasks
from cowork_desktop.workspace.artifacts import Artifacts
from cowork_desktop.workspace.contents import Contents
from cowork_desktop.workspace.paths import ProjectFolders
from cowork_desktop.workspace.project_files import ProjectFiles
from cowork_desktop.workspace.texts import Texts

logger = logging.getLogger(__name__)


class Deletion:
    """Only what was deleted: a folder that no project knows may be all that somebody has left of one.

    A row goes after its files, so that a crash between the two leaves nothing behind; bytes that can be
    another's too go after the row, and what a crash leaves of them goes at the next start.
    """

    def __init__(
        self,
        db: Database,
        folders: ProjectFolders,
        contents: Contents,
        texts: Texts,
        artifacts: Artifacts,
        project_files: ProjectFiles,
        tasks: Tasks,
    ) -> None:
        self._db, self._folders, self._contents, self._texts = db, folders, contents, texts
        self._artifacts, self._project_files, self._tasks = artifacts, project_files, tasks
        self._one_at_a_time = asyncio.Lock()

    def start(self) -> None:
        """Sweep in the background: what is hidden already, and nothing else."""
        self._tasks.start(self.sweep(), name="sweep")

    async def recover(self) -> None:
        """Sweep what an earlier process left, rows and bytes."""
        await self.sweep()
        await self._contents.sweep()

    async def sweep(self) -> None:
        async with self._one_at_a_time:
            gone = await self._db.scan(sweep.gone)
            await self._texts.stop([thing.id for thing in gone])
            for thing in gone:
                try:
                    await self._take(thing)
                except OSError:  # the next sweep tries again
                    logger.exception("What is left of %s cannot be taken away", thing.id)
            await self._contents.release(sorted(await sweep.sweep_conversations(self._db)))
            await sweep.sweep_schedules(self._db)
            if emptied := await self._db.scan(sweep.emptied_projects):
                await asyncio.to_thread(self._folders.remove, emptied)
                await self._contents.release(await self._db.write(sweep.delete_projects, emptied))

    async def _take(self, thing: Gone) -> None:
        await sweep.take_text(self._db, thing.id)
        await self._project_files.take_away(thing.id)
        if thing.project_id and thing.path:
            await self._artifacts.take_folder(thing.project_id, thing.path)
        await self._contents.release(await self._db.write(sweep.delete_gone, thing.id))
