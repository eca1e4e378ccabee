"""Responses on the wire: what a client sends to start a turn, and the turn as it sees it."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from cowork_desktop.schemas.base import (
    Body,
    LongText,
    ModelName,
    Query,
    QueryText,
    Schema,
    Timestamp,
    WholeNumber,
)
from cowork_desktop.schemas.conversations import Part, TextPart
from cowork_desktop.schemas.projects import SkillIds

ResponseStatus = Literal["in_progress", "completed", "failed"]


class Usage(Schema):
    """Tokens, as the model's provider counts them; `input_tokens` is without the two cache fields."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cache_read_input_tokens=self.cache_read_input_tokens + other.cache_read_input_tokens,
            cache_creation_input_tokens=self.cache_creation_input_tokens + other.cache_creation_input_tokens,
        )

    @property
    def total(self) -> int:
        return (
            self.input_tokens
            + self.output_tokens
            + self.cache_read_input_tokens
            + self.cache_creation_input_tokens
        )


class TurnError(Schema):
    """Why a turn failed."""

    type: str
    """`cancelled`, `interrupted`, `limit_reached`, `stuck`, `refusal`, `internal`, or the kind of the
    provider's error: `authentication`, `permission`, `billing`, `model_not_found`, `rate_limited`,
    `overloaded`, `context_too_long`, `network`, `timeout`, `invalid_request`, `provider_error`."""
    message: str
    """What happened and what the user can do."""


class AgentResponse(Schema):
    id: str
    conversation_id: str
    input: str
    output: list[TextPart]
    status: ResponseStatus
    model: str
    provider: str
    """Who answers: `anthropic`, or `offline` for the built-in model that is no language model."""
    usage: Usage
    error: TurnError | None
    memory_ids: list[str]
    """The memories that were put into the context."""
    created_at: Timestamp
    finished_at: Timestamp | None


class ResponseDetail(AgentResponse):
    """A response with all that it is made of."""

    parts: list[Part]
    """The answer in order: text, reasoning, tool calls with their results and `links` to the cells, file
    places, pages and artifacts that figures come from."""
    cost_usd: float | None
    """US dollars by the model's list price, which may be outdated; null where it is not known."""
    parent_response_id: str | None
    """The response whose sub-task this is."""


FileIds = Annotated[list[str], Field(max_length=100)]


class ResponseCreate(Body):
    """Fields that are not listed pass unread: clients of the OpenAI shape send more."""

    model_config = ConfigDict(extra="ignore")

    conversation_id: str
    """ID of the conversation to append the response to."""
    input: LongText
    """User message text."""
    stream: bool | None = None
    """Default true. Return server-sent events. Set to false for a single JSON response. Where it is absent,
    a client whose `Accept` is only `application/json` gets JSON."""
    model: ModelName | None = None
    """Override the agent model for this turn. Defaults to the project setting."""
    skill_ids: SkillIds = []
    """Skill IDs to activate for this turn."""
    file_ids: FileIds = []
    """Files of the conversation or its project that come with the message, beside those that were uploaded to
    the conversation since its last turn. With `replaces` and without `file_ids` those of the message that is
    replaced come again."""
    replaces: str | None = None
    """A message of the user in the conversation: it leaves with all that follows it, and the input stands in
    its place. Nothing is lost: `restore` of the conversation's item brings it back."""


class InFlightListQuery(Query):
    conversation_id: QueryText | None = None
    """Filter to a specific conversation."""


class InFlightQuery(Query):
    conversation_id: QueryText
    """Conversation whose active stream to retrieve."""


class EventsQuery(Query):
    after: WholeNumber | None = None
    """The last sequence number that the reader has; the `Last-Event-ID` header means the same."""
