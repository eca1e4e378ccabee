"""Handlers of projects."""

from functools import partial

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.api.deletion import end_work_of
from cowork_desktop.errors import Conflict, NotFound, StorageFull
from cowork_desktop.http.downloads import send_made
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.schemas.base import Page
from cowork_desktop.schemas.projects import Project, ProjectCreate, ProjectPatch, ProjectQuery
from cowork_desktop.store import backup, hiding, projects

endpoints = Endpoints("/api/v1/projects", tag="Projects")


@endpoints.get()
async def list_projects(request: web.Request, query: ProjectQuery) -> Page[Project]:
    """List all projects."""
    return await request.app[keys.DB].read(projects.list_, query)


@endpoints.post()
async def create_project(request: web.Request, body: ProjectCreate) -> Project:
    """Create a project."""
    id, now = request.app[keys.IDS].new("proj"), request.app[keys.CLOCK].now()
    return await request.app[keys.DB].write(projects.create, id, now, body)


@endpoints.get("/{project_id}", errors=(NotFound,))
async def get_project(request: web.Request, project_id: str) -> Project:
    """Get a project."""
    return await request.app[keys.DB].read(projects.get, project_id)


@endpoints.patch("/{project_id}", errors=(NotFound,))
async def update_project(request: web.Request, project_id: str, body: ProjectPatch) -> Project:
    """Update a project."""
    return await request.app[keys.DB].write(projects.patch, project_id, request.app[keys.CLOCK].now(), body)


@endpoints.delete("/{project_id}", errors=(NotFound, Conflict))
async def delete_project(request: web.Request, project_id: str) -> None:
    """Delete a project and all its contents.

    The project General cannot be deleted.
    """
    hidden = await request.app[keys.DB].write(
        hiding.delete_project, project_id, request.app[keys.CLOCK].now()
    )
    await end_work_of(request.app, hidden)


@endpoints.get("/{project_id}/export", errors=(NotFound, Conflict, StorageFull))
async def get_project_export(request: web.Request, project_id: str) -> web.StreamResponse:
    """Get all of a project as a zip archive that can be read without Cowork.

    Its conversations as text, its files, artifacts and scratchpads, and `project.json` with what the API
    tells of them.
    """
    from cowork_desktop.workspace.project_export import Sources, write_project

    app = request.app
    project = await app[keys.DB].read(projects.get, project_id)
    database = await app[keys.DB].read(backup.place)
    await app[keys.ARTIFACTS].recover(project_id)
    sources = Sources(database, app[keys.CONTENTS], app[keys.ARTIFACTS], app[keys.ENDING])
    return await send_made(
        request,
        app[keys.CONTENTS].incoming,
        partial(write_project, project_id=project_id, sources=sources),
        media_type="application/zip",
        name=f"{project.name}.zip",
    )
