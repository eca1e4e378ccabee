"""Handlers of backups."""

import asyncio
from pathlib import Path

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.errors import Conflict, StorageFull
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.schemas.backup import Backup, BackupArchive, BackupCreate, BackupQuery
from cowork_desktop.schemas.base import Page
from cowork_desktop.tasks import wholly

endpoints = Endpoints("/api/v1/backup", tag="System")


@endpoints.get()
async def list_backups(request: web.Request, query: BackupQuery) -> Page[BackupArchive]:
    """List the archives in the data folder's `backups`, newest first."""
    data_dir = request.app[keys.DATA_DIR]

    def look() -> list[BackupArchive]:
        from cowork_desktop.workspace import backup

        return backup.archives(data_dir)

    found = await asyncio.to_thread(look)
    end = query.offset + query.limit
    return Page(data=found[query.offset : end], total=len(found), has_more=end < len(found))


@endpoints.post(errors=(Conflict, StorageFull))
async def create_backup(request: web.Request, body: BackupCreate) -> Backup:
    """Make a backup of everything but logs, kernels and secrets.

    One archive, made while all goes on, and read again before it has its name. `cowork-desktop restore`
    makes a data folder of it.
    """
    app = request.app
    data_dir = app[keys.DATA_DIR]
    target = None if body.path is None else Path(body.path)
    now, stop = app[keys.CLOCK].now(), app[keys.ENDING]

    def back_up() -> Backup:
        from cowork_desktop.workspace import backup

        return backup.back_up(data_dir, target, now, stop)

    return await wholly(asyncio.to_thread(back_up))
