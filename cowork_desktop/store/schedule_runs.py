"""SQL of the slots and runs of schedules."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from cowork_desktop.errors import Conflict, NotFound
from cowork_desktop.schemas.base import Page
from cowork_desktop.schemas.projects import Project
from cowork_desktop.schemas.responses import TurnError, Usage
from cowork_desktop.schemas.schedules import (
    RunError,
    RunStatus,
    RunTrigger,
    Schedule,
    ScheduleRun,
    ScheduleRunQuery,
)
from cowork_desktop.schemas.settings import ScheduleSettings
from cowork_desktop.store import conversations, projects, schedules, settings
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import conditions, timestamp, to_json

_TOKENS = tuple(Usage.model_fields)
_COLUMNS = (
    f"id, schedule_id, status, trigger, {timestamp('scheduled_for')}, {timestamp('started_at')},"
    f" {timestamp('finished_at')}, conversation_id, turn_id, error, slots, {timestamp('scheduled_until')},"
    f" caught_up_by, model, provider, {', '.join(_TOKENS)}"
)
_NEWEST_FIRST = "ORDER BY scheduled_for DESC, id DESC"
_INSERT = (
    "INSERT INTO schedule_runs (id, schedule_id, status, trigger, scheduled_for, scheduled_until, slots,"
    " caught_up_by, claimed_at, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
"""A slot that has a row already keeps that one."""
_NOBODYS_FAULT = "('cancelled', 'interrupted')"
"""Types of errors that say nothing about the schedule."""

SlotsUntil = Callable[[str, str, int, int], tuple[int, int] | None]
"""Of a cron expression in a timezone, from a slot until a time: the last slot, and how many there are; None
where they cannot be read."""


@dataclass(frozen=True)
class Missed:
    """Slots that one row stands for."""

    run_id: str
    first: int
    last: int
    slots: int

    @property
    def until(self) -> int | None:
        """The last slot, where there are several."""
        return self.last if self.slots > 1 else None


@dataclass(frozen=True)
class Claim:
    """What is to become of the slots of a schedule that have come."""

    due: schedules.Due
    next_run_at: int
    missed: Sequence[Missed]
    run_id: str
    slot: int | None
    """The slot that is to run; None: all were missed too long ago."""
    trigger: RunTrigger
    missed_because: str


@dataclass(frozen=True)
class Claimed:
    """What has become of them."""

    missed: ScheduleRun | None
    """The newest one that was missed."""
    missed_slots: int
    run: ScheduleRun | None
    """The one that is to run, or is skipped."""


@dataclass(frozen=True)
class Task:
    """What a claimed run is to do."""

    schedule: Schedule
    project: Project
    is_in_project: bool
    """Whether the project is that of the conversation which the run goes on with, or of its new one."""


def claim(tx: Tx, claims: Sequence[Claim], now: int) -> list[Claimed]:
    """Move the schedules on and write a row for each slot; nothing of one that somebody else has changed, or
    whose slots somebody else has claimed."""
    return [_claim(tx, one, now) for one in claims if schedules.move_on(tx, one.due, one.next_run_at)]


def ask_for(tx: Tx, id: str, schedule_id: str, now: int) -> ScheduleRun:
    """A run that the user wants now. Raises NotFound, and Conflict while one is going."""
    schedules.get(tx, schedule_id)
    if going := running(tx, schedule_id):
        raise Conflict(
            f"{_still_running(going).message} Wait for its end, or cancel it.",
            details=[{"run_id": going.id, "response_id": going.response_id}],
        )
    tx.execute(_INSERT, (id, schedule_id, "running", "manual", now, None, 1, None, now, None))
    return get(tx, id)


def task(tx: Tx, id: str) -> Task | None:
    """What a claimed run is to do; None where it has begun or ended, or its schedule is gone."""
    row = tx.execute(
        "SELECT schedule_id FROM schedule_runs WHERE id = ? AND status = 'running' AND turn_id IS NULL", (id,)
    ).fetchone()
    try:
        schedule = schedules.get(tx, row[0]) if row else None
    except NotFound:
        return None
    if schedule is None:
        return None
    goes_on_with, project = schedule.conversation_id, projects.get(tx, schedule.project_id)
    is_in_project = goes_on_with is None or conversations.project_of(tx, goes_on_with) == project.id
    return Task(schedule, project, is_in_project)


def begin(tx: Tx, id: str, conversation_id: str, turn_id: str, now: int) -> None:
    """Part of the transaction that begins the turn. Raises NotFound where the run is not wanted any more."""
    wanted = task(tx, id)
    if wanted is None:
        raise NotFound.of("run that waits", id)
    tx.execute(
        "UPDATE schedule_runs SET started_at = ?, conversation_id = ?, turn_id = ? WHERE id = ?",
        (now, conversation_id, turn_id, id),
    )
    schedules.note_run(tx, wanted.schedule.id, now)


def end_of_turn(tx: Tx, turn_id: str, error: TurnError | None, now: int) -> None:
    """Part of the transaction that ends a turn: where it is a schedule's, the run ends with it, and the
    schedule is paused after too many failures if that is set."""
    row = tx.execute("SELECT id, schedule_id FROM schedule_runs WHERE turn_id = ?", (turn_id,)).fetchone()
    if row is None:
        return
    id, schedule_id = row
    sums = ", ".join(f"sum({name})" for name in _TOKENS)
    tx.execute(
        "UPDATE schedule_runs SET status = ?2, finished_at = ?3, error = ?4, (model, provider) ="
        " (SELECT model, provider FROM turns WHERE id = ?5),"
        f" ({', '.join(_TOKENS)}) = (SELECT {sums} FROM turns WHERE id = ?5 OR parent_id = ?5)"
        " WHERE id = ?1 AND status = 'running'",
        (id, "failed" if error else "success", now, to_json(error) if error else None, turn_id),
    )
    if error:
        _pause_after_failures(tx, schedule_id, now)


def give_up(tx: Tx, id: str, status: RunStatus, error: RunError, now: int) -> ScheduleRun | None:
    """End a claimed run that has not begun; None where it has, or is gone."""
    changed = tx.execute(
        "UPDATE schedule_runs SET status = ?, error = ?, finished_at = ?"
        " WHERE id = ? AND status = 'running' AND turn_id IS NULL",
        (status, to_json(error), None if status in ("skipped", "missed") else now, id),
    )
    run = find(tx, id) if changed.rowcount else None
    if run and status == "failed":
        _pause_after_failures(tx, run.schedule_id, now)
    return run


def lose(tx: Tx, id: str, now: int) -> ScheduleRun | None:
    """End a run whose turn has ended although its end could not be stored."""
    error = RunError(type="internal", message="The end of its turn could not be stored.")
    tx.execute(
        "UPDATE schedule_runs SET status = 'failed', error = ?, finished_at = ?"
        " WHERE id = ? AND status = 'running'",
        (to_json(error), now, id),
    )
    return find(tx, id)


def list_(tx: Tx, schedule_id: str, query: ScheduleRunQuery) -> Page[ScheduleRun]:
    """Newest slot first."""
    schedules.get(tx, schedule_id)
    where, values = conditions(schedule_id=schedule_id, status=query.status, trigger=query.trigger)
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM schedule_runs WHERE {where} {_NEWEST_FIRST} LIMIT ? OFFSET ?",
        (*values, query.limit, query.offset),
    ).fetchall()
    [total] = tx.execute(f"SELECT count(*) FROM schedule_runs WHERE {where}", values).fetchone()
    return Page(data=[_run(row) for row in rows], total=total, has_more=query.offset + len(rows) < total)


def find(tx: Tx, id: str) -> ScheduleRun | None:
    return _first(tx, "id = ?", (id,))


def get(tx: Tx, id: str) -> ScheduleRun:
    if (run := find(tx, id)) is None:
        raise NotFound.of("run", id)
    return run


def newest(tx: Tx, schedule_id: str) -> ScheduleRun | None:
    """Of its newest slot, whatever became of it."""
    return _first(tx, "schedule_id = ?", (schedule_id,))


def running(tx: Tx, schedule_id: str) -> ScheduleRun | None:
    return _first(tx, "schedule_id = ? AND status = 'running'", (schedule_id,))


def of_slot(tx: Tx, schedule_id: str, slot: int) -> ScheduleRun | None:
    """The row that stands for a slot, alone or with others."""
    alone = "schedule_id = ? AND scheduled_for = ? AND trigger != 'manual'"
    row = tx.execute(
        f"SELECT {_COLUMNS} FROM schedule_runs INDEXED BY schedule_runs_of_several"
        " WHERE schedule_id = ? AND scheduled_for <= ? AND scheduled_until >= ?",
        (schedule_id, slot, slot),
    ).fetchone()
    return _first(tx, alone, (schedule_id, slot)) or (_run(row) if row else None)


def asked_for_between(tx: Tx, schedule_id: str, first: int, end: int) -> ScheduleRun | None:
    """A run that the user asked for from `first` on and before `end`."""
    where = "schedule_id = ? AND scheduled_for >= ? AND scheduled_for < ? AND trigger = 'manual'"
    return _first(tx, where, (schedule_id, first, end))


def unfinished(tx: Tx) -> list[ScheduleRun]:
    """Those that an earlier process has claimed, oldest first."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM schedule_runs INDEXED BY schedule_runs_running"
        " WHERE status = 'running' ORDER BY id"
    )
    return [_run(row) for row in rows]


def newest_change_at(tx: Tx) -> int:
    """The latest time that the clock has shown when something was done with schedules; 0: never."""
    [at] = tx.execute(
        "SELECT max(coalesce((SELECT max(claimed_at) FROM schedule_runs), 0),"
        " coalesce((SELECT max(updated_at) FROM schedules), 0))"
    ).fetchone()
    return int(at)


def withdraw_ahead(tx: Tx, now: int, slots_until: SlotsUntil, most: int) -> bool:
    """Forget of the slots that are yet to come which ones were missed: the clock had been wrong. Returns
    whether there may be more."""
    gone = tx.execute(
        "DELETE FROM schedule_runs WHERE rowid IN"
        " (SELECT rowid FROM schedule_runs WHERE status = 'missed' AND scheduled_for > ? LIMIT ?)",
        (now, most),
    )
    rows = tx.execute(
        "SELECT r.id, s.cron, s.timezone, r.scheduled_for FROM schedule_runs r JOIN schedules s"
        " ON s.id = r.schedule_id WHERE r.scheduled_until > ?1 AND r.scheduled_for <= ?1",
        (now,),
    ).fetchall()
    for id, cron, timezone, first in rows:
        if counted := slots_until(cron, timezone, first, now):
            missed = Missed(id, first, *counted)
            tx.execute(
                "UPDATE schedule_runs SET scheduled_until = ?, slots = ? WHERE id = ?",
                (missed.until, missed.slots, id),
            )
    return gone.rowcount == most


def spent_since(tx: Tx, schedule_id: str, since: int) -> list[tuple[str, str, int, Usage]]:
    """Model, provider, how many runs and what they used, of the runs that began since then."""
    sums = ", ".join(f"sum({name})" for name in _TOKENS)
    rows = tx.execute(
        f"SELECT coalesce(model, ''), coalesce(provider, ''), count(*), {sums} FROM schedule_runs"
        " WHERE schedule_id = ? AND started_at >= ? GROUP BY 1, 2",
        (schedule_id, since),
    )
    return [(model, provider, runs, _usage(tokens)) for model, provider, runs, *tokens in rows]


def past(
    tx: Tx, most: int, *, schedule_id: str | None = None, project_id: str | None = None
) -> list[ScheduleRun]:
    """The newest runs that succeeded: of a schedule, of all of a project, or of all."""
    where, values = conditions("status = 'success'", schedule_id=schedule_id)
    if project_id is not None:
        where = f"{where} AND schedule_id IN (SELECT id FROM schedules WHERE project_id = ?)"
        values.append(project_id)
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM schedule_runs WHERE {where} ORDER BY id DESC LIMIT ?", (*values, most)
    )
    return [_run(row) for row in rows]


def delete_some(tx: Tx, most: int) -> bool:
    """Delete some rows of deleted schedules, and at last these; false when all are gone."""
    row = tx.execute("SELECT id FROM schedules WHERE deleted_at IS NOT NULL LIMIT 1").fetchone()
    if row is None:
        return False
    for table, key in (("schedule_runs", "rowid"), ("schedule_definitions", "schedule_id, n")):
        some = f"SELECT {key} FROM {table} WHERE schedule_id = ? LIMIT {most}"
        if tx.execute(f"DELETE FROM {table} WHERE ({key}) IN ({some})", row).rowcount:
            return True
    tx.execute("DELETE FROM schedules WHERE id = ?", row)
    return True


def _claim(tx: Tx, claim: Claim, now: int) -> Claimed:
    schedule_id, run_id = claim.due.id, claim.run_id
    error = to_json(RunError(type="missed", message=claim.missed_because))
    caught_up_by = None if claim.slot is None else run_id
    tx.executemany(
        _INSERT,
        (
            (m.run_id, schedule_id, "missed", "schedule", m.first, m.until, m.slots, caught_up_by, now, error)
            for m in claim.missed
        ),
    )
    if claim.slot is not None:
        going = running(tx, schedule_id)
        skipped = to_json(_still_running(going)) if going else None
        status: RunStatus = "skipped" if going else "running"
        tx.execute(
            _INSERT,
            (run_id, schedule_id, status, claim.trigger, claim.slot, None, 1, None, now, skipped),
        )
    return Claimed(
        find(tx, claim.missed[-1].run_id) if claim.missed else None,
        sum(missed.slots for missed in claim.missed),
        find(tx, run_id),
    )


def _pause_after_failures(tx: Tx, schedule_id: str, now: int) -> None:
    most = _most_failures(tx)
    if most is None:
        return
    rows = tx.execute(
        "SELECT status FROM schedule_runs INDEXED BY schedule_runs_newest WHERE schedule_id = ?1"
        " AND (status = 'success' OR status = 'failed' AND"
        f" json_extract(error, '$.type') NOT IN {_NOBODYS_FAULT})"
        " AND claimed_at >= (SELECT max(since) FROM schedule_definitions WHERE schedule_id = ?1)"
        f" {_NEWEST_FIRST} LIMIT ?2",
        (schedule_id, most),
    ).fetchall()
    if len(rows) == most and all(status == "failed" for (status,) in rows):
        failed = "A run failed" if most == 1 else f"{most} runs in a row failed"
        schedules.pause(tx, schedule_id, now, f"{failed} (settings.schedules.pause_after).")


def _most_failures(tx: Tx) -> int | None:
    """After how many a schedule is paused. A value that cannot be used counts as not set."""
    try:
        return ScheduleSettings.model_validate(settings.get(tx).get("schedules", {})).pause_after
    except ValidationError:
        return None


def _still_running(going: ScheduleRun) -> RunError:
    what = "is still going" if going.started_at else "still waits to begin"
    return RunError(type="still_running", message=f"The run of {going.scheduled_for} ({going.id}) {what}.")


def _first(tx: Tx, where: str, values: Iterable[Any]) -> ScheduleRun | None:
    row = tx.execute(
        f"SELECT {_COLUMNS} FROM schedule_runs WHERE {where} {_NEWEST_FIRST} LIMIT 1", tuple(values)
    ).fetchone()
    return _run(row) if row else None


def _usage(tokens: Iterable[int]) -> Usage:
    return Usage(**dict(zip(_TOKENS, tokens, strict=True)))


def _run(row: tuple[Any, ...]) -> ScheduleRun:
    *first, error, slots, until, caught_up_by, model, provider = row[: -len(_TOKENS)]
    id, schedule_id, status, trigger, scheduled_for, started, finished, conversation_id, turn_id = first
    return ScheduleRun(
        id=id,
        schedule_id=schedule_id,
        status=status,
        trigger=trigger,
        scheduled_for=scheduled_for,
        started_at=started,
        finished_at=finished,
        conversation_id=conversation_id,
        response_id=turn_id,
        error=json.loads(error) if error else None,
        slots=slots,
        scheduled_until=until,
        caught_up_by=caught_up_by,
        model=model,
        provider=provider,
        usage=_usage(row[-len(_TOKENS) :]),
        cost_usd=None,
    )
