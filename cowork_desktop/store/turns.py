"""SQL of turns and of the events that their readers get."""

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from cowork_desktop.errors import Conflict, NotFound
from cowork_desktop.schemas.conversations import TextPart
from cowork_desktop.schemas.responses import AgentResponse, TurnError, Usage
from cowork_desktop.store import conversations, schedule_runs
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import conditions, timestamp, to_json

_COLUMNS = (
    "id, conversation_id, input, output, status, model, provider, input_tokens, output_tokens,"
    " cache_read_input_tokens, cache_creation_input_tokens, error, memory_ids,"
    f" {timestamp('created_at')}, {timestamp('finished_at')}"
)


def create(
    tx: Tx,
    *,
    id: str,
    conversation_id: str,
    input: str,
    model: str,
    provider: str,
    now: int,
    memory_ids: Sequence[str] = (),
    start: Mapping[str, Any] | None = None,
    parent: tuple[str, int] | None = None,
) -> AgentResponse:
    """Begin a turn; Conflict where the conversation has one that runs.

    `start`: what it needs to go on after a restart. `parent`: the turn and the part of its answer whose
    sub-task this is. A turn begins as tainted where its parent is, or one before it in the conversation
    was: what it is told comes of what they read. So it does where that has left the conversation since, as
    files and variables may still have it.
    """
    conversations.check(tx, conversation_id)
    check_none_runs(tx, conversation_id)
    tx.execute(
        "INSERT INTO turns (id, conversation_id, input, output, status, model, provider, memory_ids,"
        " created_at, start, parent_id, parent_index, is_tainted)"
        " VALUES (?1, ?2, ?3, '[]', 'in_progress', ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
        " EXISTS (SELECT 1 FROM turns WHERE (conversation_id = ?2 OR id = ?9) AND is_tainted"
        " UNION ALL SELECT 1 FROM conversations WHERE id = ?2 AND is_tainted))",
        (
            id,
            conversation_id,
            input,
            model,
            provider,
            to_json(list(memory_ids)),
            now,
            to_json(start or {}),
            *(parent or (None, None)),
        ),
    )
    return get(tx, id)


def check_none_runs(tx: Tx, conversation_id: str) -> None:
    """Raises Conflict where a turn runs in the conversation."""
    if running := in_progress(tx, conversation_id):
        raise Conflict(
            "This conversation has a turn that still runs. Wait for its end, or cancel it.",
            details=[{"response_id": running[0].id}],
        )


def start_of(tx: Tx, id: str) -> dict[str, Any]:
    """What `create` got as `start`."""
    [start] = tx.execute("SELECT start FROM turns WHERE id = ?", (id,)).fetchone()
    return json.loads(start)  # type: ignore[no-any-return]


def is_tainted(tx: Tx, id: str) -> bool:
    """Whether the turn, or one before it, has read what somebody else may have written."""
    [is_tainted] = tx.execute("SELECT is_tainted FROM turns WHERE id = ?", (id,)).fetchone()
    return bool(is_tainted)


def taint(tx: Tx, id: str) -> None:
    tx.execute("UPDATE turns SET is_tainted = 1 WHERE id = ?", (id,))


def parent_of(tx: Tx, id: str) -> tuple[str, int] | None:
    """The turn whose sub-task this is, and the part of its answer which is the call."""
    turn_id, index = tx.execute("SELECT parent_id, parent_index FROM turns WHERE id = ?", (id,)).fetchone()
    return (turn_id, index) if turn_id else None


def subtasks_in(tx: Tx, conversation_id: str) -> frozenset[str]:
    """The conversation's turns whose input the agent wrote, and not the user."""
    rows = tx.execute(
        "SELECT id FROM turns WHERE conversation_id = ? AND parent_id IS NOT NULL", (conversation_id,)
    )
    return frozenset(id for (id,) in rows)


def child(tx: Tx, parent_id: str, parent_index: int) -> AgentResponse | None:
    """The sub-task that a call started."""
    row = tx.execute(
        f"SELECT {_COLUMNS} FROM turns WHERE parent_id = ? AND parent_index = ?", (parent_id, parent_index)
    ).fetchone()
    return _response(row) if row else None


def usage_of_tasks(tx: Tx, parent_id: str) -> Usage:
    """What the turn's sub-tasks have used so far."""
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in Usage.model_fields)
    row = tx.execute(f"SELECT {sums} FROM turns WHERE parent_id = ?", (parent_id,)).fetchone()
    return Usage(**dict(zip(Usage.model_fields, row, strict=True)))


def get(tx: Tx, id: str) -> AgentResponse:
    row = tx.execute(
        f"SELECT {_COLUMNS} FROM turns WHERE id = ? AND NOT EXISTS"
        " (SELECT 1 FROM conversations c WHERE c.id = conversation_id AND c.deleted_at IS NOT NULL)",
        (id,),
    ).fetchone()
    if row is None:
        raise NotFound.of("response", id)
    return _response(row)


def _get_even_if_hidden(tx: Tx, id: str) -> AgentResponse:
    """A turn may end just after its conversation was deleted."""
    return _response(tx.execute(f"SELECT {_COLUMNS} FROM turns WHERE id = ?", (id,)).fetchone())


def in_progress(tx: Tx, conversation_id: str | None = None) -> list[AgentResponse]:
    """The turns that run, newest first."""
    where, values = conditions("status = 'in_progress'", conversation_id=conversation_id)
    rows = tx.execute(f"SELECT {_COLUMNS} FROM turns WHERE {where} ORDER BY id DESC", values).fetchall()
    return [_response(row) for row in rows]


def finish(
    tx: Tx,
    id: str,
    *,
    output: list[TextPart],
    usage: Usage,
    error: TurnError | None,
    now: int,
) -> AgentResponse:
    """End a turn, as `failed` where there is an error, and the scheduled run that it is."""
    note_usage(tx, id, usage)
    tx.execute(
        "UPDATE turns SET status = ?, output = ?, error = ?, finished_at = ? WHERE id = ?",
        (
            "failed" if error else "completed",
            to_json(output),
            to_json(error) if error else None,
            now,
            id,
        ),
    )
    schedule_runs.end_of_turn(tx, id, error, now)
    return _get_even_if_hidden(tx, id)


def note_usage(tx: Tx, id: str, usage: Usage) -> None:
    """Note what the turn has used so far."""
    tx.execute(
        "UPDATE turns SET input_tokens = ?, output_tokens = ?, cache_read_input_tokens = ?,"
        " cache_creation_input_tokens = ? WHERE id = ?",
        (
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_input_tokens,
            usage.cache_creation_input_tokens,
            id,
        ),
    )


def append_frames(tx: Tx, id: str, first: int, frames: list[bytes]) -> None:
    """Add frames; `first` is the sequence number of the first of them."""
    if frames:
        packed = zlib.compress(b"".join(frames), level=1)
        tx.execute("INSERT INTO turn_events VALUES (?, ?, ?, ?)", (id, first, len(frames), packed))


def frames(tx: Tx, id: str, after: int = -1) -> list[bytes]:
    """The frames with a sequence number above `after`, byte for byte as they were sent.

    A reader may be ahead of what outlived a crash: it gets the last frame, and so the turn's end.
    """
    rows = tx.execute(
        "SELECT first, count, frames FROM turn_events WHERE turn_id = ?1 AND first + count > ?2"
        " OR turn_id = ?1 AND first = (SELECT max(first) FROM turn_events WHERE turn_id = ?1) ORDER BY first",
        (id, after + 1),
    ).fetchall()
    if not rows:
        return []
    found = [frame for _, _, packed in rows for frame in _split(zlib.decompress(packed))]
    first, end = rows[0][0], rows[-1][0] + rows[-1][1]
    return found[-1:] if after >= end else found[max(0, after + 1 - first) :]


def _split(frames: bytes) -> list[bytes]:
    return [frame + b"\n\n" for frame in frames.split(b"\n\n")[:-1]]


def _response(row: tuple[Any, ...]) -> AgentResponse:
    (
        id,
        conversation_id,
        input,
        output,
        status,
        model,
        provider,
        *tokens,
        error,
        memory_ids,
        created,
        finished,
    ) = row
    fresh, written, cache_read, cache_creation = tokens
    return AgentResponse(
        id=id,
        conversation_id=conversation_id,
        input=input,
        output=json.loads(output),
        status=status,
        model=model,
        provider=provider,
        usage=Usage(
            input_tokens=fresh,
            output_tokens=written,
            cache_read_input_tokens=cache_read,
            cache_creation_input_tokens=cache_creation,
        ),
        error=json.loads(error) if error else None,
        memory_ids=json.loads(memory_ids),
        created_at=created,
        finished_at=finished,
    )
