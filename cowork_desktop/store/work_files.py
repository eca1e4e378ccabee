"""SQL of the files in working folders: as they were when last looked at, and where copies of uploads lie."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import to_json


@dataclass(frozen=True)
class WorkFile:
    path: str
    """Below the working folder, with `/`."""
    size: int
    """Bytes."""
    mtime_ns: int
    sha256: str | None
    """None: its bytes are not kept, as it is too large or cannot be read."""


@dataclass(frozen=True)
class LaidOut:
    """The copy of an uploaded file."""

    file_id: str
    path: str
    size: int
    mtime_ns: int


def manifest(tx: Tx, project_id: str) -> dict[str, WorkFile]:
    """The files of a project's working folder by their paths, as they were when last looked at."""
    rows = tx.execute(
        "SELECT path, size, mtime_ns, sha256 FROM work_files WHERE project_id = ?", (project_id,)
    )
    return {path: WorkFile(path, *rest) for path, *rest in rows}


def put(tx: Tx, project_id: str, files: Sequence[WorkFile]) -> list[str]:
    """Returns the digests of those whose places they take."""
    replaced = forget(tx, project_id, [file.path for file in files])
    tx.executemany(
        "INSERT INTO work_files VALUES (?, ?, ?, ?, ?)",
        [(project_id, file.path, file.size, file.mtime_ns, file.sha256) for file in files],
    )
    return replaced


def forget(tx: Tx, project_id: str, paths: Iterable[str]) -> list[str]:
    """Returns the digests that they had."""
    rows = tx.execute(
        "DELETE FROM work_files WHERE project_id = ? AND path IN (SELECT value FROM json_each(?))"
        " RETURNING sha256",
        (project_id, to_json(list(paths))),
    ).fetchall()
    return [digest for (digest,) in rows if digest]


def forget_bytes(tx: Tx, project_id: str, path: str, file_id: str) -> None:
    """Have no undo bring back what an uploaded file was, of which somebody has changed the copy there."""
    tx.execute(
        "UPDATE work_files SET sha256 = NULL WHERE project_id = ? AND path = ?"
        " AND sha256 = (SELECT sha256 FROM files WHERE id = ?)",
        (project_id, path, file_id),
    )


def laid_out(tx: Tx, project_id: str) -> list[LaidOut]:
    """The copies in a project's working folder, those of deleted files too."""
    rows = tx.execute(
        "SELECT file_id, path, size, mtime_ns FROM laid_out_files WHERE project_id = ? ORDER BY file_id",
        (project_id,),
    )
    return [LaidOut(*row) for row in rows]


def copies_of(tx: Tx, file_id: str) -> list[tuple[str, LaidOut]]:
    """The copies of an uploaded file, each with its project."""
    rows = tx.execute(
        "SELECT project_id, file_id, path, size, mtime_ns FROM laid_out_files WHERE file_id = ?", (file_id,)
    )
    return [(project_id, LaidOut(*copy)) for project_id, *copy in rows]


def put_laid_out(tx: Tx, project_id: str, copies: Iterable[LaidOut]) -> None:
    tx.executemany(
        "INSERT OR REPLACE INTO laid_out_files VALUES (?, ?, ?, ?, ?)",
        [(project_id, copy.file_id, copy.path, copy.size, copy.mtime_ns) for copy in copies],
    )


def put_copies(tx: Tx, project_id: str, copies: Sequence[LaidOut]) -> list[str]:
    """Note that the folder has them, as they are. Returns the digests of those whose places they take."""
    replaced = forget(tx, project_id, [copy.path for copy in copies])
    # Of an uploaded file that has gone for good meanwhile there may be no bytes that a row could name.
    tx.executemany(
        "INSERT INTO work_files SELECT ?, ?, ?, ?, sha256 FROM files WHERE id = ?",
        [(project_id, copy.path, copy.size, copy.mtime_ns, copy.file_id) for copy in copies],
    )
    return replaced


def forget_laid_out(tx: Tx, project_id: str, file_ids: Sequence[str]) -> None:
    tx.execute(
        "DELETE FROM laid_out_files WHERE project_id = ? AND file_id IN (SELECT value FROM json_each(?))",
        (project_id, to_json(list(file_ids))),
    )


def deleted(tx: Tx, file_ids: Sequence[str]) -> set[str]:
    """Those of the uploaded files that are not there any more."""
    rows = tx.execute(
        "SELECT value FROM json_each(?) WHERE NOT EXISTS"
        " (SELECT 1 FROM files WHERE id = value AND deleted_at IS NULL)",
        (to_json(list(file_ids)),),
    )
    return {id for (id,) in rows}
