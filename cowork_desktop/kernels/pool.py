"""The kernels of the scratchpads: one each, a spare that waits for the next, and none that idles for long."""

import asyncio
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cowork_desktop.clock import Clock
from cowork_desktop.kernels.kernel import Kernel, KernelDied
from cowork_desktop.kernels.process import Launch, make_context
from cowork_desktop.kernels.watch import Watch
from cowork_desktop.schemas.settings import KernelSettings
from cowork_desktop.tasks import Tasks

logger = logging.getLogger(__name__)

_SPARE_AFTER_SECONDS = 1.0
"""How long the replacement of a spare waits, lest it takes the processor from the cell that took it."""


@dataclass(eq=False)
class _Held:
    """A scratchpad's kernel."""

    kernel: Kernel | None = None
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    used_at: float = 0.0
    """By the clock's `monotonic`."""
    is_busy: bool = False

    @property
    def is_in_use(self) -> bool:
        return self.is_busy or self.starting.locked()


class Kernels:
    """`folder`: where what belongs to kernels lies. `settings`: those in force, asked each time."""

    def __init__(
        self, folder: Path, settings: Callable[[], KernelSettings], clock: Clock, tasks: Tasks
    ) -> None:
        self._folder, self._settings, self._clock, self._tasks = folder, settings, clock, tasks
        self._held: dict[str, _Held] = {}
        self._spare: asyncio.Task[Kernel] | None = None
        self._spare_since = 0.0
        self._launch: asyncio.Task[Launch] | None = None
        self._starts = asyncio.Semaphore(max(2, os.cpu_count() or 2))
        self._watch = Watch()
        self._sweeper: asyncio.Task[None] | None = None
        self._is_closed = False

    def prepare(self) -> None:
        """Somebody is about to need a kernel: have a spare one, if the settings want that."""
        if self._is_closed or not self._settings().spare:
            return
        self._spare_since = self._clock.monotonic()
        if self._spare is None:
            self._spare = asyncio.create_task(self._start(is_spare=True), name="spare kernel")
            self._sweep_on()

    async def get(self, scratchpad_id: str, working_folder: Path) -> tuple[Kernel, bool]:
        """The scratchpad's kernel, and whether it is a new one; KernelDied where none can be started."""
        if self._is_closed:
            raise KernelDied("The kernel was ended.")
        held = self._held.setdefault(scratchpad_id, _Held())
        async with held.starting:
            if held.kernel and held.kernel.is_alive:
                return held.kernel, False
            await self._end(held)
            kernel = await self._take_spare() or await self._start(is_spare=False)
            held.kernel, held.used_at = kernel, self._clock.monotonic()
            await kernel.enter(working_folder)
            if self._is_closed or self._held.get(scratchpad_id) is not held:
                await self._end(held)
                raise KernelDied("The kernel was ended.")
            self._sweep_on()
            return kernel, True

    def peek(self, scratchpad_id: str) -> Kernel | None:
        """The kernel, if one runs."""
        held = self._held.get(scratchpad_id)
        return held.kernel if held and held.kernel and held.kernel.is_alive else None

    def is_starting(self, scratchpad_id: str) -> bool:
        held = self._held.get(scratchpad_id)
        return held is not None and held.starting.locked()

    def note_busy(self, scratchpad_id: str, *, is_busy: bool) -> None:
        """A kernel with work to do is not shut down for idleness."""
        held = self._held.setdefault(scratchpad_id, _Held()) if is_busy else self._held.get(scratchpad_id)
        if held:
            held.is_busy, held.used_at = is_busy, self._clock.monotonic()

    async def end(self, scratchpad_ids: Sequence[str]) -> None:
        """End their kernels."""
        ended = [held for id in scratchpad_ids if (held := self._held.pop(id, None))]
        await asyncio.gather(*(self._end(held, politely=True) for held in ended))

    async def end_unused(self, scratchpad_ids: Sequence[str]) -> None:
        """End their kernels, but those that work or start."""
        unused = [id for id in scratchpad_ids if (held := self._held.get(id)) and not held.is_in_use]
        await self.end(unused)

    async def close(self) -> None:
        """End all kernels, also one that is starting."""
        self._is_closed = True
        if self._sweeper:
            self._sweeper.cancel()
            await asyncio.wait([self._sweeper])
        held, self._held = list(self._held.values()), {}
        await asyncio.gather(*(self._end(one) for one in held), self._end_spare())
        await self._watch.close()
        if self._launch:
            await asyncio.wait([self._launch])
            if not self._launch.exception():
                self._launch.result().context.destroy(linger=0)

    async def _start(self, *, is_spare: bool) -> Kernel:
        if self._launch is None or (self._launch.done() and self._launch.exception()):
            self._launch = asyncio.create_task(self._make_launch(), name="kernel sockets")
        try:
            launch = await asyncio.shield(self._launch)
        except OSError as error:
            raise KernelDied(f"The kernel could not be started: {error}.") from error
        async with self._starts:
            return await Kernel.start(launch, is_spare=is_spare)

    async def _make_launch(self) -> Launch:
        def prepare() -> None:
            # What a killed server left there: sockets, and files with keys.
            shutil.rmtree(self._folder / "run", ignore_errors=True)
            self._folder.mkdir(parents=True, exist_ok=True)

        await asyncio.to_thread(prepare)
        return Launch(self._folder, await asyncio.to_thread(make_context), self._watch, self._clock)

    async def _take_spare(self) -> Kernel | None:
        """One that is ready; to start another is faster than to wait for all that a spare loads first."""
        if self._spare is None or not self._spare.done():
            return None
        spare, self._spare = self._spare, None
        try:
            kernel = await spare
        except Exception:
            logger.warning("The spare kernel could not be started", exc_info=True)
            return None
        finally:
            self._tasks.start(self._replace_spare(), name="replace the spare kernel")
        if kernel.is_alive:
            return kernel
        await kernel.close()
        return None

    async def _replace_spare(self) -> None:
        await self._clock.sleep(_SPARE_AFTER_SECONDS)
        self.prepare()

    async def _end_spare(self) -> None:
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.cancel()
            with suppress(Exception, asyncio.CancelledError):
                await (await spare).close()

    async def _end(self, held: _Held, *, politely: bool = False) -> None:
        kernel, held.kernel = held.kernel, None
        if kernel:
            await kernel.close(politely=politely)

    def _sweep_on(self) -> None:
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = self._tasks.start(self._end_idle(), name="end idle kernels")

    async def _end_idle(self) -> None:
        """End what has not been used for as long as the settings say, as long as there is something."""
        while self._held or self._spare:
            limit = self._settings().idle_seconds
            now = self._clock.monotonic()
            idle = [
                id
                for id, held in self._held.items()
                if held.kernel and not held.is_busy and held.used_at + limit <= now
            ]
            if idle:
                logger.info("Ending %d idle kernels", len(idle))
                await self.end(idle)
            if self._spare and self._spare_since + limit <= now:
                await self._end_spare()
            await self._clock.sleep(min(60.0, max(1.0, limit / 4)))
