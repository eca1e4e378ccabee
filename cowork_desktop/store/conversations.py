"""SQL of conversations."""

from typing import Any

from cowork_desktop.errors import InvalidRequest, NotFound
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.conversations import (
    Conversation,
    ConversationCreate,
    ConversationPatch,
    ConversationQuery,
)
from cowork_desktop.store import projects
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import conditions, expressions, json_object, page, timestamp, update

_ORIGIN = json_object({"conversation_id": "branched_from", "item_id": "branched_item"})
_JSON = json_object(
    expressions(
        Conversation,
        created_at=timestamp("created_at"),
        updated_at=timestamp("updated_at"),
        branched_from=f"CASE WHEN branched_from IS NOT NULL THEN {_ORIGIN} END",
    )
)
_TASKS = (
    "WITH RECURSIVE task (id) AS (SELECT ?1 UNION SELECT c.id FROM task"
    " JOIN turns t ON t.conversation_id = task.id JOIN conversations c ON c.parent_turn_id = t.id)"
)
"""A conversation with those of its sub-tasks."""
_MARK = " (branch)"
_LONGEST_TITLE = 200


def list_(tx: Tx, query: ConversationQuery) -> Encoded[Page[Conversation]]:
    """Latest activity first."""
    where, values = conditions(
        "deleted_at IS NULL AND parent_turn_id IS NULL", project_id=query.project_id, status=query.status
    )
    rows = tx.execute(
        f"SELECT {_JSON} FROM conversations WHERE {where} ORDER BY updated_at DESC, id DESC LIMIT ? OFFSET ?",
        (*values, query.limit, query.offset),
    ).fetchall()
    where, values = conditions(project_id=query.project_id, status=query.status)
    [total] = tx.execute(
        f"SELECT coalesce(sum(n), 0) FROM conversation_counts WHERE {where}", values
    ).fetchone()
    return page((json for (json,) in rows), total=total, has_more=query.offset + len(rows) < total)


def get(tx: Tx, id: str) -> Conversation:
    return Conversation.model_validate_json(_one(tx, id, _JSON)[0])


def show(tx: Tx, id: str) -> Encoded[Conversation]:
    [json] = _one(tx, id, _JSON)
    return Encoded(json.encode())


def check(tx: Tx, id: str, param: str = "body.conversation_id") -> None:
    """Refuse an id in a body that no conversation has."""
    if not tx.execute("SELECT 1 FROM conversations WHERE id = ? AND deleted_at IS NULL", (id,)).fetchone():
        raise InvalidRequest.unknown_reference(param, "conversation", id)


def create(
    tx: Tx, id: str, now: int, body: ConversationCreate, *, parent_turn_id: str | None = None
) -> Conversation:
    """`parent_turn_id`: the turn whose sub-task it is for; such a conversation stands in no list."""
    if body.project_id is not None:
        projects.check(tx, body.project_id)
    tx.execute(
        "INSERT INTO conversations (id, project_id, title, title_source, goal, status, created_at,"
        " updated_at, parent_turn_id)"
        " VALUES (?, ?, ?, ?, ?, 'active', ?, ?, ?)",
        (
            id,
            body.project_id,
            body.title,
            "user" if body.title else "none",
            body.goal,
            now,
            now,
            parent_turn_id,
        ),
    )
    return get(tx, id)


def branch(
    tx: Tx, id: str, now: int, origin: Conversation, *, item_id: str | None, last: int, title: str | None
) -> None:
    """Create a conversation that goes on from another one, tainted where one of its turns up to the `last`
    place was. `title`: what the user calls it."""
    inherited = _marked(origin.title) if origin.title else None
    tx.execute(
        "INSERT INTO conversations (id, project_id, title, title_source, goal, status, created_at,"
        " updated_at, branched_from, branched_item, is_tainted)"
        " SELECT ?1, project_id, ?2, ?3, goal, 'active', ?4, ?4, id, ?5,"
        " is_tainted OR EXISTS (SELECT 1 FROM items i JOIN turns t ON t.id = i.turn_id"
        " WHERE i.conversation_id = ?6 AND i.n <= ?7 AND t.is_tainted)"
        " FROM conversations WHERE id = ?6",
        (
            id,
            title or inherited,
            "user" if title else "model" if inherited else "none",
            now,
            item_id,
            origin.id,
            last,
        ),
    )


def _marked(title: str) -> str:
    """The title of a branch, which may be one of a branch."""
    return f"{title.removesuffix(_MARK)[: _LONGEST_TITLE - len(_MARK)]}{_MARK}"


def patch(tx: Tx, id: str, now: int, body: ConversationPatch) -> Conversation:
    changes: dict[str, Any] = body.model_dump()
    if "title" in changes:
        changes["title_source"] = "user" if changes["title"] else "none"
    if changes:
        update(tx, "conversations", id, changes | {"updated_at": now})
    return get(tx, id)


def delete(tx: Tx, id: str, now: int) -> None:
    """Hide the conversation; the sweep takes what it holds."""
    if not update(tx, "conversations", id, {"deleted_at": now}):
        raise NotFound.of("conversation", id)


def with_tasks_of(tx: Tx, id: str) -> list[str]:
    """The conversation, and those of the sub-tasks of its turns, and theirs."""
    return [task_id for (task_id,) in tx.execute(f"{_TASKS} SELECT id FROM task", (id,))]


def delete_tasks_of(tx: Tx, id: str, now: int) -> list[str]:
    """Hide the conversations of the sub-tasks of a conversation's turns, and theirs; returns their ids."""
    rows = tx.execute(
        f"{_TASKS} UPDATE conversations SET deleted_at = ?2"
        " WHERE id IN (SELECT id FROM task) AND deleted_at IS NULL RETURNING id",
        (id, now),
    ).fetchall()
    return [row[0] for row in rows]


def line_of(tx: Tx, id: str) -> list[str]:
    """The conversation, and those whose sub-task it is, upwards."""
    rows = tx.execute(
        "WITH RECURSIVE line (id) AS (SELECT ?1 UNION SELECT t.conversation_id FROM line"
        " JOIN conversations c ON c.id = line.id JOIN turns t ON t.id = c.parent_turn_id)"
        " SELECT id FROM line",
        (id,),
    )
    return [line_id for (line_id,) in rows]


def touch(tx: Tx, id: str, now: int) -> None:
    """Note activity."""
    update(tx, "conversations", id, {"updated_at": now})


def is_of_subtask(tx: Tx, id: str) -> bool:
    """Whether it stands in no list, as the agent began it."""
    row = tx.execute("SELECT parent_turn_id IS NOT NULL FROM conversations WHERE id = ?", (id,)).fetchone()
    return bool(row[0])


def project_of(tx: Tx, id: str) -> str | None:
    [project_id] = tx.execute("SELECT project_id FROM conversations WHERE id = ?", (id,)).fetchone()
    return project_id  # type: ignore[no-any-return]


def title_source(tx: Tx, id: str) -> str:
    """Who made the title: `none`, `cut` of the first message, the `model`, or the `user`."""
    [source] = tx.execute("SELECT title_source FROM conversations WHERE id = ?", (id,)).fetchone()
    return str(source)


def entitle(tx: Tx, id: str, title: str, source: str, *, over: str) -> bool:
    """Set a title in the place of one that `over` made; false where someone else has made one since."""
    changed = tx.execute(
        "UPDATE conversations SET title = ?, title_source = ? WHERE id = ? AND title_source = ? AND"
        " deleted_at IS NULL",
        (title, source, id, over),
    )
    return changed.rowcount == 1


def _one(tx: Tx, id: str, columns: str) -> tuple[Any, ...]:
    rows = tx.execute(f"SELECT {columns} FROM conversations WHERE id = ? AND deleted_at IS NULL", (id,))
    if (row := rows.fetchone()) is None:
        raise NotFound.of("conversation", id)
    return row  # type: ignore[no-any-return]
