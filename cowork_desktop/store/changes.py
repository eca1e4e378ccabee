"""SQL of what turns changed, which is what can be taken back."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import to_json

ChangeKind = Literal["file", "artifact", "memory", "schedule"]


@dataclass(frozen=True)
class Change:
    """One thing that a call changed. `before` and `after` are JSON values; None: it was not there, or is
    gone.

    A file's are `{"sha256", "size"}`, an artifact's `{"version"}`, a memory's `{"content", "project_id"}`, a
    schedule's `{"cron", "timezone", "prompt", "status", "conversation_id", "budget"}`.
    """

    kind: ChangeKind
    project_id: str
    ref: str
    """An id; of a file its path below the project's working folder."""
    name: str
    """For people."""
    before: Any
    after: Any
    sha256: str | None = None
    """The bytes of a file as it was, where they are kept. None although `before` has a digest: it was the
    copy of an uploaded file that was deleted since."""
    size: int | None = None


@dataclass(frozen=True)
class NotedChange:
    turn_id: str
    n: int
    """The order, over a turn and its sub-tasks."""
    change: Change
    is_undone: bool


_FAMILY = (
    "WITH RECURSIVE upwards (id, parent_id) AS (SELECT id, parent_id FROM turns WHERE id = ?1"
    " UNION SELECT t.id, t.parent_id FROM turns t JOIN upwards ON t.id = upwards.parent_id),"
    " family (id) AS (SELECT id FROM upwards UNION"
    " SELECT t.id FROM turns t JOIN family ON t.parent_id = family.id)"
)
"""A turn with those whose sub-task it is, and all their sub-tasks: their changes are of one order."""


def note(tx: Tx, turn_id: str, content_index: int, change: Change) -> int:
    """Part of the transaction that makes the change. Returns its number."""
    [n] = tx.execute(
        f"{_FAMILY} INSERT INTO turn_changes (turn_id, n, content_index, project_id, kind, ref, name, before,"
        " after, sha256, size)"
        " VALUES (?1, (SELECT coalesce(max(n), 0) + 1 FROM turn_changes"
        " WHERE turn_id IN (SELECT id FROM family)), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING n",
        (
            turn_id,
            content_index,
            change.project_id,
            change.kind,
            change.ref,
            change.name,
            to_json(change.before),
            to_json(change.after),
            change.sha256,
            change.size,
        ),
    ).fetchone()
    return int(n)


def forget(tx: Tx, turn_id: str, n: int) -> None:
    """Of a change that has not come about after all."""
    tx.execute("DELETE FROM turn_changes WHERE turn_id = ? AND n = ?", (turn_id, n))


def forget_bytes(tx: Tx, project_id: str, path: str, file_id: str) -> None:
    """Have no undo bring back the copy of an uploaded file there."""
    tx.execute(
        "UPDATE turn_changes SET sha256 = NULL, size = NULL WHERE project_id = ? AND kind = 'file'"
        " AND ref = ? AND sha256 = (SELECT sha256 FROM files WHERE id = ?)",
        (project_id, path, file_id),
    )


def of_turn(tx: Tx, turn_id: str) -> list[NotedChange]:
    """What the turn and its sub-tasks changed, the newest first."""
    rows = tx.execute(
        "WITH RECURSIVE family (id) AS (SELECT ?1 UNION SELECT t.id FROM turns t JOIN family"
        " ON t.parent_id = family.id)"
        " SELECT turn_id, n, kind, project_id, ref, name, before, after, sha256, size, undone_at"
        " FROM turn_changes WHERE turn_id IN (SELECT id FROM family) ORDER BY n DESC",
        (turn_id,),
    ).fetchall()
    return [
        NotedChange(
            turn,
            n,
            Change(kind, project_id, ref, name, json.loads(before), json.loads(after), sha256, size),
            undone_at is not None,
        )
        for turn, n, kind, project_id, ref, name, before, after, sha256, size, undone_at in rows
    ]


def note_undone(tx: Tx, turn_id: str, n: int, now: int) -> None:
    tx.execute("UPDATE turn_changes SET undone_at = ? WHERE turn_id = ? AND n = ?", (now, turn_id, n))
