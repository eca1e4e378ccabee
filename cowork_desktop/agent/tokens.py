"""How many tokens a request is, where nobody has counted them: an estimate that is rather too high."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from cowork_desktop.agent.model import (
    Content,
    Document,
    Image,
    Message,
    ModelRequest,
    ProviderBlock,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from cowork_desktop.schemas.responses import Usage

IMAGE_TOKENS = 1_600
"""An image of about a megapixel, to which larger ones are made smaller; the newest models look closer."""

_PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ "
_ASCII = bytes(range(128))
_PLAIN_BYTES_PER_TOKEN = 3.2
"""English is 4 to 5 characters a token, and a third more tokens with the tokenizers of 2026."""
_MARK_BYTES_PER_TOKEN = 2.0
"""Digits, punctuation and line ends: tables and code."""
_OTHER_BYTES_PER_TOKEN = 2.3
"""Of UTF-8: a letter with an accent is about a token, a Chinese character more than one."""
_OF_A_MESSAGE = 6
_OF_A_BLOCK = 12
_OF_THE_TOOLS = 550
"""What the provider tells a model that has tools."""
_PDF_BYTES_PER_TOKEN = 8
_PDF_LEAST, _PDF_MOST = 3_000, 100_000


def estimate(what: ModelRequest | Sequence[Message]) -> int:
    """Input tokens of a request, or of messages.

    Texts are measured by their bytes, images are all of one size, and a PDF, whose pages nobody has counted,
    is measured by its bytes within bounds. On prose the estimate is some 10 to 40 % above what providers
    count.
    """
    if not isinstance(what, ModelRequest):
        return sum(_of_message(message) for message in what)
    tools = sum(_of_tool(tool) for tool in what.tools)
    return (
        sum(of_text(text) + _OF_A_BLOCK for text in what.system)
        + (tools + _OF_THE_TOOLS if what.tools else 0)
        + estimate(what.messages)
    )


def of_text(text: str) -> int:
    raw = text.encode("utf-8", "surrogatepass")
    marks_and_others = len(raw.translate(None, _PLAIN))
    others = len(raw.translate(None, _ASCII))
    return round(
        (len(raw) - marks_and_others) / _PLAIN_BYTES_PER_TOKEN
        + (marks_and_others - others) / _MARK_BYTES_PER_TOKEN
        + others / _OTHER_BYTES_PER_TOKEN
        + 0.5
    )


def _of_message(message: Message) -> int:
    return _OF_A_MESSAGE + sum(_of_part(part) for part in message.content)


def _of_part(part: Content) -> int:
    match part:
        case Text(text):
            return of_text(text)
        case Image():
            return IMAGE_TOKENS
        case Document(title, data):
            size = len(data) * 3 // 4
            return of_text(title) + min(max(size // _PDF_BYTES_PER_TOKEN, _PDF_LEAST), _PDF_MOST)
        case ToolCall(call_id, name, arguments):
            return _OF_A_BLOCK + of_text(call_id + name) + of_text(_json(arguments))
        case ToolResult(call_id, output, images=images):
            return _OF_A_BLOCK + of_text(call_id) + of_text(output) + IMAGE_TOKENS * len(images)
        case ProviderBlock(block=block):
            return _OF_A_BLOCK + of_text(_json(block))


def _of_tool(tool: ToolSpec) -> int:
    return _OF_A_BLOCK + of_text(tool.name + tool.description) + of_text(_json(tool.input_schema))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


@dataclass(frozen=True)
class Counted:
    """What the provider has counted: all tokens up to the end of an answer."""

    messages: Sequence[Message]
    """Of the request that was answered."""
    tokens: int
    """Of its system, tools and messages, and of the answer."""

    @classmethod
    def of(cls, request: ModelRequest, usage: Usage) -> "Counted | None":
        """`usage` is that of this one call; None where it tells nothing of the input, as some endpoints'."""
        if usage.total <= usage.output_tokens:
            return None
        return cls(request.messages, usage.total)


def size(request: ModelRequest, counted: Counted | None) -> int:
    """Input tokens of a request, of which only what came after the last answer is estimated.

    The request must have the system and the tools of the one that was counted. One that does not begin with
    its messages is estimated as a whole.
    """
    if counted is None or not _goes_on(request.messages, counted.messages):
        return estimate(request)
    answer = len(counted.messages)
    return counted.tokens + estimate(request.messages[answer + 1 :])


def _goes_on(messages: Sequence[Message], earlier: Sequence[Message]) -> bool:
    """Whether the messages are the earlier ones, an answer, and perhaps more."""
    if len(messages) <= len(earlier) or messages[len(earlier)].role != "assistant":
        return False
    return all(
        now is then or (now.role == then.role and tuple(now.content) == tuple(then.content))
        for now, then in zip(messages, earlier, strict=False)
    )
