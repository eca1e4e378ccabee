"""An append-only log that any number of readers follow from any position."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class EventLog(Generic[T]):
    """Readers hold a position, not a queue: a slow reader costs nothing and can never miss an event."""

    def __init__(self) -> None:
        self._events: list[T] = []
        self._is_closed = False
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._events)

    def append(self, event: T) -> None:
        if self._is_closed:
            raise RuntimeError("The log is closed.")
        self._events.append(event)
        self._wake()

    def close(self) -> None:
        """End every reader once it has read what is there."""
        self._is_closed = True
        self._wake()

    async def follow(self, start: int = 0) -> AsyncIterator[Sequence[T]]:
        """Yield all events from position `start` on, in slices of one or more, until the log is closed."""
        position = start
        while True:
            changed = self._changed
            if batch := self._events[position:]:
                position += len(batch)
                yield batch
            elif self._is_closed:
                return
            else:
                await changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
