"""Rows about schedules: when they are due next, and what it costs to claim their slots."""

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import TypeAlias
from zoneinfo import ZoneInfo

from bench.claims import ProductClaims, SetClock, Wake
from bench.fire_times import fire_times
from bench.indexing import WAIT_GOAL
from bench.processes import Broken
from bench.raw_claims import BareClaims, contents
from bench.report import Row, interleaved, pairs
from cowork_desktop.ids import Ids
from cowork_desktop.scheduling import slots
from cowork_desktop.schemas.schedules import ScheduleCreate
from cowork_desktop.store import schedules
from cowork_desktop.store.database import Database, Tx

WAKE_UP_GOAL = 5e-3
_ZONE = "Europe/Berlin"
_START = int(datetime(2027, 1, 4, tzinfo=ZoneInfo(_ZONE)).timestamp()) * 1000
_MINUTE = 60_000
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_WEEK = 7 * _DAY
Results: TypeAlias = Sequence[tuple[Wake, Wake]]


def measure(
    folder: Path, *, total: int, alone: int, together: int, asleep: int, rounds: int
) -> Iterator[Row]:
    """Of the `total` so many are due one by one, and so many in the same minute; `asleep`: others that are
    hourly, and whose computer slept for a week."""
    yield from fire_times(rounds)
    yield from _wake_ups(folder, total, alone, together, rounds)
    yield from _week_asleep(folder, asleep, rounds)


def _wake_ups(folder: Path, total: int, alone: int, together: int, rounds: int) -> Iterator[Row]:
    crons = [
        *(f"{n % 60} {n // 60} 4 1 *" for n in range(1, alone + 1)),
        *["0 9 * * *"] * together,
        *["0 10 * * *"] * together,
    ]
    crons += [f"{n % 60} {n // 60 % 24} {n % 28 + 1} 6 *" for n in range(total - len(crons))]
    what = f"a wake-up at {total:,} schedules"
    with _sides(folder, "wake-ups", crons) as (product, limit):
        idle = interleaved(rounds, partial(product.idle, _START), partial(limit.idle, _START))
        yield _row(f"{what}, nothing due", idle, WAKE_UP_GOAL)

        minutes = [iter(range(_START + _MINUTE, _START + _DAY, _MINUTE)) for _ in range(2)]
        one = interleaved(alone, lambda: product.wake(next(minutes[0])), lambda: limit.wake(next(minutes[1])))
        yield _row(f"{what}, one slot due", one, WAKE_UP_GOAL)

        def day(side: ProductClaims | BareClaims, n: int) -> tuple[Wake, Wake]:
            nine = _START + n * _DAY + 9 * _HOUR
            wakes = side.wake(nine), side.wake_beside_a_writer(nine + _HOUR)
            side.end_runs()
            return wakes

        days = [count(), count()]
        both = interleaved(rounds, lambda: day(product, next(days[0])), lambda: day(limit, next(days[1])))
    yield _row(f"{what}, {together:,} due in a minute", [(ours[0], theirs[0]) for ours, theirs in both])
    yield _wait([(ours[1], theirs[1]) for ours, theirs in both])


def _week_asleep(folder: Path, asleep: int, rounds: int) -> Iterator[Row]:
    def week(side: ProductClaims | BareClaims, n: int) -> Wake:
        wake = side.wake_beside_a_writer(_START + n * _WEEK)
        side.end_runs()
        return wake

    with _sides(folder, "asleep", ["0 * * * *"] * asleep) as (product, limit):
        weeks = [count(1), count(1)]
        results = interleaved(
            rounds, lambda: week(product, next(weeks[0])), lambda: week(limit, next(weeks[1]))
        )
    yield _row(f"{asleep:,} hourly schedules after a week asleep, 101 rows each", results)
    yield _wait(results)


@contextmanager
def _sides(folder: Path, name: str, crons: Sequence[str]) -> Iterator[tuple[ProductClaims, BareClaims]]:
    """Each over a copy of a database with these schedules; at the end they must have claimed the same."""
    seeded = folder / f"{name}.db"
    asyncio.run(_seed(seeded, crons))
    paths = [Path(shutil.copy(seeded, folder / f"{name}-{side}.db")) for side in ("ours", "theirs")]
    with ProductClaims(paths[0]) as product, BareClaims(paths[1]) as limit:
        if product.durability() != limit.durability():
            raise Broken("The two sides do not write as safely.")
        yield product, limit
        ours, theirs = map(contents, paths)
        if ours != theirs:
            raise Broken("The two sides have not claimed the same.")
        if product.begun != sum(row[1] != "missed" for row in ours[1]):
            raise Broken("Not every run was to begin, or one twice.")


async def _seed(path: Path, crons: Sequence[str]) -> None:
    async with Database.open(path) as db:
        await db.write(_insert, crons)


def _insert(tx: Tx, crons: Sequence[str]) -> None:
    ids = Ids(SetClock(_START))
    project_id = ids.new("proj")
    tx.execute(
        "INSERT INTO projects (id, name, description, connector_ids, skill_ids, created_at, updated_at)"
        " VALUES (?, 'Sales', '', '[]', '[]', 0, 0)",
        (project_id,),
    )
    for cron in crons:
        body = ScheduleCreate(project_id=project_id, cron=cron, timezone=_ZONE, prompt="Compare the sales.")
        schedules.create(tx, ids.new("sch"), _START, body, slots.next_after)


def _row(what: str, results: Results, goal: float | None = None) -> Row:
    found, cpu = pairs(results, lambda wake: wake.seconds), pairs(results, lambda wake: wake.cpu)
    product = median(found.product)
    return Row(
        what,
        f"{_shown(product)} cpu {_shown(median(cpu.product))}",
        f"{_shown(median(found.limit))} cpu {_shown(median(cpu.limit))}",
        f"{found.ratio:.2f} (cpu {cpu.ratio:.2f})",
        "" if goal is None else f"<= {goal * 1e3:.0f} ms",
        None if goal is None else product <= goal,
    )


def _wait(results: Results) -> Row:
    found = pairs(results, lambda wake: wake.wait)
    return Row(
        "how long other writers wait for that, at most",
        _shown(median(found.product)),
        _shown(median(found.limit)),
        goal=f"<= {WAIT_GOAL * 1e3:.0f} ms",
        is_met=median(found.product) <= WAIT_GOAL,
    )


def _shown(seconds: float) -> str:
    if seconds < 1e-4:
        return f"{seconds * 1e6:.0f} us"
    return f"{seconds * 1e3:,.2f} ms" if seconds < 0.01 else f"{seconds * 1e3:,.0f} ms"
