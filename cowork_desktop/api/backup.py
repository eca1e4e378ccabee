"""Handlers of backups."""

import asyncio
from pathlib import Path

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.errors import Conflict, StorageFull
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.schemas.backup import Backup, BackupCreate
from cowork_desktop.store import backup
from cowork_desktop.tasks import wholly

endpoints = Endpoints("/api/v1/backup", tag="System")


@endpoints.post(errors=(Conflict, StorageFull))
async def create_backup(request: web.Request, body: BackupCreate) -> Backup:
    """Make a backup of everything but logs, kernels and secrets.

    One archive, made while all goes on, and read again before it has its name. `cowork-desktop restore`
    makes a data folder of it.
    """
    app = request.app
    data_dir = (await app[keys.DB].read(backup.place)).parent
    target = None if body.path is None else Path(body.path)
    now, stop = app[keys.CLOCK].now(), app[keys.ENDING]

    def back_up() -> Backup:
        from cowork_desktop.workspace import backup

        return backup.back_up(data_dir, target, now, stop)

    return await wholly(asyncio.to_thread(back_up))
