"""Takes away, in small bites, what deleted conversations and projects hold."""

from cowork_desktop.store.database import Database, Tx

_BITE = 2_000
_CONVERSATION = (
    "SELECT id FROM conversations c WHERE deleted_at IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM turns t WHERE t.conversation_id = c.id AND t.status = 'in_progress') LIMIT 1"
)


async def sweep(db: Database) -> None:
    """Bite until nothing is left."""
    while await db.write(bite):
        pass


def bite(tx: Tx) -> bool:
    """Delete at most some thousand rows of one deleted thing, so that no other writer waits long; false when
    all is gone."""
    row = tx.execute(_CONVERSATION).fetchone()
    if row is None:
        return False
    for table, key in (
        ("cells", "scratchpad_id IN (SELECT id FROM scratchpads WHERE conversation_id = ?)"),
        ("scratchpads", "conversation_id = ?"),
        ("items", "conversation_id = ?"),
        ("turn_events", "turn_id IN (SELECT id FROM turns WHERE conversation_id = ?)"),
        ("turns", "conversation_id = ?"),
    ):
        if _delete_some(tx, table, key, row[0]):
            return True
    tx.execute("DELETE FROM conversations WHERE id = ?", row)
    return True


def emptied_projects(tx: Tx) -> list[str]:
    """The deleted projects whose conversations are swept."""
    return [
        id
        for (id,) in tx.execute(
            "SELECT id FROM projects WHERE deleted_at IS NOT NULL AND id NOT IN"
            " (SELECT project_id FROM conversations WHERE project_id IS NOT NULL AND deleted_at IS NOT NULL)"
        )
    ]


def delete_projects(tx: Tx, ids: list[str]) -> None:
    """Take away the last of them, when their files are gone."""
    tx.executemany("DELETE FROM artifacts WHERE project_id = ?", [(id,) for id in ids])
    tx.executemany("DELETE FROM projects WHERE id = ?", [(id,) for id in ids])


def _delete_some(tx: Tx, table: str, where: str, value: str) -> int:
    key = "turn_id, first" if table == "turn_events" else "rowid"
    return tx.execute(
        f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {where} LIMIT {_BITE})",
        (value,),
    ).rowcount
