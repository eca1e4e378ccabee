"""Takes away what deleted conversations and projects hold: their rows and their files."""

import asyncio

from cowork_desktop.store.database import Database
from cowork_desktop.store.sweep import delete_projects, emptied_projects, sweep
from cowork_desktop.workspace.paths import ProjectFolders


async def sweep_all(db: Database, folders: ProjectFolders) -> None:
    """Only what was deleted: a folder that no project knows may be all that somebody has left of one.

    A project's row goes after its files, so that a crash between the two leaves nothing behind.
    """
    await sweep(db)
    if gone := await db.read(emptied_projects):
        await asyncio.to_thread(folders.remove, gone)
        await db.write(delete_projects, gone)
