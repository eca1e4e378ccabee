"""SQL of schedules, and of what they were before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cowork_desktop.errors import InvalidRequest, NotFound
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.schedules import (
    Schedule,
    ScheduleCreate,
    SchedulePatch,
    ScheduleQuery,
    ScheduleStatus,
)
from cowork_desktop.store import conversations, projects
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import conditions, expressions, json_object, page, timestamp, to_json, update

_TIMES = ("last_run_at", "next_run_at", "created_at", "updated_at")
_FIELDS = expressions(Schedule, budget="json(budget)", **{name: timestamp(name) for name in _TIMES})
_JSON = json_object(_FIELDS)
_DUE = (
    "id, cron, timezone, next_run_at,"
    " (SELECT max(since) FROM schedule_definitions d WHERE d.schedule_id = s.id)"
)
_DEFINING = frozenset({"cron", "timezone", "status"})

NextAfter = Callable[[str, str, int], int]
"""The first slot of a cron expression in a timezone after a time; both in milliseconds."""


class StillDue(Exception):
    """A slot has come due that nobody has claimed: what becomes of it is settled before the schedule
    changes."""


@dataclass(frozen=True)
class Due:
    """A schedule whose next slot has come."""

    id: str
    cron: str
    timezone: str
    next_run_at: int
    since: int
    """From when on the schedule is what it is."""
    taken: frozenset[int]
    """The slots from then on that have a row all the same: the clock was set back after they came."""


@dataclass(frozen=True)
class Definition:
    """What a schedule was, from when on."""

    since: int
    paused_since: int | None
    """Of one that is paused: when that began, whatever was changed of it since."""
    cron: str
    timezone: str
    status: ScheduleStatus
    pause_reason: str | None


def list_(tx: Tx, query: ScheduleQuery) -> Encoded[Page[Schedule]]:
    """Newest first."""
    where, values = conditions("deleted_at IS NULL", project_id=query.project_id, status=query.status)
    rows = tx.execute(
        f"SELECT {_JSON} FROM schedules WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?",
        (*values, query.limit, query.offset),
    ).fetchall()
    [total] = tx.execute(f"SELECT count(*) FROM schedules WHERE {where}", values).fetchone()
    return page((json for (json,) in rows), total=total, has_more=query.offset + len(rows) < total)


def of_project(tx: Tx, project_id: str, most: int, offset: int) -> tuple[list[Schedule], int]:
    """Some of them, newest first, and how many there are."""
    where = "project_id = ? AND deleted_at IS NULL"
    rows = tx.execute(
        f"SELECT {_JSON} FROM schedules WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?",
        (project_id, most, offset),
    ).fetchall()
    [total] = tx.execute(f"SELECT count(*) FROM schedules WHERE {where}", (project_id,)).fetchone()
    return [Schedule.model_validate_json(json) for (json,) in rows], total


def get(tx: Tx, id: str) -> Schedule:
    row = tx.execute(f"SELECT {_JSON} FROM schedules WHERE id = ? AND deleted_at IS NULL", (id,)).fetchone()
    if row is None:
        raise NotFound.of("schedule", id)
    return Schedule.model_validate_json(row[0])


def check(tx: Tx, id: str, param: str = "body.schedule_id") -> None:
    """Refuse an id in a body that no schedule has."""
    if not tx.execute("SELECT 1 FROM schedules WHERE id = ? AND deleted_at IS NULL", (id,)).fetchone():
        raise InvalidRequest.unknown_reference(param, "schedule", id)


def create(tx: Tx, id: str, now: int, body: ScheduleCreate, next_after: NextAfter) -> Schedule:
    projects.check(tx, body.project_id)
    _check_conversation(tx, body.conversation_id, body.project_id)
    tx.execute(
        "INSERT INTO schedules (id, project_id, cron, timezone, prompt, conversation_id, status, budget,"
        " next_run_at, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'active', ?7, ?8, ?9, ?9)",
        (
            id,
            body.project_id,
            body.cron,
            body.timezone,
            body.prompt,
            body.conversation_id,
            to_json(body.budget),
            next_after(body.cron, body.timezone, now),
            now,
        ),
    )
    _note_definition(tx, id, now)
    return get(tx, id)


def patch(tx: Tx, id: str, now: int, body: SchedulePatch, next_after: NextAfter) -> Schedule:
    """Raises StillDue where the schedule would lose a slot by it."""
    before = get(tx, id)
    changes: dict[str, Any] = body.model_dump()
    if "conversation_id" in changes:
        _check_conversation(tx, changes["conversation_id"], before.project_id)
    if "budget" in changes:
        changes["budget"] = to_json(changes["budget"])
    if any(changes[name] != getattr(before, name) for name in _DEFINING & changes.keys()):
        if is_due(tx, id, now):
            raise StillDue
        after = {name: changes.get(name, getattr(before, name)) for name in _DEFINING}
        is_active = after["status"] == "active"
        changes["next_run_at"] = _next_open(tx, id, after, now, next_after) if is_active else None
        changes["pause_reason"] = None
    if changes:
        update(tx, "schedules", id, changes | {"updated_at": now})
    if "next_run_at" in changes:
        _note_definition(tx, id, now)
    return get(tx, id)


def pause(tx: Tx, id: str, now: int, reason: str) -> bool:
    """Pause it for a reason that is not the user's wish; false where it is paused or gone already."""
    changes = {"status": "paused", "pause_reason": reason, "next_run_at": None, "updated_at": now}
    is_paused = update(tx, "schedules", id, changes, condition="status = 'active' AND deleted_at IS NULL")
    if is_paused:
        _note_definition(tx, id, now)
    return is_paused


def delete(tx: Tx, id: str, now: int) -> Schedule:
    """Hide it; the sweep takes its runs. Returns it as it was."""
    schedule = get(tx, id)
    _hide(tx, "id", id, now)
    return schedule


def delete_of_project(tx: Tx, project_id: str, now: int) -> None:
    _hide(tx, "project_id", project_id, now)


def forget_conversation(tx: Tx, conversation_id: str) -> None:
    """Have the schedules that appended to it make a new conversation for each run again."""
    tx.execute("UPDATE schedules SET conversation_id = NULL WHERE conversation_id = ?", (conversation_id,))


def due(tx: Tx, now: int, most: int) -> list[Due]:
    """Those whose next slot has come, the earliest first."""
    rows = tx.execute(
        f"SELECT {_DUE} FROM schedules s WHERE next_run_at <= ? AND deleted_at IS NULL"
        " ORDER BY next_run_at LIMIT ?",
        (now, most),
    ).fetchall()
    return [_due(row, _taken(tx, row[0], since=row[3])) for row in rows]


def is_due(tx: Tx, id: str, now: int) -> bool:
    found = tx.execute("SELECT 1 FROM schedules WHERE id = ? AND next_run_at <= ?", (id, now))
    return found.fetchone() is not None


def next_due_at(tx: Tx) -> int | None:
    """When the earliest slot comes."""
    [at] = tx.execute(
        "SELECT min(next_run_at) FROM schedules WHERE next_run_at IS NOT NULL AND deleted_at IS NULL"
    ).fetchone()
    return at  # type: ignore[no-any-return]


def move_on(tx: Tx, due: Due, next_run_at: int) -> bool:
    """Set the next slot in the place of the one that `due` knows; false where somebody else has changed
    it."""
    changed = tx.execute(
        "UPDATE schedules SET next_run_at = ? WHERE id = ? AND next_run_at = ? AND deleted_at IS NULL",
        (next_run_at, due.id, due.next_run_at),
    )
    return changed.rowcount == 1


def ahead_of(tx: Tx, now: int, after_id: str, most: int) -> list[Due]:
    """Some of those whose next slot is yet to come, in the order of their ids from the one after
    `after_id` on."""
    rows = tx.execute(
        f"SELECT {_DUE} FROM schedules s WHERE next_run_at > ? AND id > ? AND deleted_at IS NULL"
        " ORDER BY id LIMIT ?",
        (now, after_id, most),
    ).fetchall()
    return [_due(row, _taken(tx, row[0], since=now)) for row in rows]


def note_run(tx: Tx, id: str, now: int) -> None:
    update(tx, "schedules", id, {"last_run_at": now})


def definition_at(tx: Tx, id: str, at: int) -> Definition | None:
    """What it was at a time; None: it was not there yet."""
    row = tx.execute(
        "SELECT since, (SELECT min(since) FROM schedule_definitions p WHERE p.schedule_id = d.schedule_id"
        " AND p.n <= d.n AND p.n > (SELECT coalesce(max(n), 0) FROM schedule_definitions a"
        " WHERE a.schedule_id = d.schedule_id AND a.n <= d.n AND a.status = 'active')),"
        " cron, timezone, status, pause_reason FROM schedule_definitions d"
        " WHERE schedule_id = ? AND since <= ? ORDER BY n DESC LIMIT 1",
        (id, at),
    ).fetchone()
    return Definition(*row) if row else None


def _due(row: tuple[Any, ...], taken: frozenset[int]) -> Due:
    id, cron, timezone, next_run_at, since = row
    return Due(id, cron, timezone, next_run_at, since, taken)


def _taken(tx: Tx, id: str, since: int) -> frozenset[int]:
    rows = tx.execute(
        "SELECT scheduled_for FROM schedule_runs WHERE schedule_id = ? AND scheduled_for >= ?"
        " AND trigger != 'manual'",
        (id, since),
    )
    return frozenset(slot for (slot,) in rows)


def _next_open(tx: Tx, id: str, after: Mapping[str, str], now: int, next_after: NextAfter) -> int:
    """The first slot that has no row: the clock may have been set back."""
    slot, taken = next_after(after["cron"], after["timezone"], now), _taken(tx, id, now)
    while slot in taken:
        slot = next_after(after["cron"], after["timezone"], slot)
    return slot


def _hide(tx: Tx, column: str, value: str, now: int) -> None:
    tx.execute(
        "UPDATE schedules SET deleted_at = ?, status = 'paused', next_run_at = NULL, conversation_id = NULL"
        f" WHERE {column} = ? AND deleted_at IS NULL",
        (now, value),
    )


def _check_conversation(tx: Tx, id: str | None, project_id: str) -> None:
    """Refuse a conversation of another project; one of none may be used."""
    if id is None:
        return
    conversations.check(tx, id)
    if conversations.project_of(tx, id) not in (None, project_id):
        message = "The conversation belongs to another project than the schedule."
        raise InvalidRequest.at("body.conversation_id", message, "other_project")


def _note_definition(tx: Tx, id: str, now: int) -> None:
    tx.execute(
        "INSERT INTO schedule_definitions SELECT ?1, (SELECT coalesce(max(n), 0) + 1 FROM"
        " schedule_definitions WHERE schedule_id = ?1), ?2, cron, timezone, status, pause_reason"
        " FROM schedules WHERE id = ?1",
        (id, now),
    )
