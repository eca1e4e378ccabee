"""Takes away, in small bites, what deleted conversations, files, artifacts and projects hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from cowork_desktop.store import texts
from cowork_desktop.store.database import Database, Tx

_BITE = 2_000
_BITE_CHARACTERS = 50_000
_CHARACTERS_OF_A_ROW = 50
"""What a row costs beside its words."""
_CONVERSATION = (
    "SELECT id FROM conversations c WHERE deleted_at IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM turns t WHERE t.conversation_id = c.id AND t.status = 'in_progress')"
    " AND NOT EXISTS (SELECT 1 FROM files f WHERE f.conversation_id = c.id) LIMIT 1"
)


@dataclass(frozen=True)
class Gone:
    """A deleted file or artifact, whose bytes are to follow its row."""

    id: str
    project_id: str | None
    path: str | None
    """An artifact's page, and so its folder, below the project's artifacts."""


async def sweep_conversations(db: Database) -> None:
    """Bite until nothing is left."""
    while await db.write(bite):
        pass


def bite(tx: Tx) -> bool:
    """Delete at most some thousand rows of one deleted conversation, so that no other writer waits long;
    false when all is gone."""
    row = tx.execute(_CONVERSATION).fetchone()
    if row is None:
        return False
    if _delete_some_items(tx, row[0]):
        return True
    for table, key in (
        ("cells", "scratchpad_id IN (SELECT id FROM scratchpads WHERE conversation_id = ?)"),
        ("scratchpads", "conversation_id = ?"),
        ("turn_events", "turn_id IN (SELECT id FROM turns WHERE conversation_id = ?)"),
        ("turns", "conversation_id = ?"),
    ):
        if _delete_some(tx, table, key, row[0]):
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
        )
    ]


def delete_projects(tx: Tx, ids: Sequence[str]) -> None:
    """Take away the last of them, when their files are gone."""
    tx.executemany("DELETE FROM projects WHERE id = ?", [(id,) for id in ids])


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


def _delete_some(tx: Tx, table: str, where: str, value: str) -> int:
    key = "turn_id, first" if table == "turn_events" else "rowid"
    return tx.execute(
        f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {where} LIMIT {_BITE})",
        (value,),
    ).rowcount
