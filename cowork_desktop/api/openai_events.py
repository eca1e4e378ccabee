"""The translation of turns and their events into OpenAI's: the same log always gives the same bytes."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

from cowork_desktop.schemas import events
from cowork_desktop.schemas import openai as wire
from cowork_desktop.schemas.events import TurnEvent, parse_frame
from cowork_desktop.schemas.responses import AgentResponse, TurnError, Usage

_CODES: dict[str, wire.OpenAIErrorCode] = {
    "rate_limited": "rate_limit_exceeded",
    "context_too_long": "invalid_prompt",
    "invalid_request": "invalid_prompt",
}
_REASONS: dict[str, Literal["max_output_tokens", "content_filter"]] = {
    "limit_reached": "max_output_tokens",
    "refusal": "content_filter",
}
_SLICE = 500
"""How many frames are translated at once: a late reader has a whole log before it, and others wait."""

_LastEvent = wire.OpenAIResponseCompleted | wire.OpenAIResponseIncomplete | wire.OpenAIResponseFailed
_LAST_EVENTS: dict[str, type[_LastEvent]] = {
    "completed": wire.OpenAIResponseCompleted,
    "incomplete": wire.OpenAIResponseIncomplete,
    "failed": wire.OpenAIResponseFailed,
    "cancelled": wire.OpenAIResponseFailed,
}
E = TypeVar("E", bound=wire.OpenAIStreamEvent)


async def translate(
    batches: AsyncIterable[Sequence[bytes]], after: int = -1
) -> AsyncIterator[Sequence[bytes]]:
    """All of a turn's frames as OpenAI's, those with a sequence number of OpenAI's above `after`."""
    translator = Translator()
    async for batch in batches:
        for start in range(0, len(batch), _SLICE):
            turn_events = map(parse_frame, batch[start : start + _SLICE])
            told = [event for turn_event in turn_events for event in translator.translate(turn_event)]
            if frames := [_to_frame(event) for event in told if _is_news(event, after)]:
                yield frames
            await asyncio.sleep(0)


class Translator:
    """Makes of each event of a turn, in order from the first, those that tell the same in OpenAI's words.

    Calls, what they put out, artifacts, summaries and what the user is asked are not told: OpenAI's events
    have no words for them. While a turn waits for its user, its reader hears nothing.
    """

    def __init__(self) -> None:
        self._next = 0
        self._item_id = ""
        self._content_index = 0
        self._is_message_begun = self._is_part_open = False

    def translate(self, event: TurnEvent) -> Iterator[wire.OpenAIEvent]:
        match event:
            case events.ResponseCreated():
                yield self._event(wire.OpenAIResponseCreated, response=response_of(event.response))
            case events.ResponseInProgress():
                yield self._event(wire.OpenAIResponseInProgress, response=response_of(event.response))
            case events.OutputItemAdded():
                self._item_id = event.item.id
            case events.OutputTextDelta() if event.delta:
                yield from self._begin_part()
                yield self._event(wire.OpenAIOutputTextDelta, **self._place, delta=event.delta)
            case events.OutputTextDone() if self._is_part_open:
                yield from self._end_part(event.text)
            case events.ResponseCompleted() | events.ResponseFailed():
                yield from self._end(event.response)

    def _begin_part(self) -> Iterator[wire.OpenAIEvent]:
        """The message begins with its first text: a turn may end with tool calls and none."""
        if not self._is_message_begun:
            self._is_message_begun = True
            item = wire.OpenAIMessage(id=self._item_id, status="in_progress", content=[])
            yield self._event(wire.OpenAIOutputItemAdded, output_index=0, item=item)
        if not self._is_part_open:
            self._is_part_open = True
            part = wire.OpenAIOutputText(text="")
            yield self._event(wire.OpenAIContentPartAdded, **self._place, part=part)

    def _end_part(self, text: str) -> Iterator[wire.OpenAIEvent]:
        yield self._event(wire.OpenAIOutputTextDone, **self._place, text=text)
        yield self._event(wire.OpenAIContentPartDone, **self._place, part=wire.OpenAIOutputText(text=text))
        self._is_part_open = False
        self._content_index += 1

    def _end(self, turn: AgentResponse) -> Iterator[wire.OpenAIEvent]:
        """The message ends only here, because its status is the turn's."""
        response = response_of(turn, self._item_id)
        for index, item in enumerate(response.output):
            yield self._event(wire.OpenAIOutputItemDone, output_index=index, item=item)
        yield self._event(_LAST_EVENTS[response.status], response=response)

    @property
    def _place(self) -> dict[str, Any]:
        return {"item_id": self._item_id, "output_index": 0, "content_index": self._content_index}

    def _event(self, kind: type[E], **fields: Any) -> E:
        event = kind(sequence_number=self._next, **fields)
        self._next += 1
        return event


def response_of(turn: AgentResponse, item_id: str | None = None) -> wire.OpenAIResponse:
    """The turn as OpenAI's object; `item_id`: the item of its answer, without which the output is empty."""
    status = _status(turn)
    error = turn.error if status == "failed" else None
    return wire.OpenAIResponse(
        id=turn.id,
        created_at=_seconds(turn.created_at),
        completed_at=_seconds(turn.finished_at) if turn.finished_at and status == "completed" else None,
        status=status,
        error=_error(error) if error else None,
        incomplete_details=_incomplete(turn.error) if turn.error else None,
        model=turn.model,
        output=_output(turn, item_id, status) if item_id and turn.output else [],
        conversation=wire.OpenAIConversation(id=turn.conversation_id),
        usage=None if status == "in_progress" else _usage(turn.usage),
    )


def item_id_of(frames: Iterable[bytes]) -> str | None:
    """The item of the answer, found without reading the frames that do not name it."""
    for frame in frames:
        if b"\nevent: response.output_item.added\n" in frame:
            event = parse_frame(frame)
            return event.item.id if isinstance(event, events.OutputItemAdded) else None
    return None


def _status(turn: AgentResponse) -> wire.OpenAIStatus:
    if turn.error is None:
        return turn.status
    if turn.error.type == "cancelled":
        return "cancelled"
    return "incomplete" if turn.error.type in _REASONS else "failed"


def _error(error: TurnError) -> wire.OpenAIResponseError:
    code = _CODES.get(error.type, "server_error")
    return wire.OpenAIResponseError(code=code, message=error.message, type=error.type)


def _incomplete(error: TurnError) -> wire.OpenAIIncompleteDetails | None:
    reason = _REASONS.get(error.type)
    return wire.OpenAIIncompleteDetails(reason=reason, message=error.message) if reason else None


def _output(turn: AgentResponse, item_id: str, status: wire.OpenAIStatus) -> list[wire.OpenAIMessage]:
    content = [wire.OpenAIOutputText(text=part.text) for part in turn.output]
    of_message: dict[str, Literal["in_progress", "completed"]] = {
        "in_progress": "in_progress",
        "completed": "completed",
    }
    return [wire.OpenAIMessage(id=item_id, status=of_message.get(status, "incomplete"), content=content)]


def _usage(usage: Usage) -> wire.OpenAIUsage:
    return wire.OpenAIUsage(
        input_tokens=usage.total - usage.output_tokens,
        input_tokens_details=wire.OpenAIInputTokensDetails(
            cached_tokens=usage.cache_read_input_tokens, cache_write_tokens=usage.cache_creation_input_tokens
        ),
        output_tokens=usage.output_tokens,
        total_tokens=usage.total,
    )


def _seconds(timestamp: str) -> int:
    return int(datetime.fromisoformat(timestamp).timestamp())


def _is_news(event: wire.OpenAIEvent, after: int) -> bool:
    """A reader may be ahead of what outlived a crash: it gets the last event, and so the turn's end."""
    if event.sequence_number > after:
        return True
    return event.sequence_number < after and isinstance(event, _LastEvent)


def _to_frame(event: wire.OpenAIEvent) -> bytes:
    data = event.__pydantic_serializer__.to_json(event)
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.sequence_number, event.type.encode(), data)
