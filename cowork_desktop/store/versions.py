"""SQL of the versions of the user's messages: one of them is shown, the others have left with what followed
them."""

from cowork_desktop.errors import Conflict, InvalidRequest, NotFound
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.conversations import Item, ItemVersionQuery
from cowork_desktop.store import compactions, conversations, items, turns
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import page


def list_(tx: Tx, conversation_id: str, id: str, query: ItemVersionQuery) -> Encoded[Page[Item]]:
    """All versions of a message, oldest first."""
    conversations.get(tx, conversation_id)
    first = _first(tx, conversation_id, id)
    rows = tx.execute(
        f"SELECT {items.JSON} FROM items WHERE version_of = ?1 OR id = ?1 ORDER BY n LIMIT ?2 OFFSET ?3",
        (first, query.limit, query.offset),
    ).fetchall()
    [total] = tx.execute("SELECT count(*) FROM items WHERE version_of = ?1 OR id = ?1", (first,)).fetchone()
    return page((json for (json,) in rows), total=total, has_more=query.offset + len(rows) < total)


def leave(tx: Tx, conversation_id: str, id: str) -> Item:
    """Let a message of the user leave with all that follows it, for its next version to be appended; returns
    it. Raises InvalidRequest, and Conflict where it has left already."""
    try:
        first = _first(tx, conversation_id, id)
    except NotFound as error:
        raise InvalidRequest.unknown_reference("body.replaces", "message of the user", id) from error
    if _current(tx, first) != id:
        raise Conflict("This message is not in the conversation now. Bring it back first, or send it anew.")
    tx.execute("UPDATE items SET version_of = id WHERE id = ? AND version_of IS NULL", (id,))
    _leave(tx, conversation_id, id)
    return items.get(tx, id)


def restore(tx: Tx, conversation_id: str, id: str, now: int) -> Item:
    """Bring a version back with what had followed it, in the place of the one that is shown. Raises NotFound,
    and Conflict while a turn runs."""
    conversations.get(tx, conversation_id)
    shown = _current(tx, _first(tx, conversation_id, id))
    if shown is None:
        raise Conflict(
            "The message is part of an earlier version of a message before it. Bring that one back first."
        )
    if shown != id:
        turns.check_none_runs(tx, conversation_id)
        _leave(tx, conversation_id, shown)
        tx.execute(
            "DELETE FROM left_items WHERE conversation_id = ? AND left_with = ?", (conversation_id, id)
        )
        compactions.come_back(tx, conversation_id, id)
        conversations.touch(tx, conversation_id, now)
    return items.get(tx, id)


def _first(tx: Tx, conversation_id: str, id: str) -> str:
    """The first version of a message of the user."""
    row = tx.execute(
        "SELECT coalesce(version_of, id) FROM items WHERE id = ? AND conversation_id = ? AND role = 'user'",
        (id, conversation_id),
    ).fetchone()
    if row is None:
        raise NotFound.of("message of the user", id)
    return str(row[0])


def _current(tx: Tx, first: str) -> str | None:
    """The version that is shown; none is where a message before it has left."""
    row = tx.execute(
        f"SELECT id FROM items WHERE (version_of = ?1 OR id = ?1) AND {items.IS_CURRENT}", (first,)
    ).fetchone()
    return str(row[0]) if row else None


def _leave(tx: Tx, conversation_id: str, id: str) -> None:
    """What had left before stays with what it left with, so that all comes back as it was."""
    [place] = tx.execute("SELECT n FROM items WHERE id = ?", (id,)).fetchone()
    tx.execute(
        "INSERT INTO left_items (conversation_id, n, left_with) SELECT conversation_id, n, ?3 FROM items"
        f" WHERE conversation_id = ?1 AND n >= ?2 AND {items.IS_CURRENT}",
        (conversation_id, place, id),
    )
    compactions.leave(tx, conversation_id, place, id)
