"""Takes away, in small bites, what deleted conversations, files, artifacts, schedules and projects hold."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cowork_desktop.store import schedule_runs, texts
from cowork_desktop.store.database import Database, Tx

_BITE = 2_000
_BITE_CHARACTERS = 50_000
_CHARACTERS_OF_A_ROW = 50
"""What a row costs beside its words."""
_OF_A_TURN = "turn_id IN (SELECT id FROM turns WHERE conversation_id = ?1)"
_CONVERSATION = (
    "SELECT id FROM conversations c WHERE deleted_at IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM turns t WHERE t.conversation_id = c.id AND t.status = 'in_progress')"
    " AND NOT EXISTS (SELECT 1 FROM files f WHERE f.conversation_id = c.id) LIMIT 1"
)


_ROWS = (
    ("cells", "rowid", "scratchpad_id IN (SELECT id FROM scratchpads WHERE conversation_id = ?)"),
    ("scratchpads", "rowid", "conversation_id = ?"),
    ("compactions", "conversation_id, n", "conversation_id = ?"),
    ("left_items", "conversation_id, n", "conversation_id = ?"),
    ("approvals", "rowid", f"conversation_id = ?1 OR {_OF_A_TURN}"),
    ("turn_calls", "turn_id, content_index", _OF_A_TURN),
    ("turn_changes", "turn_id, n", _OF_A_TURN),
    ("turn_events", "turn_id, first", _OF_A_TURN),
    ("turns", "rowid", "conversation_id = ?"),
)
"""Tables, their keys, and what of them is a conversation's; what refers to another before that one."""


@dataclass(frozen=True)
class Gone:
    """A deleted file or artifact, whose bytes are to follow its row."""

    id: str
    project_id: str | None
    path: str | None
    """An artifact's page, and so its folder, below the project's artifacts."""


async def sweep_conversations(db: Database) -> set[str]:
    """Bite until nothing is left; returns the digests that the rows had."""
    digests = set[str]()
    while await db.write(bite, digests):
        pass
    return digests


async def sweep_schedules(db: Database) -> None:
    """Bite until the runs of deleted schedules are gone, and the schedules."""
    while await db.write(schedule_runs.delete_some, _BITE):
        pass


def bite(tx: Tx, digests: set[str] | None = None) -> bool:
    """Delete at most some thousand rows of one deleted conversation, so that no other writer waits long;
    false when all is gone. Adds the digests that they had."""
    row = tx.execute(_CONVERSATION).fetchone()
    if row is None:
        return False
    if _delete_some_items(tx, row[0]):
        return True
    for table, key, where in _ROWS:
        gone = _delete_some(tx, table, key, where, row[0])
        if digests is not None:
            digests.update(digest for digest in gone if digest)
        if gone:
            return True
    tx.execute("DELETE FROM conversations WHERE id = ?", row)
    return True


def gone(tx: Tx) -> list[Gone]:
    """The deleted files and artifacts."""
    rows = tx.execute(
        "SELECT id, project_id, NULL FROM files WHERE deleted_at IS NOT NULL"
        " UNION ALL SELECT id, project_id, path FROM artifacts WHERE deleted_at IS NOT NULL"
    )
    return [Gone(*row) for row in rows]


async def take_text(db: Database, owner_id: str) -> None:
    """Bite until the text of a file or an artifact is gone."""
    while await db.write(texts.take_some, owner_id):
        pass


def delete_gone(tx: Tx, id: str) -> list[str]:
    """Take away the last of a deleted file or artifact; returns the digests that it had."""
    digests = tx.execute(
        "SELECT sha256 FROM files WHERE id = ?1"
        " UNION SELECT sha256 FROM artifact_files WHERE artifact_id = ?1",
        (id,),
    ).fetchall()
    texts.forget(tx, id)
    tx.execute("DELETE FROM files WHERE id = ?", (id,))
    tx.execute("DELETE FROM artifacts WHERE id = ?", (id,))
    return [digest for (digest,) in digests]


def emptied_projects(tx: Tx) -> list[str]:
    """The deleted projects of which nothing is left but their folder."""
    return [
        id
        for (id,) in tx.execute(
            "SELECT id FROM projects p WHERE deleted_at IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.project_id = p.id)"
            " AND NOT EXISTS (SELECT 1 FROM files f WHERE f.project_id = p.id)"
            " AND NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.project_id = p.id)"
            " AND NOT EXISTS (SELECT 1 FROM schedules s WHERE s.project_id = p.id)"
        )
    ]


def delete_projects(tx: Tx, ids: Sequence[str]) -> list[str]:
    """Take away the last of them, when their files are gone; returns the digests of their working
    folders."""
    those = [(id,) for id in ids]
    kept = "DELETE FROM work_files WHERE project_id = ? RETURNING sha256"
    digests = {digest for id in those for (digest,) in tx.execute(kept, id).fetchall() if digest}
    tx.executemany("DELETE FROM laid_out_files WHERE project_id = ?", those)
    tx.executemany("DELETE FROM approval_rules WHERE project_id = ?", those)
    tx.executemany("DELETE FROM projects WHERE id = ?", those)
    return sorted(digests)


def _delete_some_items(tx: Tx, conversation_id: str) -> bool:
    """Delete some of the items: the index wants each word of them again, so it is words that count."""
    rows = tx.execute(
        "SELECT rowid, length(content) FROM items WHERE conversation_id = ? ORDER BY n LIMIT ?",
        (conversation_id, _BITE),
    ).fetchall()
    room, gone = _BITE_CHARACTERS, list[tuple[int]]()
    while len(gone) < len(rows) and room > 0:
        rowid, size = rows[len(gone)]
        gone.append((rowid,))
        room -= size + _CHARACTERS_OF_A_ROW
    tx.executemany("DELETE FROM items WHERE rowid = ?", gone)
    return bool(gone)


def _delete_some(tx: Tx, table: str, key: str, where: str, value: str) -> Collection[str | None]:
    """Returns the digest of each row that was deleted, null where it has none."""
    digest = "sha256" if table == "turn_changes" else "NULL"
    rows = tx.execute(
        f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {where} LIMIT {_BITE})"
        f" RETURNING {digest}",
        (value,),
    ).fetchall()
    return [digest for (digest,) in rows]
