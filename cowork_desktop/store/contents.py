"""SQL that tells which bytes are still referred to."""

from collections.abc import Sequence

from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import to_json


def unused(tx: Tx, digests: Sequence[str]) -> list[str]:
    """Those of the SHA-256 digests that no file, no version of an artifact and nothing that can be undone
    has."""
    rows = tx.execute(
        "SELECT value FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM files WHERE sha256 = value)"
        " AND NOT EXISTS (SELECT 1 FROM artifact_files WHERE sha256 = value)"
        " AND NOT EXISTS (SELECT 1 FROM work_files WHERE sha256 = value)"
        " AND NOT EXISTS (SELECT 1 FROM turn_changes WHERE sha256 = value)",
        (to_json(list(digests)),),
    )
    return [digest for (digest,) in rows]


def used(tx: Tx) -> dict[str, int]:
    """Every digest that something refers to, with the number of its bytes."""
    query = "SELECT sha256, size FROM files UNION SELECT sha256, size FROM artifact_files"
    if tx.execute(
        "SELECT 1 FROM sqlite_schema WHERE name = 'turn_changes'"
    ).fetchone():  # of an old backup: no
        query += (
            " UNION SELECT sha256, size FROM work_files WHERE sha256 IS NOT NULL"
            " UNION SELECT sha256, size FROM turn_changes WHERE sha256 IS NOT NULL"
        )
    rows = tx.execute(query)
    return dict(rows.fetchall())
