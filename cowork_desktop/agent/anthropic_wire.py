"""The JSON of the Messages API: the body of a request, and the events that a streamed answer becomes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, NoReturn

from cowork_desktop.agent.model import (
    Content,
    Message,
    ModelDone,
    ModelEvent,
    ModelRequest,
    ProviderBlock,
    ReasoningDelta,
    Text,
    TextDelta,
    ToolCall,
    ToolCallArguments,
    ToolCallBegun,
    ToolCallEnded,
    ToolResult,
)
from cowork_desktop.schemas.responses import Usage

PROVIDER = "anthropic"

Json = dict[str, Any]

_CACHED = {"cache_control": {"type": "ephemeral"}}
_DEEPEST_ARGUMENTS = 100
"""What is stored and sent as JSON again must stay within what every parser on the way takes."""
_THINKING = ("thinking", "redacted_thinking")


def request_body(request: ModelRequest) -> Json:
    """The body of `POST /v1/messages`, without `stream`."""
    body: Json = {
        "model": request.model,
        "max_tokens": request.max_output_tokens,
        "messages": _messages(request.messages),
    }
    system = [_text(text) for text in request.system if text.strip()]
    if system:
        system[-1] |= _CACHED
        body["system"] = system
    if request.tools:
        body["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}
            for tool in request.tools
        ]
    return body


def _messages(messages: Sequence[Message]) -> list[Json]:
    merged: list[Json] = []
    for message in messages:
        blocks = [block for part in message.content if (block := _block(part)) is not None]
        if not blocks:
            continue
        if merged and merged[-1]["role"] == message.role:
            merged[-1]["content"] += blocks
        else:
            merged.append({"role": message.role, "content": blocks})
    for turn in merged:
        if turn["role"] == "user":
            # The provider refuses a message where anything stands before the results of the calls it follows.
            turn["content"].sort(key=lambda block: block["type"] != "tool_result")
    if merged:
        _cache_up_to_the_end(merged[-1]["content"])
    return merged


def _block(part: Content) -> Json | None:
    """None of what must not be sent: text that is blank, which the provider refuses, and others' blocks."""
    match part:
        case Text(text):
            return _text(text) if text.strip() else None
        case ToolCall(call_id, name, arguments):
            return {"type": "tool_use", "id": call_id, "name": name, "input": arguments}
        case ToolResult(call_id, output, is_error):
            return _tool_result(call_id, output, is_error)
        case ProviderBlock(provider, block):
            return dict(block) if provider == PROVIDER else None


def _text(text: str) -> Json:
    return {"type": "text", "text": _encodable(text)}


def _tool_result(call_id: str, output: str, is_error: bool) -> Json:
    block: Json = {"type": "tool_result", "tool_use_id": call_id}
    if is_error:
        block["is_error"] = True
        # An error without words is refused.
        output = output if output.strip() else "The tool failed without a message."
    if output:
        block["content"] = _encodable(output)
    return block


def _cache_up_to_the_end(blocks: list[Json]) -> None:
    for block in reversed(blocks):
        # Reasoning cannot carry the mark; it is cached with what stands around it.
        if block["type"] not in _THINKING:
            block |= _CACHED
            return


def _encodable(text: str) -> str:
    """`text` without lone surrogates, which JSON can spell and UTF-8 cannot; two that meet become one."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def parse_arguments(text: str) -> tuple[Json | None, str | None]:
    """The arguments of a tool call and None, or None and why the text cannot be used."""
    if not text:
        return {}, None
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        return None, f"The arguments are not valid JSON: {error.msg} at character {error.pos} of {len(text)}."
    except RecursionError:
        return None, "The arguments are nested too deeply."
    except ValueError as error:
        return None, f"The arguments are not valid JSON: {_short(error)}."
    if _is_deeper(value, _DEEPEST_ARGUMENTS):
        return None, f"The arguments are nested deeper than {_DEEPEST_ARGUMENTS} levels."
    if not isinstance(value, dict):
        return None, f"The arguments must be a JSON object, not {type(value).__name__}."
    return value, None


def _is_deeper(value: Any, levels: int) -> bool:
    match value:
        case dict():
            inner = list(value.values())
        case list():
            inner = value
        case _:
            return False
    return levels == 0 or any(_is_deeper(one, levels - 1) for one in inner)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON value")


def _finite(word: str) -> float:
    number = float(word)
    return number if isfinite(number) else _refuse(word)


def _short(error: ValueError) -> str:
    return "a character that is half of a pair" if isinstance(error, UnicodeError) else str(error)[:100]


class Answer:
    """Collects one streamed answer; `take` gets the provider's events in order, as JSON objects.

    Shapes that the protocol does not know raise the KeyError or TypeError that they cause.
    """

    def __init__(self) -> None:
        self.usage = Usage()
        self.is_whole = False
        self._stop_reason: str | None = None
        self._blocks: dict[int, _Block] = {}

    def take(self, event: Mapping[str, Any]) -> Iterator[ModelEvent]:
        match event["type"]:
            case "message_start":
                self._count(event["message"].get("usage"))
            case "content_block_start":
                block = self._blocks[event["index"]] = _Block(event["content_block"])
                yield from block.begin()
            case "content_block_delta":
                yield from self._blocks[event["index"]].add(event["delta"])
            case "content_block_stop":
                yield from self._blocks[event["index"]].end()
            case "message_delta":
                self._stop_reason = event["delta"].get("stop_reason") or self._stop_reason
                self._count(event.get("usage"))
            case "message_stop":
                self.is_whole = True
                for block in self._blocks.values():
                    yield from block.end()

    def done(self) -> ModelDone:
        content = [part for block in self._blocks.values() if (part := block.content) is not None]
        calls_a_tool = any(isinstance(part, ToolCall) for part in content)
        stop_reason = self._stop_reason or ("tool_use" if calls_a_tool else "end_turn")
        return ModelDone(stop_reason=stop_reason, usage=self.usage, content=content)

    def _count(self, counts: Mapping[str, Any] | None) -> None:
        # Every count is cumulative, and some endpoints send 0 later for what they have told before.
        told = {name: n for name in Usage.model_fields if isinstance(n := (counts or {}).get(name), int)}
        self.usage = self.usage.model_copy(
            update={name: max(n, getattr(self.usage, name)) for name, n in told.items()}
        )


class _Block:
    """One block of the answer; `content` is set when it has ended."""

    def __init__(self, start: Mapping[str, Any]) -> None:
        self.content: Content | None = None
        self._start = dict(start)
        self._type: str = start["type"]
        self._pieces: list[str] = []
        self._json: list[str] = []
        self._signature: str = start.get("signature") or ""
        self._has_ended = False

    def begin(self) -> Iterator[ModelEvent]:
        if self._type == "tool_use":
            yield ToolCallBegun(self._start["id"], self._start["name"])
        elif self._type in ("text", "thinking"):
            yield from self._grow(self._start.get(self._type) or "")

    def add(self, delta: Mapping[str, Any]) -> Iterator[ModelEvent]:
        match delta["type"]:
            case "text_delta":
                yield from self._grow(delta["text"])
            case "thinking_delta":
                yield from self._grow(delta["thinking"])
            case "signature_delta":
                self._signature += delta["signature"]
            case "input_json_delta":
                piece = _encodable(delta["partial_json"])
                self._json.append(piece)
                if piece and self._type == "tool_use":
                    yield ToolCallArguments(self._start["id"], piece)

    def _grow(self, piece: str) -> Iterator[ModelEvent]:
        if not piece:
            return
        piece = _encodable(piece)
        self._pieces.append(piece)
        yield ReasoningDelta(piece) if self._type == "thinking" else TextDelta(piece)

    def end(self) -> Iterator[ModelEvent]:
        if self._has_ended:
            return
        self._has_ended = True
        match self._type:
            case "tool_use":
                yield self._end_call()
            case "text":
                text = "".join(self._pieces)
                self.content = Text(text) if text else None
            case "thinking":
                # Reasoning that was cut off before its signature is refused when it comes back.
                if self._signature:
                    thinking = {"thinking": "".join(self._pieces), "signature": self._signature}
                    self.content = ProviderBlock(PROVIDER, self._start | thinking)
            case _:
                arguments, _ = parse_arguments("".join(self._json))
                self.content = ProviderBlock(
                    PROVIDER, self._start | ({"input": arguments or {}} if self._json else {})
                )

    def _end_call(self) -> ToolCallEnded:
        call_id, name = self._start["id"], self._start["name"]
        text = "".join(self._json) or json.dumps(self._start.get("input") or {})
        arguments, problem = parse_arguments(text)
        # A call that cannot be run must still stand in the next request, or its result belongs to nothing.
        self.content = ToolCall(call_id, name, arguments or {})
        return ToolCallEnded(call_id, name, arguments, problem)
