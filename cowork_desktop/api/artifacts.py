"""Handlers of artifacts, and of the origins on which they run."""

import asyncio

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.errors import (
    Conflict,
    InvalidRequest,
    NoDisplay,
    NotFound,
    RangeNotSatisfiable,
    StorageFull,
)
from cowork_desktop.http.downloads import INERT, is_active, send_file, send_made
from cowork_desktop.http.endpoint import Endpoints, an_id
from cowork_desktop.http.sandbox import SANDBOX
from cowork_desktop.schemas.artifacts import (
    Artifact,
    ArtifactOpen,
    ArtifactOpened,
    ArtifactPatch,
    ArtifactPreview,
    ArtifactQuery,
    ArtifactVersion,
    PreviewQuery,
    VersionQuery,
)
from cowork_desktop.schemas.base import Page
from cowork_desktop.store import artifacts
from cowork_desktop.workspace import serving
from cowork_desktop.workspace.archives import write_zip
from cowork_desktop.workspace.artifact_folder import regular_files

endpoints = Endpoints("/api/v1/artifacts", tag="Artifacts")

_ONE = an_id("artifact_id", but="preview|open")


@endpoints.get()
async def list_artifacts(request: web.Request, query: ArtifactQuery) -> Page[Artifact]:
    """List artifacts, newest first."""
    return await request.app[keys.DB].scan(artifacts.list_, query)


@endpoints.get("/preview", errors=(NotFound, Conflict))
async def get_artifact_preview(request: web.Request, query: PreviewQuery) -> ArtifactPreview:
    """Preview an artifact by path."""
    app = request.app
    if query.version is None:
        shown = await serving.shown_at(app[keys.DB], app[keys.ARTIFACTS], query.project_id, query.path)
    else:
        shown = await serving.version_at(
            app[keys.DB], app[keys.CONTENTS], query.project_id, query.path, query.version
        )
    size, text = await asyncio.to_thread(serving.glance, shown)
    return ArtifactPreview(
        artifact=shown.artifact,
        mime_type=shown.media_type,
        size=size,
        content=text,
        truncated=text is not None and size > serving.LARGEST_PREVIEW,
        serve_url=app[SANDBOX].url(shown.artifact.id, shown.path),
    )


@endpoints.post("/open", status=200, errors=(NoDisplay,))
async def open_artifact(request: web.Request, body: ArtifactOpen) -> ArtifactOpened:
    """Open an artifact in the desktop shell.

    In the default browser where no shell is connected.
    """
    app = request.app
    try:
        artifact = await app[keys.DB].read(artifacts.get, body.artifact_id)
    except NotFound as error:
        raise InvalidRequest.unknown_reference("body.artifact_id", "artifact", body.artifact_id) from error
    url = app[SANDBOX].url(artifact.id)
    if await app[keys.SHELL].open_artifact(artifact.id, artifact.title, url):
        return ArtifactOpened(target="shell")
    if app[keys.BROWSER].show(url):
        return ArtifactOpened(target="browser")
    raise NoDisplay(
        "There is no desktop shell and no browser here that could show the artifact;"
        " serve_url tells where it is.",
        details=[{"serve_url": url}],
    )


@endpoints.get("/serve/{project_id}/{path:.+}", errors=(NotFound, RangeNotSatisfiable))
async def get_artifact_file(request: web.Request, project_id: str, path: str) -> web.FileResponse:
    """Serve a raw artifact file.

    For clients and downloads: a document that could act is not let to.
    """
    app = request.app
    shown = await serving.shown_at(app[keys.DB], app[keys.ARTIFACTS], project_id, path)
    policy = {"Content-Security-Policy": INERT} if is_active(shown.media_type) else {}
    return await send_file(request, shown.place, _with_charset(shown.media_type), policy)


@endpoints.get(_ONE, errors=(NotFound,))
async def get_artifact(request: web.Request, artifact_id: str) -> Artifact:
    """Get an artifact."""
    return await request.app[keys.DB].read(artifacts.get, artifact_id)


@endpoints.patch(_ONE, errors=(NotFound,))
async def update_artifact(request: web.Request, artifact_id: str, body: ArtifactPatch) -> Artifact:
    """Rename an artifact."""
    return await request.app[keys.DB].write(artifacts.patch, artifact_id, body)


@endpoints.delete(_ONE, errors=(NotFound,))
async def delete_artifact(request: web.Request, artifact_id: str) -> None:
    """Delete an artifact with all its versions."""
    await request.app[keys.DB].write(artifacts.delete, artifact_id, request.app[keys.CLOCK].now())
    request.app[keys.DELETION].start()


@endpoints.get("/{artifact_id}/export", errors=(NotFound, Conflict, StorageFull))
async def get_artifact_export(request: web.Request, artifact_id: str) -> web.StreamResponse:
    """Get an artifact's files as a zip archive."""
    app = request.app
    artifact = await app[keys.DB].read(artifacts.get, artifact_id)
    await app[keys.ARTIFACTS].catch_up(artifact)
    folder = app[keys.ARTIFACTS].folder(artifact)
    return await send_made(
        request,
        app[keys.CONTENTS].incoming,
        lambda target: write_zip(target, regular_files(folder)),
        media_type="application/zip",
        name=f"{artifact.title}.zip",
    )


@endpoints.get("/{artifact_id}/versions", errors=(NotFound,))
async def list_artifact_versions(
    request: web.Request, artifact_id: str, query: VersionQuery
) -> Page[ArtifactVersion]:
    """List the versions of an artifact, newest first."""
    return await request.app[keys.DB].scan(artifacts.versions, artifact_id, query)


@endpoints.post("/{artifact_id}/versions/{version}/restore", status=200, errors=(NotFound, Conflict))
async def restore_artifact_version(request: web.Request, artifact_id: str, version: str) -> Artifact:
    """Make an earlier version of an artifact the newest one again."""
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise NotFound.of("version", version)
    return await request.app[keys.ARTIFACTS].restore(artifact_id, int(version))


async def serve_origin(request: web.Request, id: str, path: str) -> web.StreamResponse:
    """What an artifact's own origin answers: its files, and nothing else."""
    app = request.app
    artifact = await app[keys.DB].read(artifacts.get, id)
    shown = await serving.shown_of(app[keys.ARTIFACTS], artifact, path)
    return await send_file(request, shown.place, _with_charset(shown.media_type))


def _with_charset(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
