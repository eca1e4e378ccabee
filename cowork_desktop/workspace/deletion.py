"""Takes away what deleted conversations and projects hold: rows first, then files."""

import asyncio

from cowork_desktop.store import projects
from cowork_desktop.store.database import Database
from cowork_desktop.store.sweep import sweep
from cowork_desktop.workspace.paths import ProjectFolders


async def sweep_all(db: Database, folders: ProjectFolders) -> None:
    await sweep(db)
    # The folders first: a project that comes meanwhile has none of them.
    found = await asyncio.to_thread(folders.ids)
    if gone := found - await db.read(projects.ids):
        await asyncio.to_thread(folders.remove, gone)
