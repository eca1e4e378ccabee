"""Finds what of an artifact is to be shown, and tells what it is."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from cowork_desktop.errors import NotFound
from cowork_desktop.schemas.artifacts import Artifact
from cowork_desktop.store import artifacts
from cowork_desktop.store.database import Database
from cowork_desktop.workspace.artifact_folder import find
from cowork_desktop.workspace.artifacts import Artifacts
from cowork_desktop.workspace.contents import Contents
from cowork_desktop.workspace.copying import open_regular, size_of
from cowork_desktop.workspace.media_types import is_text, media_type

LARGEST_PREVIEW = 1024 * 1024


@dataclass(frozen=True)
class Shown:
    """A file of an artifact."""

    artifact: Artifact
    path: str
    """Below the artifact's folder."""
    place: Path

    @property
    def media_type(self) -> str:
        return media_type(self.path)


async def shown_at(db: Database, all_artifacts: Artifacts, project_id: str, path: str) -> Shown:
    """The file at a path below the project's artifacts.

    The reference's examples name a path within the artifact: where no artifact's folder has the first name
    of the path, it is looked for in the artifact that was saved last of those that have it.
    """
    artifact, path = await _located(db, project_id, path)
    return await shown_of(all_artifacts, artifact, path)


async def version_at(db: Database, contents: Contents, project_id: str, path: str, version: int) -> Shown:
    """The file at such a path as it was in an earlier version of its artifact."""
    artifact, path = await _located(db, project_id, path)
    path = _of_file(artifact, path)
    for file in await db.read(artifacts.files_of, artifact.id, version):
        if file.path == path:
            return Shown(artifact, path, contents.place(file.sha256))
    raise NotFound(f"There is no file {path[:80]!r} in version {version}.")


async def shown_of(all_artifacts: Artifacts, artifact: Artifact, path: str) -> Shown:
    """The file of this artifact; the page that it opens with where the path is empty, a folder's index where
    it ends with a slash."""
    path = _of_file(artifact, path)
    await all_artifacts.catch_up(artifact)
    if place := await asyncio.to_thread(find, all_artifacts.folder(artifact), path):
        return Shown(artifact, path, place)
    raise NotFound.of("file", path)


async def _located(db: Database, project_id: str, path: str) -> tuple[Artifact, str]:
    """The artifact that a path below the project's artifacts is of, and the rest of the path."""
    folder, _, rest = path.partition("/")
    if artifact := await db.read(artifacts.of_folder, project_id, folder):
        return artifact, rest
    if artifact := await db.read(artifacts.latest_with, project_id, path):
        return artifact, path
    raise NotFound.of("file", path)


def _of_file(artifact: Artifact, path: str) -> str:
    if not path:
        return artifact.path.partition("/")[2]
    return f"{path}index.html" if path.endswith("/") else path


def glance(shown: Shown) -> tuple[int, str | None]:
    """The size of a file, and of a text the first MiB, cut between characters: None where it is no text in
    UTF-8. Raises NotFound, and Conflict where the file cannot be read."""
    source = open_regular(shown.place, shown.path)
    if source is None:
        raise NotFound("The bytes of this file are missing.")
    with source:
        size = size_of(source)
        if not is_text(shown.media_type):
            return size, None
        content = source.read(LARGEST_PREVIEW)
    for lost in range(4 if size > LARGEST_PREVIEW else 1):
        try:
            return size, content[: len(content) - lost].decode()
        except UnicodeDecodeError:
            continue
    return size, None
