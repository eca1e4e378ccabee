"""SQL of projects."""

import json
from typing import Any

from cowork_desktop.errors import Conflict, InvalidRequest, NotFound
from cowork_desktop.schemas.base import Page
from cowork_desktop.schemas.projects import Project, ProjectCreate, ProjectPatch, ProjectQuery
from cowork_desktop.store import connections, skills
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import timestamp, to_json, update

_COLUMNS = (
    "id, name, description, connector_ids, skill_ids, model, is_general, "
    f"{timestamp('created_at')}, {timestamp('updated_at')}"
)


def create_general(tx: Tx, id: str, now: int) -> None:
    """Make the project that is always there, unless it is."""
    tx.execute(
        "INSERT INTO projects (id, name, description, connector_ids, skill_ids, is_general, created_at,"
        " updated_at)"
        " VALUES (?, 'General', 'Where everything without a project of its own lives.', '[]', '[]', 1, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (id, now, now),
    )


def list_(tx: Tx, query: ProjectQuery) -> Page[Project]:
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM projects WHERE deleted_at IS NULL ORDER BY id DESC LIMIT ? OFFSET ?",
        (query.limit, query.offset),
    ).fetchall()
    [total] = tx.execute("SELECT count(*) FROM projects WHERE deleted_at IS NULL").fetchone()
    return Page(data=[_project(row) for row in rows], total=total, has_more=query.offset + len(rows) < total)


def get(tx: Tx, id: str) -> Project:
    row = tx.execute(f"SELECT {_COLUMNS} FROM projects WHERE id = ? AND deleted_at IS NULL", (id,)).fetchone()
    if row is None:
        raise NotFound.of("project", id)
    return _project(row)


def first_created_at(tx: Tx) -> int:
    """When the first one was made, and so the data folder; 0: not yet."""
    [at] = tx.execute("SELECT coalesce(min(created_at), 0) FROM projects WHERE is_general").fetchone()
    return int(at)


def check(tx: Tx, id: str, param: str = "body.project_id") -> None:
    """Refuse an id in a body that no project has."""
    if not tx.execute("SELECT 1 FROM projects WHERE id = ? AND deleted_at IS NULL", (id,)).fetchone():
        raise InvalidRequest.unknown_reference(param, "project", id)


def create(tx: Tx, id: str, now: int, body: ProjectCreate) -> Project:
    skills.check(tx, body.skill_ids)
    connections.check(tx, body.connector_ids)
    tx.execute(
        "INSERT INTO projects (id, name, description, connector_ids, skill_ids, model, created_at,"
        " updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            id,
            body.name,
            body.description,
            to_json(body.connector_ids),
            to_json(body.skill_ids),
            body.model,
            now,
            now,
        ),
    )
    return get(tx, id)


def patch(tx: Tx, id: str, now: int, body: ProjectPatch) -> Project:
    changes: dict[str, Any] = body.model_dump()
    skills.check(tx, changes.get("skill_ids", []))
    connections.check(tx, changes.get("connector_ids", []))
    for column in ("connector_ids", "skill_ids"):
        if column in changes:
            changes[column] = to_json(changes[column])
    if changes:
        update(tx, "projects", id, changes | {"updated_at": now})
    return get(tx, id)


def delete(tx: Tx, id: str, now: int) -> list[str]:
    """Hide the project and its conversations, whose ids it returns; the sweep takes what they hold. Its
    memories are gone at once."""
    if get(tx, id).is_general:
        raise Conflict("The project General cannot be deleted: what has no project of its own lives there.")
    hidden = tx.execute(
        "UPDATE conversations SET deleted_at = ? WHERE project_id = ? AND deleted_at IS NULL RETURNING id",
        (now, id),
    ).fetchall()
    tx.execute("DELETE FROM memories WHERE project_id = ?", (id,))
    update(tx, "projects", id, {"deleted_at": now})
    return [row[0] for row in hidden]


def _project(row: tuple[Any, ...]) -> Project:
    id, name, description, connector_ids, skill_ids, model, is_general, created_at, updated_at = row
    return Project(
        id=id,
        name=name,
        description=description,
        connector_ids=json.loads(connector_ids),
        skill_ids=json.loads(skill_ids),
        model=model,
        is_general=bool(is_general),
        created_at=created_at,
        updated_at=updated_at,
    )
