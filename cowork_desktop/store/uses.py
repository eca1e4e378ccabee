"""SQL of what conversations made and used: their scratchpads, artifacts, memories and skills, and where a
memory was used."""

from collections.abc import Sequence

from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.conversation_contents import ScratchpadSummary
from cowork_desktop.schemas.memories import MemoryUse, MemoryUseQuery
from cowork_desktop.store import memories
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import expressions, json_object, page, timestamp, to_json

_OF_THESE = "turn_id IN (SELECT id FROM turns WHERE conversation_id IN (SELECT value FROM json_each(?1)))"
_USE = json_object(
    expressions(MemoryUse, response_id="t.id", title="c.title", created_at=timestamp("t.created_at"))
)


def of_memory(tx: Tx, id: str, query: MemoryUseQuery) -> Encoded[Page[MemoryUse]]:
    """The responses that were told the memory, newest first; but for those of deleted conversations."""
    memories.get(tx, id)
    # Ids sort by creation: no turn before the memory can have been told it.
    found = tx.execute(
        "SELECT t.id FROM turns t JOIN conversations c ON c.id = t.conversation_id"
        " WHERE t.id > 'resp' || substr(?1, instr(?1, '_')) AND instr(t.memory_ids, '\"' || ?1 || '\"')"
        " AND c.deleted_at IS NULL ORDER BY t.id DESC",
        (id,),
    ).fetchall()
    end = query.offset + query.limit
    rows = tx.execute(
        f"SELECT {_USE} FROM json_each(?) wanted JOIN turns t ON t.id = wanted.value"
        " JOIN conversations c ON c.id = t.conversation_id ORDER BY wanted.key",
        (to_json([turn_id for (turn_id,) in found[query.offset : end]]),),
    )
    return page((json for (json,) in rows), total=len(found), has_more=end < len(found))


def scratchpads(tx: Tx, conversation_id: str, limit: int) -> list[ScratchpadSummary]:
    rows = tx.execute(
        "SELECT id, title, saved, artifact_id, (SELECT count(*) FROM cells c"
        f" WHERE c.scratchpad_id = s.id AND c.type <> 'output'), {timestamp('updated_at')}"
        " FROM scratchpads s WHERE conversation_id = ? ORDER BY id DESC LIMIT ?",
        (conversation_id, limit),
    )
    return [
        ScratchpadSummary(
            id=id, title=title, saved=bool(saved), artifact_id=artifact_id, cells=cells, updated_at=updated_at
        )
        for id, title, saved, artifact_id, cells, updated_at in rows
    ]


def artifact_ids(tx: Tx, conversation_ids: Sequence[str], limit: int) -> list[str]:
    """Of artifacts that their turns made or changed, but for what was undone, and that their scratchpads
    became; the newest."""
    rows = tx.execute(
        "SELECT id FROM artifacts WHERE deleted_at IS NULL AND id IN ("
        f"SELECT ref FROM turn_changes WHERE kind = 'artifact' AND undone_at IS NULL AND {_OF_THESE}"
        " UNION SELECT artifact_id FROM scratchpads"
        " WHERE conversation_id IN (SELECT value FROM json_each(?1))) ORDER BY id DESC LIMIT ?2",
        (to_json(list(conversation_ids)), limit),
    )
    return [id for (id,) in rows]


def file_ids(tx: Tx, conversation_id: str, limit: int) -> list[str]:
    """Of the newest files that belong to it."""
    rows = tx.execute(
        "SELECT id FROM files WHERE conversation_id = ? AND deleted_at IS NULL ORDER BY id DESC LIMIT ?",
        (conversation_id, limit),
    )
    return [id for (id,) in rows]


def memory_ids(tx: Tx, conversation_ids: Sequence[str], limit: int) -> list[str]:
    """Of memories that their turns were told, made or changed; the newest."""
    rows = tx.execute(
        "SELECT id FROM memories WHERE id IN (SELECT m.value FROM turns t, json_each(t.memory_ids) m"
        " WHERE t.conversation_id IN (SELECT value FROM json_each(?1))"
        f" UNION SELECT ref FROM turn_changes WHERE kind = 'memory' AND undone_at IS NULL AND {_OF_THESE})"
        " ORDER BY id DESC LIMIT ?2",
        (to_json(list(conversation_ids)), limit),
    )
    return [id for (id,) in rows]


def skill_ids(tx: Tx, conversation_ids: Sequence[str], active: Sequence[str], limit: int) -> list[str]:
    """Of skills that their turns began with or loaded, and of those that are `active`; the newest."""
    rows = tx.execute(
        "SELECT id FROM skills WHERE id IN (SELECT value FROM json_each(?2)"
        " UNION SELECT s.value FROM turns t, json_each(t.start, '$.skill_ids') s"
        " WHERE t.conversation_id IN (SELECT value FROM json_each(?1)))"
        " OR name IN (SELECT trim(p.value ->> '$.arguments.name') FROM items i, json_each(i.parts) p"
        " WHERE i.conversation_id IN (SELECT value FROM json_each(?1)) AND i.role = 'assistant'"
        " AND instr(i.parts, '\"use_skill\"') AND p.value ->> '$.type' = 'tool_call'"
        " AND p.value ->> '$.name' = 'use_skill' AND p.value ->> '$.status' = 'success')"
        " ORDER BY id DESC LIMIT ?3",
        (to_json(list(conversation_ids)), to_json(list(active)), limit),
    )
    return [id for (id,) in rows]
