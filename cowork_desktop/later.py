"""Objects that are made when they are first asked for, as a start must not wait for what they import."""

import asyncio
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """Made once, whoever asks first, in whatever thread."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: T | None = None

    def now(self) -> T:
        """Blocks the first time."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    async def get(self) -> T:
        return await asyncio.to_thread(self.now) if self._made is None else self._made

    @property
    def made(self) -> T | None:
        """None: nobody has asked for it yet."""
        return self._made
