"""The JSON of the Messages API: the body of a request, and the events that a streamed answer becomes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cowork_desktop.agent.model import (
    Content,
    Document,
    Image,
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
from cowork_desktop.agent.tool_arguments import parse_arguments
from cowork_desktop.schemas.responses import Usage

PROVIDER = "anthropic"

Json = dict[str, Any]

_CACHED = {"cache_control": {"type": "ephemeral"}}
_THINKING = ("thinking", "redacted_thinking")
_LONGEST_TITLE = 500


def request_body(request: ModelRequest) -> Json:
    """The body of `POST /v1/messages`, without `stream`.

    It has three marks for the cache at most, and the provider takes four: the end of the system, the end of
    what later turns' requests begin with too, and the end of the messages.
    """
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
    last: Json | None = None
    prefix_end: Json | None = None
    for message in messages:
        blocks = _blocks(message)
        last = _last_cacheable(blocks) or last
        if message.ends_prefix:
            prefix_end = last
        if not blocks:
            continue
        if merged and merged[-1]["role"] == message.role:
            merged[-1]["content"] = _results_first(merged[-1]["content"] + blocks)
        else:
            merged.append({"role": message.role, "content": blocks})
    ends = (prefix_end, _last_cacheable(merged[-1]["content"]) if merged else None)
    for end in ends:
        if end is not None:
            end |= _CACHED
    return merged


def _blocks(message: Message) -> list[Json]:
    return _results_first([block for part in message.content if (block := _block(part)) is not None])


def _results_first(blocks: list[Json]) -> list[Json]:
    """The provider refuses a message where anything stands before the results of the calls it follows."""
    return sorted(blocks, key=lambda block: block["type"] != "tool_result")


def _last_cacheable(blocks: Sequence[Json]) -> Json | None:
    """Reasoning cannot carry the mark; it is cached with what stands around it."""
    return next((block for block in reversed(blocks) if block["type"] not in _THINKING), None)


def _block(part: Content) -> Json | None:
    """None of what must not be sent: text that is blank, which the provider refuses, and others' blocks."""
    match part:
        case Text(text):
            return _text(text) if text.strip() else None
        case ToolCall(call_id, name, arguments):
            return {"type": "tool_use", "id": call_id, "name": name, "input": arguments}
        case Image():
            return _image(part)
        case Document():
            return _document(part)
        case ToolResult():
            return _tool_result(part)
        case ProviderBlock(provider, block):
            return dict(block) if provider == PROVIDER else None


def _text(text: str) -> Json:
    return {"type": "text", "text": _encodable(text)}


def _image(image: Image) -> Json:
    return {"type": "image", "source": _base64(image.media_type, image.data)}


def _document(document: Document) -> Json:
    block: Json = {"type": "document", "source": _base64("application/pdf", document.data)}
    if title := _encodable(document.title).strip()[:_LONGEST_TITLE]:
        block["title"] = title
    return block


def _base64(media_type: str, data: str) -> Json:
    return {"type": "base64", "media_type": media_type, "data": data}


def _tool_result(result: ToolResult) -> Json:
    block: Json = {"type": "tool_result", "tool_use_id": result.call_id}
    output = result.output
    if result.is_error:
        block["is_error"] = True
        # An error without words is refused, and so is one with images.
        output = output if output.strip() else "The tool failed without a message."
    elif result.images:
        words = [_text(output)] if output.strip() else []
        return block | {"content": [*words, *map(_image, result.images)]}
    if output:
        block["content"] = _encodable(output)
    return block


def _encodable(text: str) -> str:
    """`text` without lone surrogates, which JSON can spell and UTF-8 cannot; two that meet become one."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


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
        if self._type == "tool_use":
            self._start |= {key: _encodable(start[key]) for key in ("id", "name")}
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
