"""Background tasks that somebody owns: none is lost, and none fails in silence."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
logger = logging.getLogger(__name__)


async def wholly(work: Awaitable[T]) -> T:
    """Await work that must not be left half done, in a thread for one: a caller that is cancelled meanwhile
    waits for its end first."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()):
            logger.warning("What nobody waits for any more failed", exc_info=error)
        raise


class Stopped(Exception):
    """The work was to stop before its end."""


class Stop:
    """What long work in threads looks at between its steps."""

    def __init__(self) -> None:
        self._is_set = threading.Event()

    def set(self) -> None:
        self._is_set.set()

    def check(self) -> None:
        """Raises Stopped once it is set."""
        if self._is_set.is_set():
            raise Stopped


class Tasks:
    """Holds running tasks, logs what they raise, and cancels what is left when it is closed."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, None], *, name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self) -> None:
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("%s failed", task.get_name(), exc_info=error)
