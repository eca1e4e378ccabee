"""What readers of a turn receive, in the vocabulary of the OpenAI Responses API where that has a word."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic_core import to_json
from typing_extensions import TypeAliasType

from cowork_desktop.schemas.approvals import Approval
from cowork_desktop.schemas.base import Schema
from cowork_desktop.schemas.conversations import ArtifactPart, Item, Part, ToolCallPart
from cowork_desktop.schemas.responses import AgentResponse, TurnError


class Event(Schema):
    sequence_number: int
    """From 0, without gaps; also the `id` of the server-sent event."""
    response_id: str


class ResponseCreated(Event):
    type: Literal["response.created"] = "response.created"
    response: AgentResponse


class ResponseInProgress(Event):
    type: Literal["response.in_progress"] = "response.in_progress"
    response: AgentResponse


class OutputItemAdded(Event):
    """The answer's item begins; a turn has one."""

    type: Literal["response.output_item.added"] = "response.output_item.added"
    output_index: int
    item: Item


class PartEvent(Event):
    """Something about the part at `content_index` of the item."""

    item_id: str
    output_index: int
    content_index: int


class OutputTextDelta(PartEvent):
    type: Literal["response.output_text.delta"] = "response.output_text.delta"
    delta: str


class OutputTextDone(PartEvent):
    type: Literal["response.output_text.done"] = "response.output_text.done"
    text: str


class ReasoningDelta(PartEvent):
    type: Literal["response.reasoning.delta"] = "response.reasoning.delta"
    delta: str


class ToolCallAdded(PartEvent):
    type: Literal["response.tool_call.added"] = "response.tool_call.added"
    call_id: str
    name: str
    round: int = 0


class ToolCallArgumentsDelta(PartEvent):
    """A piece of the arguments' JSON text."""

    type: Literal["response.tool_call.arguments.delta"] = "response.tool_call.arguments.delta"
    call_id: str
    delta: str


class ToolCallOutputDelta(PartEvent):
    """A piece of what the tool puts out while it runs, for people to see; the result follows."""

    type: Literal["response.tool_call.output.delta"] = "response.tool_call.output.delta"
    call_id: str
    delta: str


class ToolCallDone(PartEvent):
    type: Literal["response.tool_call.done"] = "response.tool_call.done"
    call_id: str
    call: ToolCallPart


class OutputItemDone(Event):
    type: Literal["response.output_item.done"] = "response.output_item.done"
    output_index: int
    item: Item


class ApprovalRequested(Event):
    """The turn waits for the user's word: `POST /responses/{id}/approvals/{approval_id}`."""

    type: Literal["response.approval.requested"] = "response.approval.requested"
    approval: Approval


class ApprovalResolved(Event):
    type: Literal["response.approval.resolved"] = "response.approval.resolved"
    approval: Approval


class ArtifactCreated(PartEvent):
    """An artifact was made, or has a new version."""

    type: Literal["response.artifact.created"] = "response.artifact.created"
    artifact: ArtifactPart


class ContextCompacted(Event):
    """The conversation had become too long for the model: a summary stands for its older part from here on.
    All of it is kept and can be searched."""

    type: Literal["response.context.compacted"] = "response.context.compacted"
    tokens_before: int
    tokens_after: int
    """Both are estimates."""


class ResponseRetrying(Event):
    """The provider asked to wait, or could not be reached: the turn tries again by itself."""

    type: Literal["response.retrying"] = "response.retrying"
    attempt: int
    """1 for the first repetition."""
    wait_seconds: float
    error: TurnError


class TitleUpdated(Event):
    type: Literal["response.title.updated"] = "response.title.updated"
    conversation_id: str
    title: str


class ResponseCompleted(Event):
    """The last event of a turn that ended well; `response` is what is stored."""

    type: Literal["response.completed"] = "response.completed"
    response: AgentResponse


class ResponseFailed(Event):
    """The last event of every other turn; `response.error` says why."""

    type: Literal["response.failed"] = "response.failed"
    response: AgentResponse


TurnEvent = TypeAliasType(
    "TurnEvent",
    Annotated[
        ResponseCreated
        | ResponseInProgress
        | OutputItemAdded
        | OutputTextDelta
        | OutputTextDone
        | ReasoningDelta
        | ToolCallAdded
        | ToolCallArgumentsDelta
        | ToolCallOutputDelta
        | ToolCallDone
        | OutputItemDone
        | ApprovalRequested
        | ApprovalResolved
        | ArtifactCreated
        | ContextCompacted
        | ResponseRetrying
        | TitleUpdated
        | ResponseCompleted
        | ResponseFailed,
        Field(discriminator="type"),
    ],
)

__all__ = ["DeltaFrames", "Part", "TurnEvent", "frame", "parse_frame", "to_frame"]

_event: TypeAdapter[TurnEvent] = TypeAdapter(TurnEvent, config=ConfigDict(defer_build=True))


def frame(sequence_number: int, type: str, data: bytes) -> bytes:
    """One frame of an event stream, https://html.spec.whatwg.org/multipage/server-sent-events.html; `data` is
    one line."""
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (sequence_number, type.encode(), data)


def to_frame(event: TurnEvent) -> bytes:
    return frame(event.sequence_number, event.type, event.__pydantic_serializer__.to_json(event))


class DeltaFrames:
    """The frames of one part's text deltas: what `to_frame` writes, for a fifth of its cost, since there are
    thousands."""

    def __init__(self, response_id: str, item_id: str, content_index: int) -> None:
        first = OutputTextDelta(
            sequence_number=0,
            response_id=response_id,
            item_id=item_id,
            output_index=0,
            content_index=content_index,
            delta="",
        )
        self._template = (
            to_frame(first)
            .replace(b"%", b"%%")
            .replace(b"id: 0", b"id: %d", 1)
            .replace(b'"sequence_number":0', b'"sequence_number":%d', 1)
            .replace(b'"delta":""', b'"delta":%b', 1)
        )

    def frame(self, sequence_number: int, delta: str) -> bytes:
        return self._template % (sequence_number, sequence_number, to_json(delta))


def parse_frame(frame: bytes) -> TurnEvent:
    """The event that `to_frame` wrote."""
    return _event.validate_json(frame[frame.index(b"\ndata: ") + 7 :])
