"""SQL of what the user is asked, and of what is allowed always."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cowork_desktop.errors import Conflict, NotFound
from cowork_desktop.schemas.approvals import (
    Approval,
    ApprovalQuery,
    ApprovalRule,
    ApprovalRuleQuery,
    ApprovalStatus,
    Effect,
)
from cowork_desktop.schemas.base import Page
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import conditions, expressions, timestamp, to_json

_FIELDS = expressions(
    Approval,
    response_id="turn_id",
    created_at=timestamp("created_at"),
    expires_at=timestamp("expires_at"),
    decided_at=timestamp("decided_at"),
)
_COLUMNS = ", ".join(_FIELDS.values())
_RULE_FIELDS = expressions(ApprovalRule, created_at=timestamp("created_at"))
_RULE_COLUMNS = ", ".join(_RULE_FIELDS.values())
_IS_SHOWN = (
    "NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = conversation_id AND c.deleted_at IS NOT NULL)"
)
_IS_OF_A_PROJECT = (
    "NOT EXISTS (SELECT 1 FROM projects p WHERE p.id = project_id AND p.deleted_at IS NOT NULL)"
)


@dataclass(frozen=True)
class Request:
    """What a call of a turn asks the user."""

    turn_id: str
    conversation_id: str
    project_id: str
    """General's where the conversation has none."""
    content_index: int
    """Which part of the turn's answer the call is: it asks once."""
    kind: Literal["approval", "question"]
    tool: str
    effect: Effect
    subject: str
    summary: str
    reason: str
    arguments: Mapping[str, Any]
    options: Sequence[str] = ()
    expires_at: int | None = None
    """Milliseconds; None: it waits."""


def ask(tx: Tx, id: str, now: int, request: Request) -> Approval:
    """Note the request; where its call has one already, that one as it stands."""
    if standing := of_call(tx, request.turn_id, request.content_index):
        return standing
    fields = {
        "id": id,
        **vars(request),
        "arguments": to_json(dict(request.arguments)),
        "options": to_json(list(request.options)),
        "status": "pending",
        "created_at": now,
    }
    marks = ", ".join("?" * len(fields))
    tx.execute(f"INSERT INTO approvals ({', '.join(fields)}) VALUES ({marks})", list(fields.values()))
    return as_it_stands(tx, id)


def of_call(tx: Tx, turn_id: str, content_index: int) -> Approval | None:
    """What a call has asked already."""
    return _find(tx, "turn_id = ? AND content_index = ?", turn_id, content_index)


def get(tx: Tx, id: str) -> Approval:
    if found := _find(tx, f"id = ? AND {_IS_SHOWN}", id):
        return found
    raise NotFound.of("approval", id)


def as_it_stands(tx: Tx, id: str) -> Approval:
    """Also of a conversation that is deleted and not swept yet."""
    if found := _find(tx, "id = ?", id):
        return found
    raise NotFound.of("approval", id)


def deadline(tx: Tx, id: str) -> int | None:
    """When it expires, in milliseconds; None: never."""
    row = tx.execute("SELECT expires_at FROM approvals WHERE id = ?", (id,)).fetchone()
    return row[0] if row else None


def list_(tx: Tx, query: ApprovalQuery) -> Page[Approval]:
    """Newest first."""
    where, values = conditions(
        _IS_SHOWN,
        status=query.status,
        project_id=query.project_id,
        conversation_id=query.conversation_id,
        turn_id=query.response_id,
    )
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM approvals WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?",
        (*values, query.limit, query.offset),
    ).fetchall()
    [total] = tx.execute(f"SELECT count(*) FROM approvals WHERE {where}", values).fetchone()
    has_more = query.offset + len(rows) < total
    return Page(data=[_approval(row) for row in rows], total=total, has_more=has_more)


def pending_of_turn(tx: Tx, turn_id: str) -> list[Approval]:
    """Oldest first."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM approvals WHERE turn_id = ? AND status = 'pending' ORDER BY id", (turn_id,)
    )
    return [_approval(row) for row in rows]


def decide(tx: Tx, id: str, now: int, status: ApprovalStatus, answer: str | None = None) -> Approval:
    """Conflict where it is decided already, or its time is over."""
    changed = tx.execute(
        "UPDATE approvals SET status = ?1, answer = ?2, decided_at = ?3 WHERE id = ?4 AND status = 'pending'"
        " AND (expires_at IS NULL OR expires_at > ?3)",
        (status, answer, now, id),
    )
    approval = as_it_stands(tx, id)
    if not changed.rowcount:
        standing = "expired" if approval.status == "pending" else approval.status
        raise Conflict(f"This is not waiting any more: {standing}.", details=[{"status": standing}])
    return approval


def expire(tx: Tx, id: str, now: int) -> Approval:
    """Give up one that still waits; returns it as it stands then."""
    tx.execute(
        "UPDATE approvals SET status = 'expired', decided_at = ? WHERE id = ? AND status = 'pending'",
        (now, id),
    )
    return as_it_stands(tx, id)


def cancel_of_turn(tx: Tx, turn_id: str, now: int) -> list[Approval]:
    """Give up all that wait; returns them as they stand then."""
    waiting = pending_of_turn(tx, turn_id)
    tx.execute(
        "UPDATE approvals SET status = 'cancelled', decided_at = ? WHERE turn_id = ? AND status = 'pending'",
        (now, turn_id),
    )
    return [as_it_stands(tx, approval.id) for approval in waiting]


def remember(tx: Tx, id: str, now: int, approval: Approval) -> None:
    """Allow always what this one asked for."""
    tx.execute(
        "INSERT INTO approval_rules (id, project_id, tool, effect, subject, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (id, approval.project_id, approval.tool, approval.effect, approval.subject, now),
    )


def is_allowed(tx: Tx, project_id: str, tool: str, effect: Effect, subject: str) -> bool:
    """Whether the user has allowed this always."""
    row = tx.execute(
        "SELECT 1 FROM approval_rules WHERE project_id = ? AND tool = ? AND effect = ? AND subject = ?",
        (project_id, tool, effect, subject),
    ).fetchone()
    return row is not None


def list_rules(tx: Tx, query: ApprovalRuleQuery) -> Page[ApprovalRule]:
    """Newest first."""
    where, values = conditions(_IS_OF_A_PROJECT, project_id=query.project_id)
    rows = tx.execute(
        f"SELECT {_RULE_COLUMNS} FROM approval_rules WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?",
        (*values, query.limit, query.offset),
    ).fetchall()
    [total] = tx.execute(f"SELECT count(*) FROM approval_rules WHERE {where}", values).fetchone()
    rules = [ApprovalRule.model_validate(dict(zip(_RULE_FIELDS, row, strict=True))) for row in rows]
    return Page(data=rules, total=total, has_more=query.offset + len(rows) < total)


def delete_rule(tx: Tx, id: str) -> None:
    if not tx.execute(f"DELETE FROM approval_rules WHERE id = ? AND {_IS_OF_A_PROJECT}", (id,)).rowcount:
        raise NotFound.of("rule", id)


def _find(tx: Tx, where: str, *values: Any) -> Approval | None:
    row = tx.execute(f"SELECT {_COLUMNS} FROM approvals WHERE {where}", values).fetchone()
    return _approval(row) if row else None


def _approval(row: Sequence[Any]) -> Approval:
    fields = dict(zip(_FIELDS, row, strict=True))
    parsed = {name: json.loads(fields[name]) for name in ("arguments", "options")}
    return Approval.model_validate(fields | parsed)
