"""SQL of the calls that a running turn has in hand, from which it can go on after a restart."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cowork_desktop.schemas.responses import Usage
from cowork_desktop.store import turns
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import to_json


@dataclass(frozen=True)
class Call:
    """What the model asked for."""

    content_index: int
    """Which part of the answer it is."""
    round: int
    call_id: str
    """The provider's."""
    name: str
    arguments: dict[str, Any] | None
    """None: they cannot be read; `problem` says why."""
    problem: str | None = None
    begun_at: int | None = None
    """From when on it may have had an effect, in ms; None: it has not begun, or has none."""


def put_round(tx: Tx, turn_id: str, calls: Sequence[Call], usage: Usage) -> None:
    """Note the calls of a round, in the place of those of the round before, and what was used so far."""
    turns.note_usage(tx, turn_id, usage)
    tx.execute("DELETE FROM turn_calls WHERE turn_id = ?", (turn_id,))
    tx.executemany(
        "INSERT INTO turn_calls VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                turn_id,
                call.content_index,
                call.round,
                call.call_id,
                call.name,
                None if call.arguments is None else to_json(call.arguments),
                call.problem,
                call.begun_at,
            )
            for call in calls
        ],
    )


def begin(tx: Tx, turn_id: str, content_index: int, now: int) -> None:
    """Note, before it has one, that a call may have an effect from now on."""
    tx.execute(
        "UPDATE turn_calls SET begun_at = ? WHERE turn_id = ? AND content_index = ?",
        (now, turn_id, content_index),
    )


def of_turn(tx: Tx, turn_id: str) -> list[Call]:
    rows = tx.execute(
        "SELECT content_index, round, call_id, name, arguments, problem, begun_at FROM turn_calls"
        " WHERE turn_id = ? ORDER BY content_index",
        (turn_id,),
    ).fetchall()
    return [
        Call(index, round, call_id, name, json.loads(arguments) if arguments else None, problem, begun_at)
        for index, round, call_id, name, arguments, problem, begun_at in rows
    ]


def forget(tx: Tx, turn_id: str) -> None:
    """The turn has ended."""
    tx.execute("DELETE FROM turn_calls WHERE turn_id = ?", (turn_id,))


def asked(tx: Tx) -> set[tuple[str, int]]:
    """The calls that have asked the user and have not begun to act, by their turn and their part of the
    answer. One that has ended since is among them, and nothing of conversations that are deleted."""
    rows = tx.execute(
        "SELECT c.turn_id, c.content_index FROM turn_calls c JOIN approvals a"
        " ON a.turn_id = c.turn_id AND a.content_index = c.content_index"
        " JOIN conversations v ON v.id = a.conversation_id"
        " WHERE c.begun_at IS NULL AND v.deleted_at IS NULL"
    ).fetchall()
    return {(turn_id, index) for turn_id, index in rows}
