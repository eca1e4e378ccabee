"""A model that says what the test wrote down, step by step."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from cowork_desktop.agent.model import (
    Content,
    ModelDone,
    ModelError,
    ModelEvent,
    ModelRequest,
    Text,
    TextDelta,
    ToolCall,
    ToolCallArguments,
    ToolCallBegun,
    ToolCallEnded,
)
from cowork_desktop.schemas.responses import Usage

Step = ModelEvent | ModelError | asyncio.Event | Callable[[], Awaitable[None]]
Script = Sequence[Step]


class ScriptedModel:
    """Plays one script a call, in order. An `asyncio.Event` in it is waited for; a ModelError is raised.

    Requests for a title are told by their having no tools and are answered with `title`, apart from the
    scripts; an event in its place is waited for.
    """

    provider = "anthropic"

    def __init__(self, *scripts: Script, title: str | asyncio.Event | None = None) -> None:
        self.requests: list[ModelRequest] = []
        self.is_closed = False
        self.writes_titles = title is not None
        self._scripts, self._title = list(scripts), title

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent]:
        if isinstance(self._title, asyncio.Event) and not request.tools:
            await self._title.wait()
        elif isinstance(self._title, str) and not request.tools:
            yield TextDelta(self._title)
            yield done(self._title, usage=Usage())
            return
        self.requests.append(request)
        if not self._scripts:
            raise AssertionError("The model was called once more than the test has scripts.")
        for step in self._scripts.pop(0):
            if isinstance(step, ModelError):
                raise step
            if isinstance(step, asyncio.Event):
                await step.wait()
            elif callable(step):
                await step()
            else:
                yield step

    async def count_tokens(self, request: ModelRequest) -> int | None:
        return None

    async def close(self) -> None:
        self.is_closed = True


USAGE = Usage(input_tokens=10, output_tokens=5)


def done(*texts: str, usage: Usage = USAGE, stop_reason: str = "end_turn") -> ModelDone:
    content: list[Content] = [Text(text) for text in texts]
    return ModelDone(stop_reason, usage, content)


def say(*pieces: str, usage: Usage = USAGE) -> Script:
    """A script that answers in these pieces."""
    return [*(TextDelta(piece) for piece in pieces), done("".join(pieces), usage=usage)]


def call(name: str, arguments: dict[str, object], json: str, *, call_id: str = "call_1") -> Script:
    """A script that calls one tool; `json` is the text of the arguments."""
    return [
        ToolCallBegun(call_id, name),
        ToolCallArguments(call_id, json),
        ToolCallEnded(call_id, name, arguments),
        ModelDone("tool_use", USAGE, [ToolCall(call_id, name, arguments)]),
    ]
