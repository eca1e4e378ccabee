"""Results of libraries that block: read in a thread, a few batches ahead of their reader."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cowork_desktop.connectors.drivers.driver import Column, DriverFailed, Result, Row

_AHEAD = 4
"""Batches that wait for their reader."""


@dataclass(frozen=True)
class BlockingResult:
    columns: Sequence[Column]
    batches: Iterator[Sequence[Row]]
    affected: int | None = None


@asynccontextmanager
async def read_in_thread(
    run: Callable[[], BlockingResult],
    *,
    stop: Callable[[], None],
    close: Callable[[], None],
    seconds: float,
) -> AsyncIterator[Result]:
    """Run and read a query in one thread of its own.

    `stop` is called in another thread and makes a call that blocks in `run` or in `batches` return soon, by
    an error or an end; `close` is called in the first one, last, whatever happened. What `run` and `batches`
    raise is raised here. After `seconds` it is stopped, and DriverFailed("timeout") raised.
    """
    reading = _Reading(run, close)
    reading.thread.start()
    try:
        async with asyncio.timeout(seconds) as limit:
            result = await reading.told.get()
            if isinstance(result, BaseException):
                raise result
            assert isinstance(result, BlockingResult)
            yield Result(result.columns, reading.batches(), result.affected)
    except TimeoutError:
        if not limit.expired():
            raise
        raise DriverFailed(
            "timeout", f"The query did not end within {seconds:g} s, and was stopped."
        ) from None
    finally:
        await asyncio.shield(asyncio.ensure_future(reading.end(stop)))


class _Reading:
    def __init__(self, run: Callable[[], BlockingResult], close: Callable[[], None]) -> None:
        self.told: asyncio.Queue[BlockingResult | Sequence[Row] | BaseException | None] = asyncio.Queue()
        """The result, its batches, and None or what went wrong."""
        self.thread = threading.Thread(target=self._work, args=(run, close), name="query", daemon=True)
        self._loop, self._room = asyncio.get_running_loop(), threading.Semaphore(_AHEAD)
        self._is_over, self._has_ended = threading.Event(), asyncio.Event()
        self._closing, self._is_closed = threading.Lock(), False

    async def batches(self) -> AsyncIterator[Sequence[Row]]:
        while (batch := await self.told.get()) is not None:
            if isinstance(batch, BaseException):
                raise batch
            assert not isinstance(batch, BlockingResult)
            self._room.release()
            yield batch

    async def end(self, stop: Callable[[], None]) -> None:
        """Returns when the thread is done."""
        self._is_over.set()
        self._room.release()
        if not self._has_ended.is_set():
            await asyncio.to_thread(self._stop, stop)
        await self._has_ended.wait()

    def _stop(self, stop: Callable[[], None]) -> None:
        with self._closing:  # what is closed, or being closed, is not to be stopped any more
            if not self._is_closed:
                stop()

    def _work(self, run: Callable[[], BlockingResult], close: Callable[[], None]) -> None:
        last: BaseException | None = None
        try:
            result = run()
            self._tell(result)
            for batch in result.batches:
                self._room.acquire()
                if self._is_over.is_set():
                    break
                self._tell(batch)
        except BaseException as error:
            last = error
        finally:
            try:
                with self._closing:
                    self._is_closed = True
                    close()
            except BaseException as error:
                last = last or error
        self._tell(last)
        self._loop.call_soon_threadsafe(self._has_ended.set)

    def _tell(self, what: BlockingResult | Sequence[Row] | BaseException | None) -> None:
        self._loop.call_soon_threadsafe(self.told.put_nowait, what)
