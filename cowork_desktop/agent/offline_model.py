"""The built-in model for when no key is set: rules that do what can be done without a language model."""

import json
import re
from collections.abc import AsyncGenerator, Sequence
from itertools import count

from cowork_desktop.agent.model import (
    Message,
    ModelDone,
    ModelEvent,
    ModelRequest,
    Text,
    TextDelta,
    ToolCall,
    ToolCallArguments,
    ToolCallBegun,
    ToolCallEnded,
    ToolResult,
)
from cowork_desktop.schemas.responses import Usage

NAME = "offline"
_SEARCH = "search_conversation"

_NOTICE = (
    "*No language model is set up, so this comes from the built-in offline model: it follows rules and does"
    " not understand text. To set one up, give an Anthropic API key (`PUT /api/v1/settings/model-key`, or the"
    " environment variable `ANTHROPIC_API_KEY`), or the address of a compatible server"
    " (`PATCH /api/v1/settings` with `base_url`).*"
)
_ABILITIES = (
    "Without a language model I can:\n\n"
    "- keep your conversations, projects and settings, and everything you write here, on this machine;\n"
    "- find what was said earlier in this conversation: ask about it with the words that it held;\n"
    "- give an overview of this conversation: ask for a summary or a recap.\n\n"
    "I cannot write, reason, translate or answer questions about the world."
)
_RECAP = re.compile(r"\b(summar(y|ize|ise)|recap|overview|zusammenfass\w*|résum\w*|so far)\b", re.I)
_CAPABILITIES = re.compile(
    r"^\W*(help|hi|hello|hey|hallo|test)\b|\bwhat (can|could) you do\b|\bwho are you\b|\bwhat are you\b", re.I
)
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "the and for was what did you say said about tell with that this have has had from when where which"
        " who why how are were will would could should can our your they them then than there here again",
    )
)
_QUOTE = 120


class OfflineModel:
    """Answers from the conversation alone, through the same tools as any model; uses no tokens."""

    provider = NAME
    writes_titles = False

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent]:
        last = request.messages[-1]
        results = [part for part in last.content if isinstance(part, ToolResult)]
        words = _telling_words(_text(last))
        if results:
            answer = _quote(results)
        elif _CAPABILITIES.search(_text(last)):
            answer = _ABILITIES
        elif _asks_for_recap(_text(last)):
            answer = _recap(request.messages)
        elif words and len(request.messages) > 1 and any(tool.name == _SEARCH for tool in request.tools):
            for event in _search(words, len(request.messages)):
                yield event
            return
        else:
            answer = f"I kept your message, but I cannot answer it.\n\n{_ABILITIES}"
        text = f"{answer}\n\n{_NOTICE}"
        for piece in re.findall(r"\s*\S+\s*", text):
            yield TextDelta(piece)
        yield ModelDone("end_turn", Usage(), [Text(text)])

    async def close(self) -> None:
        return None


def _search(words: list[str], turn: int) -> list[ModelEvent]:
    call_id, arguments = f"offline_{turn}", {"query": " ".join(words)}
    return [
        ToolCallBegun(call_id, _SEARCH),
        ToolCallArguments(call_id, json.dumps(arguments)),
        ToolCallEnded(call_id, _SEARCH, arguments),
        ModelDone("tool_use", Usage(), [ToolCall(call_id, _SEARCH, arguments)]),
    ]


def _quote(results: Sequence[ToolResult]) -> str:
    found = [line for result in results if not result.is_error for line in result.output.splitlines()]
    hits = [line for line in found if line.startswith("[")]
    if not hits:
        return "I looked through the earlier messages of this conversation, and none holds your words."
    return "These earlier messages hold words of yours:\n\n" + "\n".join(f"> {line}\n" for line in hits)


def _recap(messages: Sequence[Message]) -> str:
    earlier = [message for message in messages[:-1] if message.role == "user"]
    if not earlier:
        return "This conversation has just begun: there is nothing before your message."
    lines = [f"{n}. {_short(_text(message))}" for n, message in zip(count(1), earlier, strict=False)]
    answers = sum(message.role == "assistant" for message in messages)
    counted = f"So far you wrote {len(earlier)} messages and got {answers} answers. You wrote:"
    return "\n".join([counted, "", *lines])


def _asks_for_recap(text: str) -> bool:
    """Of this conversation, that is, and not of something else."""
    return bool(_RECAP.search(text)) and ("conversation" in text.lower() or len(text.split()) <= 4)


def _telling_words(text: str) -> list[str]:
    words = re.findall(r"[^\W_]{3,40}", text.lower())
    return [word for word in dict.fromkeys(words) if word not in _COMMON][:12]


def _text(message: Message) -> str:
    return "\n".join(part.text for part in message.content if isinstance(part, Text))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTE else line[:_QUOTE].rstrip() + "…"
