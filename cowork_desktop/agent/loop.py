"""Model and tools in turn, until the model has nothing more to call."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace

from cowork_desktop.agent.model import (
    Message,
    Model,
    ModelDone,
    ModelError,
    ModelRequest,
    ReasoningDelta,
    Retrying,
    TextDelta,
    ToolCallArguments,
    ToolCallBegun,
    ToolCallEnded,
    ToolResult,
)
from cowork_desktop.agent.recorder import Recorder
from cowork_desktop.agent.tools.tool import Tool, ToolContext, ToolFailed
from cowork_desktop.clock import Clock
from cowork_desktop.schemas.conversations import ToolCallPart
from cowork_desktop.schemas.responses import TurnError
from cowork_desktop.schemas.settings import Limits

logger = logging.getLogger(__name__)


_EVENTS_AT_ONCE = 32
"""A model that has much to tell does not keep the readers waiting for longer than this many events."""


class TurnStopped(Exception):
    """The turn ends here, as `failed` for this reason."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message)
        self.error = TurnError(type=type, message=message)


@dataclass(frozen=True)
class Loop:
    model: Model
    tools: Mapping[str, Tool]  # type: ignore[type-arg]
    context: ToolContext
    recorder: Recorder
    limits: Limits
    clock: Clock

    async def run(self, request: ModelRequest) -> None:
        """Answer the request; raises ModelError and TurnStopped."""
        for _ in range(self.limits.rounds):
            done, calls = await self._call_model(request)
            if done.stop_reason == "max_tokens":
                raise TurnStopped(
                    "limit_reached",
                    f"The answer was cut at {self.limits.output_tokens:,} tokens;"
                    f" settings.limits.output_tokens sets how long one may be.",
                )
            if done.stop_reason == "refusal":
                raise TurnStopped("refusal", "The model declined to go on with this.")
            if not calls:
                return
            if self.recorder.usage.total > self.limits.tokens:
                raise TurnStopped(
                    "limit_reached",
                    f"The turn used more than {self.limits.tokens:,} tokens (settings.limits.tokens).",
                )
            results = await asyncio.gather(*(self._call_tool(index, call) for index, call in calls))
            answer = (Message("assistant", done.content), Message("user", results))
            request = replace(request, messages=(*request.messages, *answer))
        raise TurnStopped(
            "limit_reached",
            f"The turn needed more than {self.limits.rounds} rounds (settings.limits.rounds).",
        )

    async def _call_model(self, request: ModelRequest) -> tuple[ModelDone, list[tuple[int, ToolCallEnded]]]:
        recorder, places = self.recorder, dict[str, int]()
        calls: list[tuple[int, ToolCallEnded]] = []
        done: ModelDone | None = None
        told = 0
        try:
            async with aclosing(self.model.stream(request)) as stream:
                async for event in stream:
                    match event:
                        case TextDelta(text):
                            recorder.text(text)
                        case ReasoningDelta(text):
                            recorder.reasoning(text)
                        case ToolCallBegun(call_id, name):
                            places[call_id] = await recorder.tool_begun(call_id, name)
                        case ToolCallArguments(call_id, json):
                            recorder.tool_arguments(places[call_id], call_id, json)
                        case ToolCallEnded():
                            calls.append((places[event.call_id], event))
                        case Retrying():
                            error = TurnError(type=event.kind, message=event.message)
                            recorder.retrying(event.attempt, event.wait_seconds, error)
                        case ModelDone():
                            done = event
                    told += 1
                    if told % _EVENTS_AT_ONCE == 1:
                        await asyncio.sleep(0)
        except ModelError as error:
            recorder.usage = recorder.usage + error.usage
            raise
        if done is None:
            raise ModelError("provider_error", "The model's answer ended without an end. Try again.")
        recorder.usage = recorder.usage + done.usage
        return done, calls

    async def _call_tool(self, index: int, call: ToolCallEnded) -> ToolResult:
        started = self.clock.monotonic()
        output, is_error = await self._outcome(call)
        part = ToolCallPart(
            call_id=call.call_id,
            name=call.name,
            arguments=call.arguments or {},
            output=output,
            status="error" if is_error else "success",
            seconds=round(self.clock.monotonic() - started, 3),
        )
        await self.recorder.tool_done(index, part)
        return ToolResult(call.call_id, output, is_error)

    async def _outcome(self, call: ToolCallEnded) -> tuple[str, bool]:
        """What the model gets, and whether it is an error; a tool that fails does not end the turn."""
        tool = self.tools.get(call.name)
        if tool is None:
            return f"There is no tool {call.name!r}.", True
        if call.arguments is None:
            return f"The arguments cannot be read: {call.problem}", True
        try:
            async with asyncio.timeout(tool.timeout_seconds):
                return await tool.call(self.context, call.arguments), False
        except ToolFailed as error:
            return str(error), True
        except TimeoutError:
            return f"{call.name} did not end within {tool.timeout_seconds:g} s.", True
        except Exception:
            logger.exception("The tool %s failed", call.name)
            return f"{call.name} failed for a reason of its own; the server's log has it.", True
