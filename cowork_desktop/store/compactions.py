"""SQL of the summaries that stand for the older part of a conversation."""

from dataclasses import dataclass

from cowork_desktop.store.database import Tx


@dataclass(frozen=True)
class Compaction:
    turn_id: str
    """In which turn it was made."""
    item_n: int
    """The first item that it does not stand for wholly."""
    round: int
    """Of that item the first round that it does not stand for."""
    summary: str
    tokens_before: int
    tokens_after: int


def add(
    tx: Tx,
    conversation_id: str,
    turn_id: str,
    item_n: int,
    round: int,
    summary: str,
    tokens_before: int,
    tokens_after: int,
    now: int,
) -> None:
    tx.execute(
        "INSERT INTO compactions (conversation_id, n, turn_id, item_n, round, summary, tokens_before,"
        " tokens_after, created_at)"
        " VALUES (?1, (SELECT coalesce(max(n), 0) + 1 FROM compactions WHERE conversation_id = ?1), ?2, ?3,"
        " ?4, ?5, ?6, ?7, ?8)",
        (conversation_id, turn_id, item_n, round, summary, tokens_before, tokens_after, now),
    )


def latest(tx: Tx, conversation_id: str) -> Compaction | None:
    row = tx.execute(
        "SELECT turn_id, item_n, round, summary, tokens_before, tokens_after FROM compactions"
        " WHERE conversation_id = ? ORDER BY n DESC LIMIT 1",
        (conversation_id,),
    ).fetchone()
    return Compaction(*row) if row else None
