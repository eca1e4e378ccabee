"""How long a turn has waited for people: that time is not the turn's."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from cowork_desktop.clock import Clock


class Stopwatch:
    """Runs while at least one call waits; that of a sub-task lets its parent's run too."""

    def __init__(self, clock: Clock, parent: "Stopwatch | None" = None) -> None:
        self._clock, self._parent = clock, parent
        self._count = 0
        self._before = self._since = 0.0
        self.has_begun = asyncio.Event()
        """Set from the first wait on."""

    @property
    def seconds(self) -> float:
        return self._before + (self._clock.monotonic() - self._since if self._count else 0.0)

    @contextmanager
    def running(self) -> Iterator[None]:
        if not self._count:
            self._since = self._clock.monotonic()
        self._count += 1
        self.has_begun.set()
        try:
            with self._parent.running() if self._parent else nullcontext():
                yield
        finally:
            self._count -= 1
            if not self._count:
                self._before += self._clock.monotonic() - self._since
