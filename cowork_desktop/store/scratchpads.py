"""SQL of scratchpads."""

import json
from collections.abc import Sequence
from typing import Any

from cowork_desktop.errors import NotFound
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.scratchpads import (
    Cell,
    Scratchpad,
    ScratchpadCreate,
    ScratchpadPatch,
    ScratchpadQuery,
)
from cowork_desktop.store import cells, conversations
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import conditions, expressions, json_object, page, timestamp, to_json, update

_JSON = json_object(
    expressions(
        Scratchpad,
        id="s.id",
        title="s.title",
        created_at=timestamp("s.created_at"),
        updated_at=timestamp("s.updated_at"),
        saved="json(iif(saved, 'true', 'false'))",
        cells=cells.ALL_AS_JSON.format(scratchpad_id="s.id"),
    )
)
_VISIBLE = "scratchpads s JOIN conversations c ON c.id = s.conversation_id AND c.deleted_at IS NULL"


def list_(tx: Tx, query: ScratchpadQuery) -> Encoded[Page[Scratchpad]]:
    """Newest first."""
    where, values = conditions(**{"s.conversation_id": query.conversation_id})
    rows = tx.execute(
        f"SELECT {_JSON} FROM {_VISIBLE} WHERE {where} ORDER BY s.id DESC LIMIT ? OFFSET ?",
        (*values, query.limit, query.offset),
    ).fetchall()
    [total] = tx.execute(f"SELECT count(*) FROM {_VISIBLE} WHERE {where}", values).fetchone()
    return page((json for (json,) in rows), total=total, has_more=query.offset + len(rows) < total)


def show(tx: Tx, id: str) -> Encoded[Scratchpad]:
    return Encoded(_one(tx, id, _JSON)[0].encode())


def get(tx: Tx, id: str) -> Scratchpad:
    return Scratchpad.model_validate_json(_one(tx, id, _JSON)[0])


def project_of(tx: Tx, id: str) -> str:
    """The project that its files belong to: General where its conversation has none."""
    general = "SELECT id FROM projects WHERE is_general"
    return str(_one(tx, id, f"coalesce(c.project_id, ({general}))")[0])


def notebook(tx: Tx, id: str) -> dict[str, Any]:
    """What an imported notebook said and a scratchpad does not."""
    [found] = _one(tx, id, "s.notebook")
    return dict(json.loads(found)) if found else {}


def create(
    tx: Tx,
    id: str,
    now: int,
    body: ScratchpadCreate,
    cell_ids: list[str],
    notebook: dict[str, Any] | None = None,
    param: str = "body.conversation_id",
) -> Encoded[Scratchpad]:
    """`cell_ids`: one for each of the body's cells."""
    conversations.check(tx, body.conversation_id, param)
    tx.execute(
        "INSERT INTO scratchpads (id, conversation_id, title, notebook, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (id, body.conversation_id, body.title, to_json(notebook) if notebook else None, now, now),
    )
    cells.insert_all(tx, id, body.cells, cell_ids)
    return show(tx, id)


def of_agent(tx: Tx, conversation_id: str, new_id: str, now: int) -> str:
    """The id of the scratchpad where the agent works in a conversation: its newest. One is made, as `new_id`,
    where it has none."""
    row = tx.execute(
        "SELECT id FROM scratchpads WHERE conversation_id = ? ORDER BY id DESC LIMIT 1", (conversation_id,)
    ).fetchone()
    if row:
        return str(row[0])
    title = conversations.get(tx, conversation_id).title
    body = ScratchpadCreate.model_construct(
        conversation_id=conversation_id, title=title or "Scratchpad", cells=[]
    )
    create(tx, new_id, now, body, [])
    return new_id


def cell_of(tx: Tx, conversation_id: str, cell_id: str) -> tuple[str, Cell, Cell | None]:
    """A code cell of one of the conversation's scratchpads: the id of that, the cell, its output cell."""
    row = tx.execute(
        "SELECT s.id FROM cells c JOIN scratchpads s ON s.id = c.scratchpad_id"
        " WHERE c.id = ? AND s.conversation_id = ?",
        (cell_id, conversation_id),
    ).fetchone()
    if row is None:
        raise NotFound.of("cell", cell_id)
    output = cells.output_json(tx, row[0], cell_id)
    return row[0], cells.get(tx, row[0], cell_id), Cell.model_validate_json(output) if output else None


def patch(tx: Tx, id: str, now: int, body: ScratchpadPatch, artifact_id: str | None = None) -> None:
    """`artifact_id`: the report that it was promoted to, where `saved` became true."""
    cells.check_scratchpad(tx, id)
    changes: dict[str, Any] = body.model_dump()
    if artifact_id is not None:
        changes["artifact_id"] = artifact_id
    if changes:
        update(tx, "scratchpads", id, changes | {"updated_at": now}, condition="1")


def delete(tx: Tx, id: str) -> None:
    cells.check_scratchpad(tx, id)
    tx.execute("DELETE FROM scratchpads WHERE id = ?", (id,))


def of_conversations(tx: Tx, conversation_ids: Sequence[str]) -> list[str]:
    """The ids of their scratchpads, also where the conversation is deleted."""
    rows = tx.execute(
        "SELECT id FROM scratchpads WHERE conversation_id IN (SELECT value FROM json_each(?))",
        (to_json(conversation_ids),),
    )
    return [id for (id,) in rows]


def of_conversation_and_tasks(tx: Tx, conversation_id: str) -> list[str]:
    """The ids of its scratchpads and of those of its sub-tasks."""
    return of_conversations(tx, conversations.with_tasks_of(tx, conversation_id))


def _one(tx: Tx, id: str, columns: str) -> tuple[Any, ...]:
    row = tx.execute(f"SELECT {columns} FROM {_VISIBLE} WHERE s.id = ?", (id,)).fetchone()
    if row is None:
        raise NotFound.of("scratchpad", id)
    return row  # type: ignore[no-any-return]
