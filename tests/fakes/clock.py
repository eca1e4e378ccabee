"""A clock that moves only when a test says so."""

import asyncio
from dataclasses import dataclass, field

START = 1_767_225_600_000
"""2026-01-01T00:00:00Z in milliseconds."""


@dataclass(eq=False)
class _Sleeper:
    wakes_at: float
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class FakeClock:
    """A Clock whose sleepers wait for `advance`; `slept` lists the seconds of every sleep, in order.

    With `auto_advance` a sleep moves the clock itself and ends at once.
    """

    def __init__(self, *, now: int = START, auto_advance: bool = False) -> None:
        self.slept: list[float] = []
        self._now = now
        self._elapsed = 0.0
        self._auto_advance = auto_advance
        self._sleepers: list[_Sleeper] = []
        self._changed = asyncio.Event()

    def now(self) -> int:
        return self._now + round(self._elapsed * 1000)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self._auto_advance or seconds <= 0:
            self.advance(max(0.0, seconds))
            await asyncio.sleep(0)
            return
        sleeper = _Sleeper(self._elapsed + seconds)
        self._sleepers.append(sleeper)
        self._changed.set()
        try:
            await sleeper.woken.wait()
        finally:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)

    def advance(self, seconds: float) -> None:
        """Move time on and wake whoever it passes, in that order; they run when the test next awaits."""
        self._elapsed += seconds
        # Sums of floats may end a hair before the moment that they stand for.
        due = [sleeper for sleeper in self._sleepers if sleeper.wakes_at <= self._elapsed + 1e-9]
        for sleeper in sorted(due, key=lambda sleeper: sleeper.wakes_at):
            self._sleepers.remove(sleeper)
            sleeper.woken.set()

    def set_now(self, milliseconds: int) -> None:
        """Set the wall clock, as a user or NTP does: sleepers and `monotonic` do not notice."""
        self._now = milliseconds - round(self._elapsed * 1000)

    @property
    def sleeping(self) -> int:
        """How many sleep now."""
        return len(self._sleepers)

    async def until_sleeping(self, n: int = 1) -> None:
        """Wait until at least `n` sleep at the same time."""
        while len(self._sleepers) < n:
            self._changed.clear()
            await self._changed.wait()
