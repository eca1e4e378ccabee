"""A server that carries out schedules and kills itself at one step of a run."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from cowork_desktop.agent.model import Model, ModelEvent, ModelRequest, TextDelta
from cowork_desktop.app import create_app
from cowork_desktop.settings import ServerSettings
from cowork_desktop.store import approvals, schedule_runs, turns
from cowork_desktop.store.database import Database
from tests.fakes.clock import FakeClock
from tests.fakes.model import ScriptedModel, call
from tests.fakes.schedules import WorkingModel
from tests.fakes.secrets import MemorySecrets

QUESTION = call("ask_user", {"question": "Which year?"}, '{"question": "Which year?"}')
TRANSACTIONS: dict[str, tuple[ModuleType, str]] = {
    "claim": (schedule_runs, "claim"),
    "beginning": (schedule_runs, "begin"),
    "text": (turns, "append_frames"),
    "question": (approvals, "ask"),
    "end": (schedule_runs, "end_of_turn"),
}
"""The store functions that make them what they are."""
WHEN = ("before", "inside", "after")
"""The function is called; it has done its work and nothing is committed; it is committed."""


class TalkingModel(WorkingModel):
    """Says something and then nothing more, while time passes."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent]:
        yield TextDelta("So far")
        while True:
            await asyncio.sleep(0.001)
            self._clock.advance(0.05)


class SilentModel(WorkingModel):
    """Kills the process when it is asked."""

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent]:
        die()
        yield TextDelta("never")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def deadly(transaction: str, when: str) -> None:
    """Have the process killed at that step of the transaction."""
    module, name = TRANSACTIONS[transaction]
    work, write = getattr(module, name), Database.write
    done = list[bool]()

    def working(*args: Any) -> Any:
        is_it = transaction != "text" or any(b"output_text.delta" in frame for frame in args[-1])
        if is_it and when == "before":
            die()
        result = work(*args)
        if is_it and when == "inside":
            die()
        if is_it:
            done.append(True)
        return result

    async def writing(db: Database, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        is_it = False

        def noting(*args: Any, **kwargs: Any) -> Any:
            nonlocal is_it
            before = len(done)
            result = function(*args, **kwargs)
            is_it = len(done) > before
            return result

        result = await write(db, noting, *args, **kwargs)
        if is_it:
            die()
        return result

    setattr(module, name, working)
    setattr(Database, "write", writing)  # noqa: B010


async def main(data: Path, now: int, step: str) -> None:
    clock = FakeClock(now=now)
    when, _, transaction = step.partition(" the ")
    models: dict[str, Model] = {
        "text": TalkingModel(clock),
        "question": ScriptedModel(QUESTION),
        "": SilentModel(),  # in mid-turn
    }
    model = models.get(transaction, WorkingModel())
    if transaction:
        deadly(transaction, when)
    settings = ServerSettings(base_url="http://127.0.0.1:9")
    async with create_app(settings, data, 1, clock=clock, secrets=MemorySecrets(), model=model):
        await asyncio.Event().wait()


if __name__ == "__main__":
    folder, now, step = sys.argv[1:]
    asyncio.run(main(Path(folder), int(now), step))
