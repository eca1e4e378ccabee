"""Conversations and their items on the wire."""

from typing import Annotated, Any, Literal

from pydantic import MISSING, Field

from cowork_desktop.schemas.artifacts import ArtifactType
from cowork_desktop.schemas.base import (
    Body,
    Limit,
    LongLimit,
    LongText,
    Name,
    Offset,
    Query,
    QueryText,
    Schema,
    Timestamp,
)
from cowork_desktop.schemas.texts import Place

ConversationStatus = Literal["active", "archived"]
Role = Literal["user", "assistant"]


class ConversationOrigin(Schema):
    """What a conversation goes on from. It may have been deleted since."""

    conversation_id: str
    item_id: str | None
    """Its last message that was taken over; null where it had none."""


class Conversation(Schema):
    id: str
    project_id: str | None
    title: str | None
    """Null until the first message or the user gives one."""
    goal: str | None
    """The task's prompt: what frames the conversation for the agent."""
    status: ConversationStatus
    created_at: Timestamp
    updated_at: Timestamp
    """Moves on every item and every change; the list is in its order."""
    branched_from: ConversationOrigin | None
    """Null: it began with its own first message."""


class ConversationCreate(Body):
    project_id: str | None = None
    """Attach to a project."""
    title: Name | None = None
    """Human-readable name. Made from the first message if omitted."""
    goal: LongText | None = None
    """Task prompt or goal that frames the conversation for the agent."""


class ConversationPatch(Body):
    title: Name | None | MISSING = MISSING
    """New title; null: make one from the next message."""
    goal: LongText | None | MISSING = MISSING
    status: ConversationStatus | MISSING = MISSING


class ConversationBranch(Body):
    item_id: str | None = None
    """The last message that is taken over. All of them if omitted."""
    title: Name | None = None
    """The conversation's own title with a mark if omitted."""


class ConversationQuery(Query):
    project_id: QueryText | None = None
    """Filter to a specific project."""
    status: ConversationStatus | None = None
    """`active` or `archived`. Returns all if omitted."""
    limit: Limit = 50
    offset: Offset = 0


class TextPart(Schema):
    type: Literal["text"] = "text"
    text: str


class ReasoningPart(Schema):
    type: Literal["reasoning"] = "reasoning"
    text: str


class CellLink(Schema):
    """A cell that was run, and in it what it put out."""

    type: Literal["cell"] = "cell"
    scratchpad_id: str
    cell_id: str
    run_id: str


class FileLink(Schema):
    """A file that was read or written, and where in it."""

    type: Literal["file"] = "file"
    file_id: str | None
    """Null: a file of the project's working folder, at `path`."""
    path: str | None
    name: str
    place: Place | None
    """Null: all of it."""


class ArtifactLink(Schema):
    """A version of an artifact that was made or read."""

    type: Literal["artifact"] = "artifact"
    artifact_id: str
    version: int
    title: str


class MemoryLink(Schema):
    """A memory that was made, that stood already, or that was read."""

    type: Literal["memory"] = "memory"
    memory_id: str


class PageLink(Schema):
    """A web page that was fetched."""

    type: Literal["page"] = "page"
    url: str


class ResponseLink(Schema):
    """A sub-task, which is a turn of its own."""

    type: Literal["response"] = "response"
    response_id: str
    conversation_id: str


class ScheduleLink(Schema):
    """A schedule that was made, changed or read."""

    type: Literal["schedule"] = "schedule"
    schedule_id: str


class QueryLink(Schema):
    """What was asked of a connection."""

    type: Literal["query"] = "query"
    connection_id: str
    name: str
    """The connection's."""
    query: str
    """Its beginning, where it is long."""


Link = Annotated[
    CellLink | FileLink | ArtifactLink | MemoryLink | PageLink | ResponseLink | ScheduleLink | QueryLink,
    Field(discriminator="type"),
]


class ToolCallPart(Schema):
    type: Literal["tool_call"] = "tool_call"
    call_id: str
    name: str
    arguments: dict[str, Any]
    output: str
    status: Literal["running", "success", "error"]
    seconds: float | None = None
    """How long the tool ran; null while it runs and where it never ended."""
    round: int = 0
    """In which call of the model it was asked for, from 0: those of one round ran side by side."""
    source: str | None = None
    """What the output was read from, where somebody else may have written it: it is data, whatever it
    says."""
    links: list[Link] = []
    """What the call made or read: where the answer's figures come from."""


class AttachmentPart(Schema):
    """A file that came with the user's message."""

    type: Literal["attachment"] = "attachment"
    file_id: str
    name: str
    mime_type: str
    size: int
    """Bytes."""


class ArtifactPart(Schema):
    """An artifact that was made or changed at this point of the answer."""

    type: Literal["artifact"] = "artifact"
    artifact_id: str
    version: int
    title: str
    artifact_type: ArtifactType


Part = Annotated[
    TextPart | ReasoningPart | ToolCallPart | AttachmentPart | ArtifactPart, Field(discriminator="type")
]


class ItemVersion(Schema):
    """Which of the versions of a message this is, in the order in which they were sent."""

    index: int
    """From 1."""
    total: int


class Item(Schema):
    """One message of a conversation."""

    id: str
    conversation_id: str
    response_id: str | None
    """The response whose input or answer this is."""
    role: Role
    content: str
    """The text of its text parts."""
    parts: list[Part]
    """All that it holds, in order: text, reasoning, tool calls with their results, attachments, artifacts."""
    created_at: Timestamp
    version: ItemVersion | None = None
    """Of the user's messages; null for the agent's."""


class ItemPage(Schema):
    data: list[Item]
    """In the order of the conversation, oldest first."""
    has_more: bool
    """True where older items are left."""
    next_before: str | None
    """The `before` that gives the next older page."""


class ItemQuery(Query):
    limit: LongLimit = 100
    before: QueryText | None = None
    """Return items before this item ID (cursor pagination)."""


class ItemVersionQuery(Query):
    limit: LongLimit = 100
    offset: Offset = 0


def text_of(parts: list[Part]) -> str:
    """What a reader sees of an item when it shows text alone."""
    return "\n\n".join(part.text for part in parts if part.type == "text" and part.text)
