"""Memories on the wire."""

from typing import Literal

from pydantic import MISSING

from cowork_desktop.schemas.base import Body, LongLimit, LongText, Offset, Query, QueryText, Schema, Timestamp

MemorySource = Literal["user", "agent"]


class Memory(Schema):
    id: str
    content: str
    project_id: str | None
    """Null: global, for all projects and conversations."""
    source: MemorySource
    """Who created it."""
    created_at: Timestamp
    updated_at: Timestamp


class MemoryCreate(Body):
    content: LongText
    """The fact or preference to remember. Plain text."""
    project_id: str | None = None
    """Scope to a project. Omit for a global memory."""


class MemoryPatch(Body):
    content: LongText | MISSING = MISSING
    """Updated text for the memory."""


class MemoryQuery(Query):
    project_id: QueryText | None = None
    """Return memories scoped to this project. Omit to return global memories."""
    source: MemorySource | None = None
    """Filter by who created it: user or agent."""
    limit: LongLimit = 1000
    offset: Offset = 0


class MemoryUse(Schema):
    """A response that was told a memory."""

    response_id: str
    conversation_id: str
    title: str | None
    """The conversation's."""
    created_at: Timestamp
    """Of the response."""


class MemoryUseQuery(Query):
    limit: LongLimit = 50
    offset: Offset = 0
