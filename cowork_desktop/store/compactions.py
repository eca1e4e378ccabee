"""SQL of the summaries that stand for the older part of a conversation."""

from collections.abc import Sequence
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
    """The one that stands for most of what is in the conversation."""
    row = tx.execute(
        "SELECT turn_id, item_n, round, summary, tokens_before, tokens_after FROM compactions"
        " WHERE conversation_id = ? AND left_with IS NULL ORDER BY item_n DESC, round DESC, n DESC LIMIT 1",
        (conversation_id,),
    ).fetchone()
    return Compaction(*row) if row else None


def leave(tx: Tx, conversation_id: str, place: int, left_with: str) -> None:
    """Set aside those that stand for something from that place on, until it comes back."""
    tx.execute(
        "UPDATE compactions SET left_with = ?3 WHERE conversation_id = ?1 AND left_with IS NULL"
        " AND (item_n > ?2 OR item_n = ?2 AND round > 0)",
        (conversation_id, place, left_with),
    )


def come_back(tx: Tx, conversation_id: str, left_with: str) -> None:
    tx.execute(
        "UPDATE compactions SET left_with = NULL WHERE conversation_id = ? AND left_with = ?",
        (conversation_id, left_with),
    )


def up_to(tx: Tx, conversation_id: str, last: int) -> list[int]:
    """The numbers of those that stand for nothing behind that place."""
    rows = tx.execute(
        "SELECT n FROM compactions WHERE conversation_id = ? AND left_with IS NULL AND item_n <= ?",
        (conversation_id, last),
    )
    return [n for (n,) in rows]


def copy(tx: Tx, conversation_id: str, target_id: str, numbers: Sequence[int]) -> None:
    """Let a conversation whose items have the same places have these too."""
    tx.executemany(
        "INSERT INTO compactions (conversation_id, n, turn_id, item_n, round, summary, tokens_before,"
        " tokens_after, created_at)"
        " SELECT ?, n, turn_id, item_n, round, summary, tokens_before, tokens_after, created_at"
        " FROM compactions WHERE conversation_id = ? AND n = ?",
        [(target_id, conversation_id, n) for n in numbers],
    )
