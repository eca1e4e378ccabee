"""Commands to the desktop shell, and its acknowledgements."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from cowork_desktop.clock import Clock
from cowork_desktop.ids import random_id
from cowork_desktop.schemas.events import frame
from cowork_desktop.schemas.shell import OpenArtifact

ACKNOWLEDGED_WITHIN_SECONDS = 5.0


@dataclass(eq=False)
class _Shell:
    """One that follows the commands."""

    frames: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    told: int = 0
    waiting: dict[str, asyncio.Future[bool]] = field(default_factory=dict)
    """By the ids of the commands that it has not acknowledged."""


class ShellBridge:
    """A command goes to the shell that connected last; nothing is kept for one that connects later."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shells: list[_Shell] = []

    @property
    def is_connected(self) -> bool:
        return bool(self._shells)

    async def follow(self) -> AsyncIterator[Sequence[bytes]]:
        """The frames of the commands from now on, until the reader goes or the server ends."""
        shell = _Shell()
        self._shells.append(shell)
        try:
            while (told := await shell.frames.get()) is not None:
                yield [told]
        finally:
            self._shells.remove(shell)
            for acknowledged in shell.waiting.values():
                if not acknowledged.done():
                    acknowledged.set_result(False)

    async def open_artifact(self, artifact_id: str, title: str, url: str) -> bool:
        """Let the shell show it; false where there is no shell, or where it did not say in time that it
        did."""
        if not self._shells:
            return False
        shell, id = self._shells[-1], random_id("cmd")
        acknowledged = shell.waiting[id] = asyncio.get_running_loop().create_future()
        command = OpenArtifact(
            sequence_number=shell.told, command_id=id, artifact_id=artifact_id, title=title, url=url
        )
        shell.told += 1
        shell.frames.put_nowait(
            frame(command.sequence_number, command.type, command.model_dump_json().encode())
        )
        too_late = asyncio.ensure_future(self._clock.sleep(ACKNOWLEDGED_WITHIN_SECONDS))
        try:
            await asyncio.wait([acknowledged, too_late], return_when=asyncio.FIRST_COMPLETED)
            return acknowledged.done() and acknowledged.result()
        finally:
            too_late.cancel()
            del shell.waiting[id]

    def acknowledge(self, command_id: str, *, done: bool) -> bool:
        """Whether a command waited for this; it may have waited too long."""
        for shell in self._shells:
            waiting = shell.waiting.get(command_id)
            if waiting and not waiting.done():
                waiting.set_result(done)
                return True
        return False

    def close(self) -> None:
        """Let the followers go."""
        for shell in self._shells:
            shell.frames.put_nowait(None)
