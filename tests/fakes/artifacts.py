"""Artifacts on a running server: made as the agent makes them, and asked for at their own origins."""

import asyncio
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from yarl import URL

from cowork_desktop import keys
from cowork_desktop.schemas.artifacts import ArtifactType
from cowork_desktop.workspace.artifacts import Draft
from tests.fakes.server import Answer, Server

APP: Mapping[str, bytes] = {
    "index.html": b"<!doctype html><script src='assets/chart.js'></script>",
    "assets/chart.js": b"document.title = 'Chart'",
}


async def save(
    server: Server,
    files: Mapping[str, bytes] = APP,
    *,
    project_id: str | None = None,
    artifact_id: str | None = None,
    title: str = "Sales Dashboard",
    type: ArtifactType = "app",
    page: str = "index.html",
) -> Any:
    """The artifact, on the wire, after a save; a new one in General unless told otherwise."""
    if project_id is None:
        project_id = await general(server)
    saved = await server.app[keys.ARTIFACTS].save(
        project_id, Draft(title, type, files, page), artifact_id=artifact_id
    )
    return await server.get(f"/artifacts/{saved.id}")


async def general(server: Server) -> str:
    """The id of the project that is there from the first start."""
    projects = (await server.get("/projects"))["data"]
    return next(str(project["id"]) for project in projects if project["is_general"])


def host_of(server: Server, artifact_id: str) -> str:
    """The host and port of an artifact's own origin."""
    return f"{artifact_id.replace('_', '-')}.localhost:{port_of(server)}"


def port_of(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


def origin_of(server: Server, artifact_id: str) -> str:
    return f"http://{host_of(server, artifact_id)}/"


async def at_origin(
    server: Server, artifact_id: str, path: str = "", *, method: str = "GET", **headers: str
) -> Answer:
    """The answer of an artifact's own origin; `path` goes as it stands, without the slash before it."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await as_it_stands(server, method, f"/{path}", **({"Host": host_of(server, artifact_id)} | given))


async def as_it_stands(server: Server, method: str, path: str, **headers: str) -> Answer:
    """The answer to a path that no client has put into order."""
    url = URL(server.url + path, encoded=True)
    async with server.session.request(method, url, headers=headers, allow_redirects=False) as response:
        return Answer(response.status, response.headers, await response.read())


async def served(server: Server, artifact: Any, path: str, **headers: str) -> Answer:
    """A file of the artifact by the reference's path."""
    folder = artifact["path"].partition("/")[0]
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    place = f"/artifacts/serve/{artifact['project_id']}/{folder}/{path}"
    return await server.call("GET", place, headers=given)


async def preview_of(server: Server, artifact: Any, path: str, **query: Any) -> Any:
    folder = artifact["path"].partition("/")[0]
    params = {"project_id": artifact["project_id"], "path": f"{folder}/{path}", **query}
    return await server.get("/artifacts/preview", params=params)


def unzipped(answer: Answer) -> dict[str, bytes]:
    """The files of an archive that was sent."""
    assert answer.status == 200
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def folder_of(data_dir: Path, artifact: Any) -> Path:
    """Where an artifact's files lie."""
    folder: str = artifact["path"].partition("/")[0]
    return data_dir / "projects" / str(artifact["project_id"]) / "artifacts" / folder


def files_below(folder: Path) -> dict[str, bytes]:
    """All files of a folder, hidden ones too."""
    return {
        place.relative_to(folder).as_posix(): place.read_bytes()
        for place in folder.rglob("*")
        if place.is_file()
    }


def stored(data_dir: Path) -> int:
    """How many contents are stored, with what has not arrived yet."""
    return len(files_below(data_dir / "contents"))


async def swept() -> None:
    """Wait for what takes away the contents of deleted things."""
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "sweep"))
