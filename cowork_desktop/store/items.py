"""SQL of items, the messages of conversations; but for `of_turn` of those that have not left them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from cowork_desktop.errors import InvalidRequest
from cowork_desktop.schemas.base import Encoded
from cowork_desktop.schemas.conversations import Item, ItemPage, ItemQuery, Part, Role, text_of
from cowork_desktop.store import conversations
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import expressions, json_object, page, timestamp

_VERSIONS = "SELECT count(*) FROM items v WHERE v.version_of = items.version_of"
_VERSION = {
    "index": f"CASE WHEN version_of IS NULL THEN 1 ELSE ({_VERSIONS} AND v.n <= items.n) END",
    "total": f"CASE WHEN version_of IS NULL THEN 1 ELSE ({_VERSIONS}) END",
}
_FIELDS = expressions(
    Item,
    response_id="turn_id",
    created_at=timestamp("created_at"),
    version=f"CASE role WHEN 'user' THEN {json_object(_VERSION)} END",
)
_COLUMNS = ", ".join(_FIELDS.values())
JSON = json_object(_FIELDS | {"parts": "json(parts)"})
IS_CURRENT = (
    "NOT EXISTS (SELECT 1 FROM left_items l WHERE l.conversation_id = items.conversation_id"
    " AND l.n = items.n)"
)
"""Whether an item has not left its conversation."""
_parts: TypeAdapter[list[Part]] = TypeAdapter(list[Part], config=ConfigDict(defer_build=True))


def append(
    tx: Tx,
    *,
    id: str,
    conversation_id: str,
    turn_id: str | None,
    role: Role,
    parts: list[Part],
    now: int,
    replaces: str | None = None,
) -> None:
    """`replaces`: the message whose next version it is, which has left. A new item comes after all others,
    those that have left too: so whichever versions are shown, their places are in order."""
    tx.execute(
        "INSERT INTO items (conversation_id, n, id, turn_id, role, content, parts, created_at, version_of)"
        " VALUES (?1, (SELECT coalesce(max(n), 0) + 1 FROM items WHERE conversation_id = ?1), ?2, ?3, ?4,"
        " ?5, ?6, ?7, (SELECT version_of FROM items WHERE id = ?8))",
        (conversation_id, id, turn_id, role, text_of(parts), _parts.dump_json(parts).decode(), now, replaces),
    )
    conversations.touch(tx, conversation_id, now)


def get(tx: Tx, id: str) -> Item:
    """An item that there is, whether it has left or not."""
    return _item(tx.execute(f"SELECT {_COLUMNS} FROM items WHERE id = ?", (id,)).fetchone())


def list_(tx: Tx, conversation_id: str, query: ItemQuery) -> Encoded[ItemPage]:
    """The newest `limit` items before the cursor, oldest first."""
    conversations.get(tx, conversation_id)
    place = _place(tx, conversation_id, query.before)
    rows = _newest(tx, f"{JSON}, id", conversation_id, query.limit + 1, place)
    has_more = len(rows) > query.limit
    rows = rows[query.limit - 1 :: -1]
    return page((json for json, _ in rows), has_more=has_more, next_before=rows[0][1] if has_more else None)


def each(tx: Tx, conversation_id: str) -> Iterator[str]:
    """The JSON of every item in order, read as it is asked for."""
    rows = tx.execute(
        f"SELECT {JSON} FROM items WHERE conversation_id = ? AND {IS_CURRENT} ORDER BY n", (conversation_id,)
    )
    return (json for (json,) in rows)


@dataclass(frozen=True)
class Numbered:
    """An item and its place in the conversation."""

    n: int
    item: Item


def newest(tx: Tx, conversation_id: str, limit: int) -> list[Numbered]:
    """The newest items, oldest first."""
    rows = _newest(tx, f"n, {_COLUMNS}", conversation_id, limit, None)
    return [Numbered(n, _item(row)) for n, *row in reversed(rows)]


def of_turn(tx: Tx, turn_id: str, role: Role) -> Item | None:
    """The input of a turn, or its answer."""
    row = tx.execute(
        f"SELECT {_COLUMNS} FROM items WHERE turn_id = ? AND role = ?", (turn_id, role)
    ).fetchone()
    return _item(row) if row else None


def matching(tx: Tx, conversation_id: str, words: list[str], limit: int) -> list[Item]:
    """The items that hold most of the words, without regard to ASCII case; the newest first among equals."""
    score = " + ".join("(instr(lower(content), ?) > 0)" for _ in words)
    rows = tx.execute(
        f"SELECT {_COLUMNS}, {score} AS score FROM items WHERE conversation_id = ? AND score > 0"
        f" AND {IS_CURRENT} ORDER BY score DESC, n DESC LIMIT ?",
        (*(word.lower() for word in words), conversation_id, limit),
    ).fetchall()
    return [_item(row[:-1]) for row in rows]


def _newest(
    tx: Tx, columns: str, conversation_id: str, limit: int, before: int | None
) -> list[tuple[Any, ...]]:
    return tx.execute(
        f"SELECT {columns} FROM items WHERE conversation_id = ? AND n < ? AND {IS_CURRENT}"
        " ORDER BY n DESC LIMIT ?",
        (conversation_id, 2**62 if before is None else before, limit),
    ).fetchall()


def _place(tx: Tx, conversation_id: str, id: str | None) -> int | None:
    if id is None:
        return None
    row = tx.execute(
        "SELECT n FROM items WHERE id = ? AND conversation_id = ?", (id, conversation_id)
    ).fetchone()
    if row is None:
        raise InvalidRequest.unknown_reference("query.before", "item", id)
    return int(row[0])


def _item(row: Sequence[Any]) -> Item:
    fields = dict(zip(_FIELDS, row, strict=True))
    version = json.loads(fields["version"]) if fields["version"] else None
    return Item.model_validate(fields | {"parts": _parts.validate_json(fields["parts"]), "version": version})
