"""SQL of artifacts."""

from cowork_desktop.errors import NotFound
from cowork_desktop.schemas.artifacts import Artifact, ArtifactType
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import expressions, timestamp, update

_FIELDS = expressions(Artifact, created_at=timestamp("created_at"), updated_at=timestamp("updated_at"))
_COLUMNS = ", ".join(_FIELDS.values())


def get(tx: Tx, id: str) -> Artifact:
    found = tx.execute(
        f"SELECT {_COLUMNS} FROM artifacts WHERE id = ? AND project_id IN"
        " (SELECT id FROM projects WHERE deleted_at IS NULL)",
        (id,),
    )
    if (row := found.fetchone()) is None:
        raise NotFound.of("artifact", id)
    return Artifact.model_validate(dict(zip(_FIELDS, row, strict=True)))


def create(
    tx: Tx, id: str, now: int, *, project_id: str, title: str, type: ArtifactType, path: str
) -> Artifact:
    """`path` must be free in the project."""
    tx.execute(
        "INSERT INTO artifacts (id, project_id, title, type, path, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (id, project_id, title, type, path, now, now),
    )
    return get(tx, id)


def rename(tx: Tx, id: str, now: int, title: str) -> None:
    """New bytes under the same path, and maybe another title."""
    update(tx, "artifacts", id, {"title": title, "updated_at": now}, condition="1")
