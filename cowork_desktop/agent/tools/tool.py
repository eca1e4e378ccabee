"""What a tool is: a name and a description for the model, an input that is validated, and an async
function."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from cowork_desktop.agent.model import Image, ToolSpec
from cowork_desktop.agent.running import TaskDone
from cowork_desktop.agent.tools.means import Means
from cowork_desktop.schemas.approvals import Effect
from cowork_desktop.schemas.connectors import Use
from cowork_desktop.schemas.conversations import ArtifactPart, Link
from cowork_desktop.schemas.skills import Skill
from cowork_desktop.store.database import Database

I = TypeVar("I", bound=BaseModel)  # noqa: E741

OUTPUT_LIMIT = 20_000
"""Characters of one result that the model gets. A tool whose results can be longer has a way to read more."""


class Arguments(BaseModel):
    """The input of a tool, or a part of one; what makes it is made at the first use, as there are many."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class ToolFailed(Exception):
    """The tool could not do it; the model gets the message and may try otherwise. `source`: of words in it
    that somebody else may have written, as an `Outcome` has it."""

    def __init__(self, message: str, *, source: str | None = None) -> None:
        super().__init__(message)
        self.source = source


@dataclass(frozen=True)
class Demand:
    """What a call would do, as the policy and the user are told."""

    effect: Effect
    subject: str = ""
    """What "always" is remembered for, together with the tool: a host, say. Empty: for the tool."""
    summary: str = ""
    """One sentence for the user."""
    about: str = ""
    """What exactly it is for, where that could be exchanged while the user is asked: `run` looks at it
    again."""


READ = Demand("read")


@dataclass(frozen=True)
class Outcome:
    """What a call gave."""

    text: str
    source: str | None = None
    """What the text was read from, where somebody else may have written it, such as `the file sales.csv`: it
    goes to the model as data, and the turn counts as having read such content from here on."""
    links: Sequence[Link] = ()
    """What was made or read."""
    images: Sequence[Image] = ()
    artifact: ArtifactPart | None = None
    """An artifact that was made or changed: the answer shows it here."""
    is_error: bool = False
    """The call failed, but there is something to show of it."""
    skill: Skill | None = None
    """A skill that is active from here on in the turn."""


@dataclass(frozen=True)
class Question:
    text: str
    options: Sequence[str] = ()


@dataclass(frozen=True)
class ToolContext:
    """What one call may know and touch."""

    db: Database
    means: Means
    conversation_id: str
    response_id: str
    project_id: str
    """The conversation's project, or General."""
    content_index: int = 0
    """Which part of the answer the call is; what it changes is noted under this."""
    is_tainted: bool = False
    """Whether the turn has read what somebody else may have written."""
    user_texts: Sequence[str] = ()
    """What the user typed in this conversation, this turn's input last."""
    tell: Callable[[str], None] = field(default=lambda text: None)
    """Show a piece of output at once; the result follows when the call ends."""
    demand: Demand | None = None
    """What was decided on; None before that."""
    ask: Callable[[Question], Awaitable[str]] | None = None
    """Wait for the user's answer; raises ToolFailed where there is none."""
    start_task: Callable[[str], Awaitable[TaskDone]] | None = None
    """Have a sub-task done; None in a sub-task."""


@dataclass(frozen=True)
class Situation:
    """What there is to work with, by which tools are offered: one that cannot work is not."""

    has_files: bool = False
    """Files that were uploaded to the conversation or its project."""
    has_skills: bool = False
    has_memories: bool = False
    has_artifacts: bool = False
    has_history: bool = False
    """Messages before this turn's."""
    has_scratchpad: bool = False
    has_schedules: bool = False
    connections_for: frozenset[Use] = frozenset()
    """What the connections in reach are for."""
    is_subtask: bool = False
    is_unattended: bool = False
    """A schedule's turn, or a sub-task of one."""
    may_fetch: bool = True


@dataclass(frozen=True)
class Tool(Generic[I]):
    name: str
    description: str
    input: type[I]
    run: Callable[[ToolContext, I], Awaitable[Outcome | str]]
    """May raise ToolFailed, and CoworkError, whose message the model gets as well."""
    demand: Callable[[ToolContext, I], Demand | Awaitable[Demand]] = field(
        default=lambda context, arguments: READ
    )
    """What this call would do; raises ToolFailed for one that cannot be."""
    timeout_seconds: float | Callable[[I], float] = 60.0
    is_offered: Callable[[Situation], bool] = field(default=lambda situation: True)
    is_basic: bool = False
    """Whether it may be called whatever tools a skill names."""
    waits_for_people: bool = False
    """Whether its time is the user's, and so has no limit here."""

    @cached_property
    def spec(self) -> ToolSpec:
        return ToolSpec(self.name, self.description, self.input.model_json_schema())

    def check(self, arguments: Mapping[str, Any]) -> I:
        """The arguments as the tool's input; raises ToolFailed."""
        try:
            return self.input.model_validate(arguments, strict=True)
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(str(part) for part in fault['loc']) or 'arguments'}: {fault['msg']}"
                for fault in error.errors()[:10]
            )
            raise ToolFailed(f"The arguments do not fit: {faults}") from error

    def seconds(self, arguments: I) -> float:
        """How long the call may take."""
        limit = self.timeout_seconds
        return limit(arguments) if callable(limit) else limit


def bounded(text: str, limit: int = OUTPUT_LIMIT) -> str:
    """The text, cut where it is longer, saying so."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n[cut: {len(text) - limit:,} more characters]"
