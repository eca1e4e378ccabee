"""SQL that tells which bytes are still referred to."""

from collections.abc import Sequence

from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import to_json


def unused(tx: Tx, digests: Sequence[str]) -> list[str]:
    """Those of the SHA-256 digests that no file and no version of an artifact has."""
    rows = tx.execute(
        "SELECT value FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM files WHERE sha256 = value)"
        " AND NOT EXISTS (SELECT 1 FROM artifact_files WHERE sha256 = value)",
        (to_json(list(digests)),),
    )
    return [digest for (digest,) in rows]


def used(tx: Tx) -> dict[str, int]:
    """Every digest that something refers to, with the number of its bytes."""
    rows = tx.execute("SELECT sha256, size FROM files UNION SELECT sha256, size FROM artifact_files")
    return dict(rows.fetchall())
