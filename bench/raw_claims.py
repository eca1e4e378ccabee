"""The limit of a claim: the least SQL that finds what is due, moves it on and writes a row for each slot."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Self

from bench.claims import END_RUNS, IDLE, SetClock, Wake, durability
from cowork_desktop.ids import Ids
from cowork_desktop.scheduling import slots
from cowork_desktop.schemas.schedules import RunError
from cowork_desktop.schemas.settings import UserSettings
from cowork_desktop.store.rows import to_json
from cowork_desktop.store.schedule_runs import Claim
from cowork_desktop.store.schedules import Due

_EARLIEST = "SELECT min(next_run_at) FROM schedules WHERE next_run_at IS NOT NULL AND deleted_at IS NULL"
_DUE = "SELECT id, cron, timezone, next_run_at FROM schedules WHERE next_run_at <= ? AND deleted_at IS NULL"
_MOVE_ON = "UPDATE schedules SET next_run_at = ? WHERE id = ? AND next_run_at = ?"
_INSERT = (
    "INSERT INTO schedule_runs (id, schedule_id, status, trigger, scheduled_for, scheduled_until, slots,"
    " caught_up_by, claimed_at, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_MISSED = to_json(
    RunError(
        type="missed",
        message="Cowork was not running at that time, the computer slept, or its clock was set forward.",
    )
)
Row = tuple[Any, ...]


class BareClaims:
    """What is to become of the slots is known to it when its time begins."""

    def __init__(self, path: Path) -> None:
        self._tx = sqlite3.connect(path, isolation_level=None)
        # As the product's.
        for pragma in ("synchronous = FULL", "cache_size = -16384"):
            self._tx.execute(f"PRAGMA {pragma}")
        self._clock = SetClock(0)
        self._ids = Ids(self._clock)
        self._grace_ms = UserSettings().schedules.grace_seconds * 1000

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tx.close()

    def durability(self) -> list[Any]:
        return durability(self._tx)

    def idle(self, now: int) -> Wake:
        begun, cpu = perf_counter(), process_time()
        for _ in range(IDLE):
            self._write(now, (), ())
        return Wake((perf_counter() - begun) / IDLE, (process_time() - cpu) / IDLE)

    def wake(self, now: int) -> Wake:
        self._clock.at = now
        plans = [
            slots.plan(Due(id, cron, timezone, at, 0, frozenset()), now, self._grace_ms)
            for id, cron, timezone, at in self._due(now)
        ]
        claims = [plan.claim(self._ids) for plan in plans]
        moves = [(claim.next_run_at, claim.due.id, claim.due.next_run_at) for claim in claims]
        rows = _rows(claims, now)
        begun, cpu = perf_counter(), process_time()
        self._write(now, moves, rows)
        seconds = perf_counter() - begun
        return Wake(seconds, process_time() - cpu, wait=seconds)

    wake_beside_a_writer = wake
    """One transaction, all of which the others wait for."""

    def end_runs(self) -> None:
        self._tx.execute(END_RUNS)

    def _write(self, now: int, moves: Sequence[Row], rows: Sequence[Row]) -> None:
        [at] = self._tx.execute(_EARLIEST).fetchone()
        if at > now:
            return
        self._due(now)
        self._tx.execute("BEGIN IMMEDIATE")
        self._tx.executemany(_MOVE_ON, moves)
        self._tx.executemany(_INSERT, rows)
        self._tx.execute("COMMIT")

    def _due(self, now: int) -> list[Row]:
        return self._tx.execute(_DUE, (now,)).fetchall()


def _rows(claims: Iterable[Claim], now: int) -> list[Row]:
    found: list[Row] = []
    for claim in claims:
        for missed in claim.missed:
            until = missed.last if missed.slots > 1 else None
            slots = (missed.first, until, missed.slots, claim.run_id)
            found.append((missed.run_id, claim.due.id, "missed", "schedule", *slots, now, _MISSED))
        slot = (claim.slot, None, 1, None)
        found.append((claim.run_id, claim.due.id, "running", claim.trigger, *slot, now, None))
    return found


def contents(path: Path) -> list[list[Row]]:
    """All that a claim changes, but for the ids."""
    queries = (
        "SELECT id, next_run_at FROM schedules ORDER BY id",
        "SELECT schedule_id, status, trigger, scheduled_for, scheduled_until, slots, claimed_at, error,"
        " caught_up_by IS NULL FROM schedule_runs ORDER BY schedule_id, scheduled_for",
    )
    with closing(sqlite3.connect(path)) as tx:
        return [tx.execute(query).fetchall() for query in queries]
