"""SQL of artifacts and of their versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cowork_desktop.errors import NotFound
from cowork_desktop.schemas.artifacts import (
    Artifact,
    ArtifactPatch,
    ArtifactQuery,
    ArtifactType,
    ArtifactVersion,
    VersionQuery,
)
from cowork_desktop.schemas.base import Page
from cowork_desktop.store import projects, texts
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import conditions, expressions, timestamp, update

MOST_VERSIONS = 100
"""How many versions of an artifact are kept."""

_FIELDS = expressions(Artifact, created_at=timestamp("created_at"), updated_at=timestamp("updated_at"))
_COLUMNS = ", ".join(_FIELDS.values())
Source = Literal["save", "restore", "folder"]


@dataclass(frozen=True)
class StoredFile:
    """A file of one version; its bytes lie under the digest."""

    path: str
    """Below the artifact's folder."""
    size: int
    sha256: str


@dataclass(frozen=True)
class Version:
    """What a version is made of."""

    title: str
    source: Source
    files: Sequence[StoredFile]


def list_(tx: Tx, query: ArtifactQuery) -> Page[Artifact]:
    """Newest first."""
    where, values = conditions("deleted_at IS NULL", project_id=query.project_id, type=query.type)
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM artifacts WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?",
        (*values, query.limit, query.offset),
    ).fetchall()
    [total] = tx.execute(f"SELECT count(*) FROM artifacts WHERE {where}", values).fetchone()
    has_more = query.offset + len(rows) < total
    return Page(data=[_artifact(row) for row in rows], total=total, has_more=has_more)


def get(tx: Tx, id: str) -> Artifact:
    if found := _find(tx, "id = ?", id):
        return found
    raise NotFound.of("artifact", id)


def of_folder(tx: Tx, project_id: str, folder: str) -> Artifact | None:
    """The artifact whose folder has this name in the project."""
    return _find(tx, "project_id = ? AND substr(path, 1, instr(path, '/') - 1) = ?", project_id, folder)


def latest_with(tx: Tx, project_id: str, path: str) -> Artifact | None:
    """The artifact of the project that was saved last of those that have this file."""
    return _find(
        tx,
        "project_id = ? AND EXISTS (SELECT 1 FROM artifact_files f WHERE f.artifact_id = id"
        " AND f.version = artifacts.version AND f.path = ?) ORDER BY updated_at DESC, id DESC LIMIT 1",
        project_id,
        path,
    )


def create(tx: Tx, id: str, now: int, *, project_id: str, title: str, type: ArtifactType, path: str) -> None:
    """`path` must be free in the project. Raises NotFound where the project is gone."""
    projects.get(tx, project_id)
    tx.execute(
        "INSERT INTO artifacts (id, project_id, title, type, path, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (id, project_id, title, type, path, now, now),
    )


def add_version(tx: Tx, id: str, now: int, version: Version) -> list[str]:
    """Make this the artifact's newest version, and forget the ones that are too many; returns the digests
    that those had."""
    number = get(tx, id).version + 1
    tx.execute(
        "INSERT INTO artifact_versions (artifact_id, version, title, source, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (id, number, version.title, version.source, now),
    )
    tx.executemany(
        "INSERT INTO artifact_files (artifact_id, version, path, size, sha256) VALUES (?, ?, ?, ?, ?)",
        [(id, number, file.path, file.size, file.sha256) for file in version.files],
    )
    too_many = (id, number - MOST_VERSIONS)
    forgotten = tx.execute(
        "SELECT DISTINCT sha256 FROM artifact_files WHERE artifact_id = ? AND version <= ?", too_many
    ).fetchall()
    tx.execute("DELETE FROM artifact_versions WHERE artifact_id = ? AND version <= ?", too_many)
    changes = {"version": number, "title": version.title, "updated_at": now}
    update(tx, "artifacts", id, changes)
    texts.ask(tx, id)
    return [digest for (digest,) in forgotten]


def patch(tx: Tx, id: str, body: ArtifactPatch) -> Artifact:
    """It keeps its time, which is that of the last save."""
    if changes := body.model_dump():
        update(tx, "artifacts", id, changes)
        tx.execute(
            "UPDATE artifact_versions SET title = ? WHERE artifact_id = ?"
            " AND version = (SELECT version FROM artifacts WHERE id = artifact_id)",
            (changes["title"], id),
        )
    return get(tx, id)


def versions(tx: Tx, id: str, query: VersionQuery) -> Page[ArtifactVersion]:
    """Newest first."""
    current = get(tx, id).version
    rows = tx.execute(
        f"SELECT v.version, v.title, v.source, {timestamp('v.created_at')}, count(f.path),"
        " coalesce(sum(f.size), 0)"
        " FROM artifact_versions v LEFT JOIN artifact_files f USING (artifact_id, version)"
        " WHERE v.artifact_id = ? GROUP BY v.version ORDER BY v.version DESC LIMIT ? OFFSET ?",
        (id, query.limit, query.offset),
    ).fetchall()
    [total] = tx.execute("SELECT count(*) FROM artifact_versions WHERE artifact_id = ?", (id,)).fetchone()
    data = [
        ArtifactVersion(
            version=number,
            title=title,
            source=source,
            created_at=created_at,
            files=files,
            size=size,
            is_current=number == current,
        )
        for number, title, source, created_at, files, size in rows
    ]
    return Page(data=data, total=total, has_more=query.offset + len(rows) < total)


def files_of(tx: Tx, id: str, version: int) -> list[StoredFile]:
    """The files of a version; none where it has none, or where there is no such version."""
    rows = tx.execute(
        "SELECT path, size, sha256 FROM artifact_files WHERE artifact_id = ? AND version = ? ORDER BY path",
        (id, version),
    )
    return [StoredFile(*row) for row in rows]


def version_of(tx: Tx, id: str, number: int) -> Version:
    row = tx.execute(
        "SELECT title, source FROM artifact_versions WHERE artifact_id = ? AND version = ?",
        (get(tx, id).id, number),
    ).fetchone()
    if row is None:
        raise NotFound.of("version", str(number))
    title, source = row
    return Version(title, source, files_of(tx, id, number))


def laid_out(tx: Tx, id: str) -> tuple[list[StoredFile], list[StoredFile]]:
    """The files that the artifact's folder shows; and those of later versions, of which it may show some."""
    [number] = tx.execute("SELECT laid_out FROM artifacts WHERE id = ?", (id,)).fetchone()
    later = tx.execute(
        "SELECT DISTINCT path, size, sha256 FROM artifact_files WHERE artifact_id = ? AND version > ?",
        (id, number),
    )
    return files_of(tx, id, number), [StoredFile(*row) for row in later]


def not_laid_out(tx: Tx) -> list[Artifact]:
    """Those whose folder does not show the newest version yet."""
    rows = tx.execute(f"SELECT {_COLUMNS} FROM artifacts WHERE laid_out <> version AND deleted_at IS NULL")
    return [_artifact(row) for row in rows]


def note_laid_out(tx: Tx, id: str, version: int) -> None:
    update(tx, "artifacts", id, {"laid_out": version})


def delete(tx: Tx, id: str, now: int) -> None:
    """Hide the artifact; the sweep takes its files. A scratchpad that it was made of is not saved any
    more."""
    if not update(tx, "artifacts", id, {"deleted_at": now}):
        raise NotFound.of("artifact", id)
    tx.execute("UPDATE scratchpads SET artifact_id = NULL, saved = 0 WHERE artifact_id = ?", (id,))


def delete_of_project(tx: Tx, project_id: str, now: int) -> None:
    tx.execute(
        "UPDATE artifacts SET deleted_at = ? WHERE project_id = ? AND deleted_at IS NULL", (now, project_id)
    )


def those(tx: Tx, ids: Sequence[str]) -> list[Artifact]:
    """Those of the ids that there are, in the order of the ids."""
    return [artifact for id in ids if (artifact := _find(tx, "id = ?", id))]


def _find(tx: Tx, where: str, *values: Any) -> Artifact | None:
    row = tx.execute(
        f"SELECT {_COLUMNS} FROM artifacts WHERE deleted_at IS NULL AND {where}", values
    ).fetchone()
    return _artifact(row) if row else None


def _artifact(row: tuple[Any, ...]) -> Artifact:
    return Artifact.model_validate(dict(zip(_FIELDS, row, strict=True)))
