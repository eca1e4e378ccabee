"""The built-in model for when no key is set: rules that do what can be done without a language model."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from cowork_desktop.agent.model import (
    ModelDone,
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

if TYPE_CHECKING:
    from cowork_desktop.agent.offline.turn import Call

NAME = "offline"


class OfflineModel:
    """Works by rules, through the same tools as any model; uses no tokens."""

    provider = NAME
    writes_titles = False

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent]:
        for event in await asyncio.to_thread(_answer, request):
            yield event

    async def count_tokens(self, request: ModelRequest) -> int | None:
        return None

    async def close(self) -> None:
        return None


def _answer(request: ModelRequest) -> list[ModelEvent]:
    # Many modules, which a start does not wait for.
    from cowork_desktop.agent.offline import turn as turns
    from cowork_desktop.agent.offline.answers import NOTICE
    from cowork_desktop.agent.offline.plans import next_step

    turn = turns.read(request)
    step = next_step(turn)
    return _said(f"{step}\n\n{NOTICE}") if isinstance(step, str) else _called(step, turn.call_id)


def _said(text: str) -> list[ModelEvent]:
    pieces = re.findall(r"\s*\S+\s*", text)
    return [*map(TextDelta, pieces), ModelDone("end_turn", Usage(), [Text(text)])]


def _called(call: "Call", call_id: str) -> list[ModelEvent]:
    return [
        ToolCallBegun(call_id, call.tool),
        ToolCallArguments(call_id, json.dumps(call.arguments)),
        ToolCallEnded(call_id, call.tool, call.arguments),
        ModelDone("tool_use", Usage(), [ToolCall(call_id, call.tool, call.arguments)]),
    ]
