"""SQL of the text that is in files and artifacts, passage by passage."""

from collections.abc import Sequence
from dataclasses import dataclass

from cowork_desktop.schemas.texts import Passage, Place
from cowork_desktop.store.database import Tx

_BITE = 25
"""Passages that one transaction takes away: the index wants each word of them again."""


@dataclass(frozen=True)
class Source:
    """What a text is to be read out of."""

    sha256: str
    mime_type: str | None
    """None: what its name says."""
    name: str


@dataclass(frozen=True)
class Found:
    """A passage as it was found."""

    place: str
    """JSON of a `Place`."""
    text: str


def ask(tx: Tx, owner_id: str) -> None:
    """Note that the text is to be read, or to be read anew."""
    tx.execute(
        "INSERT INTO texts (owner_id, status) VALUES (?, 'pending')"
        " ON CONFLICT DO UPDATE SET status = 'pending', error = NULL, done = 0, total = NULL",
        (owner_id,),
    )


def to_do(tx: Tx) -> list[str]:
    """Whose texts are to be read still, oldest first."""
    rows = tx.execute(
        "SELECT owner_id FROM texts WHERE status IN ('pending', 'extracting') ORDER BY owner_id"
    )
    return [id for (id,) in rows]


def is_to_do(tx: Tx, owner_id: str) -> bool:
    """Whether the text is to be read still."""
    row = tx.execute(
        "SELECT 1 FROM texts WHERE owner_id = ? AND status IN ('pending', 'extracting')", (owner_id,)
    ).fetchone()
    return row is not None


def source(tx: Tx, owner_id: str) -> Source | None:
    """What to read; None where it is not there any more."""
    row = tx.execute(
        "SELECT sha256, mime_type, name FROM files WHERE id = ?1 AND deleted_at IS NULL"
        " UNION ALL SELECT f.sha256, NULL, f.path FROM artifacts a"
        " JOIN artifact_files f ON f.artifact_id = a.id AND f.version = a.version"
        " AND f.path = substr(a.path, instr(a.path, '/') + 1)"
        " WHERE a.id = ?1 AND deleted_at IS NULL",
        (owner_id,),
    ).fetchone()
    return Source(*row) if row else None


def begin(tx: Tx, owner_id: str) -> bool:
    """Take away some of what an earlier reading found; false when all is gone and a new one has begun."""
    if take_some(tx, owner_id):
        return True
    tx.execute("UPDATE texts SET status = 'extracting', done = 0 WHERE owner_id = ?", (owner_id,))
    return False


def append(tx: Tx, owner_id: str, first: int, found: Sequence[Found], done: int, total: int | None) -> bool:
    """Add passages and note the progress; false where the text is not wanted any more."""
    wanted = tx.execute(
        "UPDATE texts SET done = ?, total = ? WHERE owner_id = ? AND status = 'extracting'",
        (done, total, owner_id),
    )
    if wanted.rowcount == 0:
        return False
    tx.executemany(
        "INSERT INTO passages (owner_id, n, place, text) VALUES (?, ?, ?, ?)",
        [(owner_id, first + i, passage.place, passage.text) for i, passage in enumerate(found)],
    )
    return True


def end(tx: Tx, owner_id: str, status: str, error: str | None) -> None:
    tx.execute(
        "UPDATE texts SET status = ?, error = ? WHERE owner_id = ? AND status = 'extracting'",
        (status, error, owner_id),
    )


def read(tx: Tx, owner_id: str, limit: int, offset: int) -> tuple[list[Passage], int]:
    """A page of passages, and how many there are in all."""
    rows = tx.execute(
        "SELECT n, place, text FROM passages WHERE owner_id = ? AND n >= ? ORDER BY n LIMIT ?",
        (owner_id, offset, limit),
    ).fetchall()
    [last] = tx.execute("SELECT max(n) FROM passages WHERE owner_id = ?", (owner_id,)).fetchone()
    passages = [Passage(n=n, place=Place.model_validate_json(place), text=text) for n, place, text in rows]
    return passages, 0 if last is None else last + 1


def take_some(tx: Tx, owner_id: str) -> bool:
    """Delete some of the passages; false where there are none."""
    return (
        tx.execute(
            "DELETE FROM passages WHERE rowid IN (SELECT rowid FROM passages WHERE owner_id = ? LIMIT ?)",
            (owner_id, _BITE),
        ).rowcount
        > 0
    )


def forget(tx: Tx, owner_id: str) -> None:
    """Nothing is to be read of it any more; its passages are gone already."""
    tx.execute("DELETE FROM texts WHERE owner_id = ?", (owner_id,))
