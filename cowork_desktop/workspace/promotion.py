"""Makes a report artifact of a scratchpad, or makes the one anew that was made of it before."""

import asyncio
from collections.abc import Callable

from cowork_desktop.clock import Clock
from cowork_desktop.schemas.artifacts import Artifact
from cowork_desktop.schemas.scratchpads import ScratchpadPatch
from cowork_desktop.store import scratchpads
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.workspace import exports
from cowork_desktop.workspace.artifacts import Artifacts, Draft


class Promotion:
    def __init__(self, db: Database, artifacts: Artifacts, clock: Clock) -> None:
        self._db, self._artifacts, self._clock = db, artifacts, clock
        self._one_at_a_time = asyncio.Lock()

    async def promote(
        self, id: str, body: ScratchpadPatch, also: Callable[[Tx, str], None] | None = None
    ) -> Artifact:
        """Apply the patch, whose `saved` is true. `also` is part of the same transaction, and gets the
        artifact's id."""
        async with self._one_at_a_time:
            pad = (await self._db.scan(scratchpads.get, id)).model_copy(update=body.model_dump())
            project_id = await self._db.read(scratchpads.project_of, id)
            page = await asyncio.to_thread(exports.page, pad)

            def note(tx: Tx, artifact_id: str) -> None:
                scratchpads.patch(tx, id, self._clock.now(), body, artifact_id=artifact_id)
                if also:
                    also(tx, artifact_id)

            draft = Draft(pad.title, "report", {"index.html": page})
            return await self._artifacts.save(project_id, draft, artifact_id=pad.artifact_id, also=note)
