"""The product's side of a claim: its scheduler over a database, with a clock that is set and no turns."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Self, TypeVar, cast

from cowork_desktop.agent.preferences import Preferences
from cowork_desktop.ids import Ids
from cowork_desktop.notifications import Notifications
from cowork_desktop.scheduling.runs import Runs
from cowork_desktop.scheduling.scheduler import Scheduler
from cowork_desktop.schemas.settings import UserSettings
from cowork_desktop.store.database import Database, Tx

T = TypeVar("T")
IDLE = 200
"""So many wake-ups that find nothing due are one sample."""
END_RUNS = "UPDATE schedule_runs SET status = 'success', finished_at = claimed_at WHERE status = 'running'"
"""Lest the next slot be skipped."""


@dataclass(frozen=True)
class Wake:
    seconds: float
    cpu: float
    wait: float = 0.0
    """The longest that somebody else waited for a write that takes no time itself."""


class SetClock:
    def __init__(self, at: int) -> None:
        self.at = at

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return self.at / 1000

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("A claim does not sleep.")


class _NotedRuns:
    """In the place of what begins the turns."""

    def __init__(self) -> None:
        self.count = 0

    def start(self, run_id: str) -> None:
        self.count += 1


class ProductClaims:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._runner, self._stack = asyncio.Runner(), AsyncExitStack()
        self._runs, self._clock = _NotedRuns(), SetClock(0)

    def __enter__(self) -> Self:
        self._db = self._run(self._stack.enter_async_context(Database.open(self._path)))
        preferences, notifications = Preferences(UserSettings(), {}), Notifications("bench")
        clock, runs = self._clock, cast(Runs, self._runs)
        self._scheduler = Scheduler(self._db, runs, preferences, notifications, clock, Ids(clock))
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._stack.aclose())
        self._runner.close()

    @property
    def begun(self) -> int:
        """How many runs were to begin."""
        return self._runs.count

    def durability(self) -> list[Any]:
        return self._run(self._db.write(durability))

    def idle(self, now: int) -> Wake:
        return self._run(self._wake(now, times=IDLE))

    def wake(self, now: int) -> Wake:
        return self._run(self._wake(now))

    def wake_beside_a_writer(self, now: int) -> Wake:
        return self._run(self._wake_beside_a_writer(now))

    def end_runs(self) -> None:
        self._run(self._db.write(_end_runs))

    async def _wake(self, now: int, times: int = 1) -> Wake:
        self._clock.at = now
        begun, cpu = perf_counter(), process_time()
        for _ in range(times):
            await self._scheduler.claim_due()
        return Wake((perf_counter() - begun) / times, (process_time() - cpu) / times)

    async def _wake_beside_a_writer(self, now: int) -> Wake:
        claiming, longest = asyncio.create_task(self._wake(now)), 0.0
        while not claiming.done():
            begun = perf_counter()
            await self._db.write(_touch)
            longest = max(longest, perf_counter() - begun)
        return replace(await claiming, wait=longest)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)


def durability(tx: Tx) -> list[Any]:
    return [tx.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]


def _touch(tx: Tx) -> None:
    tx.execute("UPDATE projects SET updated_at = updated_at + 1")


def _end_runs(tx: Tx) -> None:
    tx.execute(END_RUNS)
