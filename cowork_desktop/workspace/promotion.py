"""Makes a report artifact of a scratchpad, or makes the one anew that was made of it before."""

import asyncio

from cowork_desktop.clock import Clock
from cowork_desktop.errors import Conflict
from cowork_desktop.ids import Ids
from cowork_desktop.schemas.scratchpads import Scratchpad, ScratchpadPatch
from cowork_desktop.store import artifacts, scratchpads
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.workspace.artifacts import folder_name, write
from cowork_desktop.workspace.paths import Escapes, ProjectFolders
from cowork_desktop.workspace.report import render


class Promotion:
    def __init__(self, db: Database, folders: ProjectFolders, clock: Clock, ids: Ids) -> None:
        self._db, self._folders, self._clock, self._ids = db, folders, clock, ids
        self._one_at_a_time = asyncio.Lock()

    async def promote(self, id: str, body: ScratchpadPatch) -> None:
        """Apply the patch, whose `saved` is true: the bytes are on the disk before a row names them."""
        async with self._one_at_a_time:
            pad = (await self._db.scan(scratchpads.get, id)).model_copy(update=body.model_dump())
            project_id = await self._db.read(scratchpads.project_of, id)
            new_id = self._ids.new("art")
            path = f"{folder_name(pad.title, new_id)}/index.html"
            if pad.artifact_id:
                path = (await self._db.read(artifacts.get, pad.artifact_id)).path

            def write_report() -> None:
                write(self._folders.artifacts(project_id), path, render(pad))

            try:
                await asyncio.to_thread(write_report)
            except Escapes as error:
                raise Conflict("The folder of this artifact is a link that leads elsewhere.") from error
            await self._db.write(self._store, pad, body, project_id, path, new_id)

    def _store(
        self, tx: Tx, pad: Scratchpad, body: ScratchpadPatch, project_id: str, path: str, new_id: str
    ) -> None:
        now, title = self._clock.now(), pad.title
        if pad.artifact_id:
            artifacts.rename(tx, pad.artifact_id, now, title)
        else:
            artifacts.create(tx, new_id, now, project_id=project_id, title=title, type="report", path=path)
        scratchpads.patch(tx, pad.id, now, body, artifact_id=pad.artifact_id or new_id)
