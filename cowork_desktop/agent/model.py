"""What a model is to the agent: a request goes in, events stream out."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from cowork_desktop.schemas.responses import Usage


@dataclass(frozen=True)
class ToolSpec:
    """A tool as the model sees it; `input_schema` is JSON Schema."""

    name: str
    description: str
    input_schema: dict[str, Any]


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class ToolCall:
    call_id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Image:
    media_type: str
    """`image/png`, `image/jpeg`, `image/gif` or `image/webp`."""
    data: str
    """Base64."""


@dataclass(frozen=True)
class Document:
    """A PDF."""

    title: str
    data: str
    """Base64."""


@dataclass(frozen=True)
class ToolResult:
    call_id: str
    output: str
    is_error: bool = False
    images: Sequence[Image] = ()


@dataclass(frozen=True)
class ProviderBlock:
    """A block of the provider's own that must go back to it as it came (signed reasoning); others drop it."""

    provider: str
    block: dict[str, Any]


Content = Text | Image | Document | ToolCall | ToolResult | ProviderBlock


@dataclass(frozen=True)
class Message:
    role: Literal["user", "assistant"]
    content: Sequence[Content]
    ends_prefix: bool = False
    """Whether the next turns' requests begin with the same messages up to this one."""
    place: tuple[int, int] = (0, 0)
    """Where it comes from: the number of the item in the conversation, and the round in an answer."""


@dataclass(frozen=True)
class ModelRequest:
    """One call of a model. `system` and `messages` begin with what changes least, so that a prefix can be
    cached."""

    model: str
    system: Sequence[str]
    messages: Sequence[Message]
    tools: Sequence[ToolSpec] = ()
    max_output_tokens: int = 16_000
    max_retries: int = 4


@dataclass(frozen=True)
class TextDelta:
    text: str


@dataclass(frozen=True)
class ReasoningDelta:
    text: str


@dataclass(frozen=True)
class ToolCallBegun:
    call_id: str
    name: str


@dataclass(frozen=True)
class ToolCallArguments:
    """A piece of the arguments' JSON text."""

    call_id: str
    json: str


@dataclass(frozen=True)
class ToolCallEnded:
    """The call is whole. `arguments` is None where its JSON was not an object; `problem` says why."""

    call_id: str
    name: str
    arguments: dict[str, Any] | None
    problem: str | None = None


@dataclass(frozen=True)
class Retrying:
    attempt: int
    wait_seconds: float
    kind: str
    message: str


@dataclass(frozen=True)
class ModelDone:
    """The last event of a call that ended in order.

    `content` is the whole answer as it must stand in the next request's messages. `stop_reason` is
    `end_turn`,
    `tool_use`, `max_tokens`, `refusal` or another word of the provider's.
    """

    stop_reason: str
    usage: Usage
    content: Sequence[Content] = field(default=())


ModelEvent = (
    TextDelta | ReasoningDelta | ToolCallBegun | ToolCallArguments | ToolCallEnded | Retrying | ModelDone
)


class ModelError(Exception):
    """A call that failed for good; `kind` and `message` become the turn's error."""

    def __init__(self, kind: str, message: str, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.usage = usage or Usage()


class Model(Protocol):
    provider: str
    """The word for `AgentResponse.provider`."""

    writes_titles: bool
    """False of a model that cannot condense a text."""

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent]:
        """Yield events, a `ModelDone` last; raise ModelError. Closing the iterator ends the call at once."""
        ...

    async def count_tokens(self, request: ModelRequest) -> int | None:
        """How many input tokens the request has, as its provider counts; None where that cannot be told."""
        ...

    async def close(self) -> None: ...
