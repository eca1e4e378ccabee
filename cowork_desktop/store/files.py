"""SQL of files; their bytes lie elsewhere, under their digest."""

from collections.abc import Sequence
from typing import Any

from cowork_desktop.errors import InvalidRequest, NotFound
from cowork_desktop.schemas.base import Encoded, Page, Spooled
from cowork_desktop.schemas.files import File, FileForm, FilePatch, FileQuery, FileText
from cowork_desktop.store import conversations, projects, search_index, texts
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import conditions, expressions, json_object, page, timestamp, to_json, update

_JSON = json_object(
    expressions(
        File,
        created_at=timestamp("created_at"),
        text_status="coalesce(t.status, 'none')",
        text_error="t.error",
        text_progress="CASE t.status WHEN 'extracting'"
        " THEN json_object('done', t.done, 'total', t.total) END",
    )
)
_FROM = "files f LEFT JOIN texts t ON t.owner_id = f.id"


def list_(tx: Tx, query: FileQuery) -> Encoded[Page[File]]:
    """Newest first."""
    where, values = conditions(
        "deleted_at IS NULL", project_id=query.project_id, conversation_id=query.conversation_id
    )
    rows = tx.execute(
        f"SELECT {_JSON} FROM {_FROM} WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?",
        (*values, query.limit, query.offset),
    ).fetchall()
    [total] = tx.execute(f"SELECT count(*) FROM files WHERE {where}", values).fetchone()
    return page((json for (json,) in rows), total=total, has_more=query.offset + len(rows) < total)


def show(tx: Tx, id: str) -> Encoded[File]:
    return Encoded(_one(tx, id, _JSON)[0].encode())


def get(tx: Tx, id: str) -> File:
    return File.model_validate_json(_one(tx, id, _JSON)[0])


def in_reach(tx: Tx, conversation_id: str, project_id: str | None, limit: int) -> tuple[int, list[File]]:
    """How many files a conversation and its project have, and the newest of them, newest first; those of a
    sub-task are those of the conversation that it is for."""
    where = "deleted_at IS NULL AND (conversation_id IN (SELECT value FROM json_each(?1)) OR project_id = ?2)"
    line = to_json(conversations.line_of(tx, conversation_id))
    [count] = tx.execute(f"SELECT count(*) FROM files WHERE {where}", (line, project_id)).fetchone()
    rows = tx.execute(
        f"SELECT {_JSON} FROM {_FROM} WHERE {where} ORDER BY id DESC LIMIT ?3",
        (line, project_id, limit),
    )
    return count, [File.model_validate_json(json) for (json,) in rows]


def those(tx: Tx, ids: Sequence[str]) -> list[File]:
    """Those of the ids that there are, each once, in the order of the ids."""
    rows = tx.execute(
        f"SELECT id, {_JSON} FROM {_FROM} WHERE id IN (SELECT value FROM json_each(?))"
        " AND deleted_at IS NULL",
        (to_json(list(ids)),),
    )
    found = dict(rows.fetchall())
    return [File.model_validate_json(found[id]) for id in dict.fromkeys(ids) if id in found]


def for_turn(tx: Tx, conversation_id: str, ids: Sequence[str]) -> list[File]:
    """The files that come with a message: those named, and those of the conversation that have come with none
    yet. InvalidRequest for an id that is not of the conversation or its project."""
    [project_id] = tx.execute(
        "SELECT project_id FROM conversations WHERE id = ?", (conversation_id,)
    ).fetchone()
    for id in ids:
        named = those(tx, [id])
        owners = [(file.conversation_id, file.project_id) for file in named]
        if not any(own == conversation_id or (of and of == project_id) for own, of in owners):
            raise InvalidRequest.unknown_reference("body.file_ids", "file", id)
    arrived = tx.execute(
        "SELECT id FROM files"
        " WHERE conversation_id = ? AND turn_id IS NULL AND deleted_at IS NULL ORDER BY id",
        (conversation_id,),
    )
    return those(tx, [*ids, *(id for (id,) in arrived)])


def note_come(tx: Tx, conversation_id: str, turn_id: str) -> None:
    """What waited in the conversation for a message came with this turn's."""
    tx.execute(
        "UPDATE files SET turn_id = ? WHERE conversation_id = ? AND turn_id IS NULL",
        (turn_id, conversation_id),
    )


def refused(tx: Tx, ids: Sequence[str]) -> set[str]:
    """Those of the files that the model's provider would not take as they are."""
    rows = tx.execute(
        "SELECT id FROM files WHERE is_refused AND id IN (SELECT value FROM json_each(?))",
        (to_json(list(ids)),),
    )
    return {id for (id,) in rows}


def note_refused(tx: Tx, ids: Sequence[str]) -> None:
    tx.execute(
        "UPDATE files SET is_refused = 1 WHERE id IN (SELECT value FROM json_each(?))", (to_json(list(ids)),)
    )


def create(
    tx: Tx, id: str, now: int, form: FileForm, file: Spooled, mime_type: str, *, has_text: bool
) -> Encoded[File]:
    if form.project_id is not None:
        projects.check(tx, form.project_id, "form.project_id")
    if form.conversation_id is not None:
        conversations.check(tx, form.conversation_id, "form.conversation_id")
    tx.execute(
        "INSERT INTO files (id, name, mime_type, size, sha256, project_id, conversation_id, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (id, file.name, mime_type, file.size, file.sha256, form.project_id, form.conversation_id, now),
    )
    if has_text:
        texts.ask(tx, id)
    return show(tx, id)


def copy(tx: Tx, id: str, copy_id: str, conversation_id: str, now: int) -> bool:
    """Let a conversation have a file of another one as its own, where it is not deleted; true where its text
    is to be read."""
    tx.execute(
        "INSERT INTO files (id, name, mime_type, size, sha256, conversation_id, created_at, is_refused,"
        " turn_id) SELECT ?2, name, mime_type, size, sha256, ?3, ?4, is_refused, turn_id FROM files"
        " WHERE id = ?1 AND deleted_at IS NULL",
        (id, copy_id, conversation_id, now),
    )
    has_text = tx.execute(
        "SELECT EXISTS (SELECT 1 FROM texts WHERE owner_id = ?1)"
        " AND EXISTS (SELECT 1 FROM files WHERE id = ?2)",
        (id, copy_id),
    ).fetchone()[0]
    if has_text:
        texts.ask(tx, copy_id)
    return bool(has_text)


def text(tx: Tx, id: str, limit: int, offset: int) -> FileText:
    file = get(tx, id)
    passages, total = texts.read(tx, id, limit, offset)
    return FileText(
        data=passages,
        total=total,
        has_more=offset + len(passages) < total,
        text_status=file.text_status,
        text_error=file.text_error,
    )


def patch(tx: Tx, id: str, body: FilePatch) -> Encoded[File]:
    was, changes = get(tx, id), body.model_dump()
    if changes.get("name", was.name) != was.name:
        search_index.retell_file(tx, id)
        update(tx, "files", id, changes)
    return show(tx, id)


def delete(tx: Tx, id: str, now: int) -> None:
    """Hide the file; the sweep takes its text and its bytes."""
    if not update(tx, "files", id, {"deleted_at": now}):
        raise NotFound.of("file", id)


def delete_of_conversation(tx: Tx, id: str, now: int) -> None:
    """Hide the files of a conversation that goes; what belongs to a project too stays there."""
    tx.execute(
        "UPDATE files SET conversation_id = NULL WHERE conversation_id = ? AND project_id IS NOT NULL"
        " AND deleted_at IS NULL",
        (id,),
    )
    tx.execute("UPDATE files SET deleted_at = ? WHERE conversation_id = ? AND deleted_at IS NULL", (now, id))


def delete_of_project(tx: Tx, id: str, now: int) -> None:
    tx.execute("UPDATE files SET deleted_at = ? WHERE project_id = ? AND deleted_at IS NULL", (now, id))


def _one(tx: Tx, id: str, columns: str) -> tuple[Any, ...]:
    row = tx.execute(f"SELECT {columns} FROM {_FROM} WHERE id = ? AND deleted_at IS NULL", (id,)).fetchone()
    if row is None:
        raise NotFound.of("file", id)
    return row  # type: ignore[no-any-return]
