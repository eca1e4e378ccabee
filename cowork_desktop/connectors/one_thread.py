"""Calls that may never return, in one thread that holds up neither other work nor the end of the process."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from cowork_desktop.tasks import Stopped

T = TypeVar("T")
_MOST_WAITING = 100
Step = Callable[[], None]


class OneThread:
    """Works off one call after the other. The thread is there as long as there is work; it is a daemon, so
    that a process can end while it hangs."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs = deque[_Job]()
        self._is_running = False
        self._guard = threading.Lock()

    async def run(self, work: Callable[[Step], T], seconds: float) -> T:
        """What `work` returns. It calls the function that it is given before each step that may hang.

        Raises TimeoutError where it does not begin, or a step of it does not end, within `seconds`, and at
        once where too much is waiting already. Work that nobody waits for any more ends at its next step.
        """
        async with asyncio.timeout(seconds) as limit:
            job = _Job(work, limit, seconds)
            self._add(job)
            try:
                result: T = await asyncio.wrap_future(job.done)
                return result
            finally:
                job.is_over = True

    def _add(self, job: "_Job") -> None:
        with self._guard:
            if len(self._jobs) >= _MOST_WAITING:
                raise TimeoutError
            self._jobs.append(job)
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        while job := self._next():
            job.run()

    def _next(self) -> "_Job | None":
        with self._guard:
            self._is_running = bool(self._jobs)
            return self._jobs.popleft() if self._jobs else None


class _Job:
    def __init__(self, work: Callable[[Step], Any], limit: asyncio.Timeout, seconds: float) -> None:
        self.done: Future[Any] = Future()
        self.is_over = False
        self._work, self._limit, self._seconds = work, limit, seconds
        self._loop = asyncio.get_running_loop()

    def run(self) -> None:
        if not self.done.set_running_or_notify_cancel():
            return
        try:
            result = self._work(self._step)
        except BaseException as error:
            self.done.set_exception(error)
        else:
            self.done.set_result(result)

    def _step(self) -> None:
        if self.is_over:
            raise Stopped
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._prolong)

    def _prolong(self) -> None:
        if not self.is_over and not self._limit.expired():
            self._limit.reschedule(self._loop.time() + self._seconds)
