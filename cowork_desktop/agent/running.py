"""A turn that runs in this process."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cowork_desktop.agent.recorder import Recorder
from cowork_desktop.agent.stopwatch import Stopwatch
from cowork_desktop.schemas.conversations import Role, ToolCallPart
from cowork_desktop.schemas.responses import AgentResponse, TurnError


class TaskDone(NamedTuple):
    """A sub-task that has ended. `is_tainted`: it has read what somebody else may have written."""

    response: AgentResponse
    is_tainted: bool


StartTask = Callable[[int, str], Awaitable[TaskDone]]
"""Has a sub-task done: of the part of the answer that the call is, and the task."""


@dataclass(frozen=True)
class RunBudget:
    """What a scheduled turn may use beside the limits of every turn; None: no limit of its own."""

    tokens: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True)
class TurnStart:
    """What a turn begins with."""

    conversation_id: str | None
    """None begins a new conversation."""
    input: str
    model: str | None = None
    skill_ids: Sequence[str] = ()
    file_ids: Sequence[str] | None = ()
    """Files that come with the message, beside those uploaded to the conversation since its last turn. None:
    those that came with the message that is replaced."""
    replaces: str | None = None
    """The message of the user in whose place the input is to stand."""
    instructions: str | None = None
    """What the model is told for this turn alone."""
    earlier: Sequence[tuple[Role, str]] = ()
    """Messages that a client brings along, stored before the input."""
    is_unattended: bool = False
    """Nobody is there: what is asked of the user waits for a limited time."""
    parent: tuple[str, int] | None = None
    """The turn whose sub-task this is, and the part of its answer which is the call."""
    project_id: str | None = None
    """Of the new conversation."""
    schedule_run_id: str | None = None
    """The claimed run of a schedule that this turn is: it begins with the turn, or neither does."""
    budget: RunBudget = RunBudget()

    def to_stored(self) -> dict[str, Any]:
        """What the turn needs to go on after a restart."""
        return {
            "skill_ids": list(self.skill_ids),
            "instructions": self.instructions,
            "is_unattended": self.is_unattended,
            "budget": vars(self.budget),
        }

    @classmethod
    def stored(
        cls, response: AgentResponse, kept: dict[str, Any], parent: tuple[str, int] | None
    ) -> "TurnStart":
        kept = {**kept, "budget": RunBudget(**kept.get("budget", {}))}
        return cls(response.conversation_id, response.input, model=response.model, parent=parent, **kept)


@dataclass(eq=False)
class Running:
    begun: AgentResponse
    start: TurnStart
    recorder: Recorder
    stopwatch: Stopwatch
    """Runs while the turn, or its sub-task, waits for the user."""
    task: asyncio.Task[None] | None = None
    reason: TurnError | None = None
    """Why it was stopped."""
    is_suspended: bool = False
    """The process ends while it waits: it goes on in the next one."""
    has_begun: bool = False
    """A task that is cancelled before its first line never comes to its last."""

    def has_in_hand(self, calls: Iterable[tuple[str, int]]) -> bool:
        """Whether one of the calls, given by turn and part, is this turn's and has not ended."""
        parts = self.recorder.transcript.parts()
        return any(
            id == self.begun.id
            and isinstance(part := parts[index], ToolCallPart)
            and part.status == "running"
            for id, index in calls
        )

    def stop(self, reason: TurnError) -> None:
        if self._may_end():
            self.reason = reason
            self._cancel()

    def suspend(self) -> None:
        if self._may_end():
            self.is_suspended = True
            self._cancel()

    def begin(self) -> None:
        """The first line of the task; raises CancelledError where the turn was to end before."""
        self.has_begun = True
        if self.reason or self.is_suspended:
            raise asyncio.CancelledError

    def _may_end(self) -> bool:
        return self.task is not None and not self.task.done() and not self.reason and not self.is_suspended

    def _cancel(self) -> None:
        if self.task and self.has_begun:
            self.task.cancel()
