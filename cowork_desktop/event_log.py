"""An append-only log that any number of readers follow from any position."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class EventLog(Generic[T]):
    """Readers hold a position, not a queue: a slow reader costs nothing, and never misses an event
    unawares."""

    def __init__(self, keep: int | None = None) -> None:
        """`keep`: how many events are kept, the newest; the older ones are let go. None: all of them."""
        self._keep = keep
        self._events: list[T] = []
        self._first = 0
        self._is_closed = False
        self._changed: asyncio.Event | None = None
        """What the readers that wait wait for."""

    def __len__(self) -> int:
        """How many there were, which is the position of the next one."""
        return self._first + len(self._events)

    @property
    def first(self) -> int:
        """The position of the oldest that is kept."""
        return self._first

    def append(self, event: T) -> None:
        if self._is_closed:
            raise RuntimeError("The log is closed.")
        self._events.append(event)
        if self._keep is not None and len(self._events) > self._keep:
            del self._events[0]
            self._first += 1
        if self._changed is not None:
            self._wake()

    def close(self) -> None:
        """End every reader once it has read what is there."""
        self._is_closed = True
        self._wake()

    def follow(self, start: int = 0) -> AsyncIterator[Sequence[T]]:
        """Yield all events from position `start` on, or from the oldest that is kept where that is newer, in
        slices of one or more, until the log is closed.

        There are no gaps in it: it also ends for a reader that comes for an event which was let go meanwhile.
        """
        return self._follow(max(start, self._first))

    async def _follow(self, position: int) -> AsyncIterator[Sequence[T]]:
        while position >= self._first:
            if batch := self._events[position - self._first :]:
                position += len(batch)
                yield batch
            elif self._is_closed:
                return
            else:
                if self._changed is None:
                    self._changed = asyncio.Event()
                await self._changed.wait()

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = None
