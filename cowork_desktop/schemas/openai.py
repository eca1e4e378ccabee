"""The OpenAI Responses API on the wire, in its strict shape: https://platform.openai.com/docs/api-reference/responses."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from cowork_desktop.schemas.base import NO_NUL, Body, LongText, ModelName, Offset, Query, Schema

Instructions = Annotated[str, StringConstraints(max_length=200_000), NO_NUL]
_long_text: TypeAdapter[str] = TypeAdapter(LongText, config=ConfigDict(defer_build=True))


class OpenAIConversation(Schema):
    id: str


class OpenAIInputText(Schema):
    type: Literal["input_text", "output_text"]
    text: str


def _text_of(content: Any) -> Any:
    """The text of a message's content: a string, or parts that hold text; the rest goes on, to be refused."""
    if not isinstance(content, list):
        return content
    texts = []
    for n, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in ("input_text", "output_text"):
            raise PydanticCustomError(
                "not_supported",
                "Part {n} is of the type {kind}; only input_text and output_text are supported,"
                " images and files not yet",
                {"n": n, "kind": repr(kind)[:80]},
            )
        if not isinstance(part.get("text"), str):
            raise PydanticCustomError("string_type", "Part {n} should have a text", {"n": n})
        texts.append(part["text"])
    return "\n\n".join(texts)


class OpenAIInputMessage(Body):
    """An answer's output item can stand here as it came."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["message"] = "message"
    role: Literal["user", "assistant", "system", "developer"]
    content: Annotated[
        LongText, BeforeValidator(_text_of, json_schema_input_type=LongText | list[OpenAIInputText])
    ]


OpenAIInputMessages = Annotated[list[OpenAIInputMessage], Field(min_length=1, max_length=1_000)]


def _as_messages(input: Any) -> Any:
    """A bare text is one message of the user's; its faults are those of `input` itself."""
    if not isinstance(input, str):
        return input
    try:
        return [{"role": "user", "content": _long_text.validate_python(input)}]
    except ValidationError as error:
        fault = error.errors()[0]
        raise PydanticCustomError(fault["type"], "{words}", {"words": fault["msg"]}) from None


def _end_with_the_user(messages: list[OpenAIInputMessage]) -> list[OpenAIInputMessage]:
    said = [message.role for message in messages if message.role in ("user", "assistant")]
    if said[-1:] != ["user"]:
        raise PydanticCustomError("no_user_message", "The last message should be the user's")
    return messages


def _id_of(conversation: Any) -> Any:
    return conversation.get("id", conversation) if isinstance(conversation, dict) else conversation


class OpenAIResponseCreate(Body):
    """Fields that are not listed pass unread."""

    model_config = ConfigDict(extra="ignore")

    input: Annotated[
        OpenAIInputMessages,
        AfterValidator(_end_with_the_user),
        BeforeValidator(_as_messages, json_schema_input_type=LongText | OpenAIInputMessages),
    ]
    """The user's message, or several messages of which the last is the user's. Those before it are added to
    the conversation; what `system` and `developer` say counts as instructions."""
    model: ModelName | None = None
    """Override the agent model for this turn."""
    conversation: Annotated[
        str | None, BeforeValidator(_id_of, json_schema_input_type=str | OpenAIConversation | None)
    ] = None
    """The conversation to go on with. Without this and `previous_response_id` a new one is made."""
    previous_response_id: str | None = None
    """Go on with the conversation of this response, at its end."""
    instructions: Instructions | None = None
    """Added to the agent's own for this turn."""
    stream: bool | None = None
    """Return server-sent events."""

    @field_validator("previous_response_id")
    @classmethod
    def _not_both(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("conversation") is not None:
            raise PydanticCustomError(
                "mutually_exclusive", "Give either conversation or previous_response_id, not both"
            )
        return value


class OpenAIResponseQuery(Query):
    stream: bool = False
    """Replay the response's events, and follow it while it runs."""
    starting_after: Offset | None = None
    """The last sequence number that the reader has; the `Last-Event-ID` header means the same."""


class OpenAIOutputText(Schema):
    type: Literal["output_text"] = "output_text"
    text: str
    annotations: list[Any] = []
    logprobs: list[Any] = []


class OpenAIMessage(Schema):
    """The answer. Text before and after a tool's call are parts of one message; calls are not shown here."""

    id: str
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    status: Literal["in_progress", "completed", "incomplete"]
    content: list[OpenAIOutputText]


OpenAIErrorCode = Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]


class OpenAIResponseError(Schema):
    code: OpenAIErrorCode
    message: str
    type: str
    """Our own word, which tells more kinds apart."""


class OpenAIIncompleteDetails(Schema):
    reason: Literal["max_output_tokens", "content_filter"]
    """`max_output_tokens` stands for every limit of a turn: OpenAI has no words for the others."""
    message: str
    """Which limit it was, and what can be done."""


class OpenAIInputTokensDetails(Schema):
    cached_tokens: int
    cache_write_tokens: int


class OpenAIOutputTokensDetails(Schema):
    reasoning_tokens: int = 0
    """Not counted apart."""


class OpenAIUsage(Schema):
    """Tokens; other than in our own `Usage`, `input_tokens` includes those of the cache."""

    input_tokens: int
    input_tokens_details: OpenAIInputTokensDetails
    output_tokens: int
    output_tokens_details: OpenAIOutputTokensDetails = OpenAIOutputTokensDetails()
    total_tokens: int


class OpenAITextFormat(Schema):
    type: Literal["text"] = "text"


class OpenAITextConfig(Schema):
    format: OpenAITextFormat = OpenAITextFormat()


OpenAIStatus = Literal["in_progress", "completed", "failed", "cancelled", "incomplete"]


class OpenAIResponse(Schema):
    """A turn in OpenAI's shape. Parameters of a request that are not kept, or that the agent decides itself,
    are null or have their default here."""

    id: str
    object: Literal["response"] = "response"
    created_at: int
    """Seconds since the Unix epoch."""
    completed_at: int | None
    status: OpenAIStatus
    error: OpenAIResponseError | None
    incomplete_details: OpenAIIncompleteDetails | None
    model: str
    output: list[OpenAIMessage]
    conversation: OpenAIConversation
    usage: OpenAIUsage | None
    """Null while the turn runs."""
    previous_response_id: None = None
    instructions: None = None
    background: Literal[False] = False
    max_output_tokens: None = None
    metadata: dict[str, str] = {}
    parallel_tool_calls: Literal[True] = True
    store: Literal[True] = True
    temperature: None = None
    text: OpenAITextConfig = OpenAITextConfig()
    tool_choice: Literal["auto"] = "auto"
    tools: list[Any] = []
    top_p: None = None
    truncation: Literal["disabled"] = "disabled"


class OpenAIModel(Schema):
    id: str
    object: Literal["model"] = "model"
    created: int = 0
    """Not known."""
    owned_by: str
    """Who answers: `anthropic`, or `offline` for the built-in model that is no language model."""


class OpenAIModelList(Schema):
    object: Literal["list"] = "list"
    data: list[OpenAIModel]


class OpenAIStreamEvent(Schema):
    sequence_number: int
    """From 0, without gaps, and not that of the turn's own events; also the `id` of the server-sent event."""


class OpenAIResponseCreated(OpenAIStreamEvent):
    type: Literal["response.created"] = "response.created"
    response: OpenAIResponse


class OpenAIResponseInProgress(OpenAIStreamEvent):
    type: Literal["response.in_progress"] = "response.in_progress"
    response: OpenAIResponse


class OpenAIOutputItemAdded(OpenAIStreamEvent):
    type: Literal["response.output_item.added"] = "response.output_item.added"
    output_index: int
    item: OpenAIMessage


class OpenAIPartEvent(OpenAIStreamEvent):
    item_id: str
    output_index: int
    content_index: int


class OpenAIContentPartAdded(OpenAIPartEvent):
    type: Literal["response.content_part.added"] = "response.content_part.added"
    part: OpenAIOutputText


class OpenAIOutputTextDelta(OpenAIPartEvent):
    type: Literal["response.output_text.delta"] = "response.output_text.delta"
    delta: str
    logprobs: list[Any] = []


class OpenAIOutputTextDone(OpenAIPartEvent):
    type: Literal["response.output_text.done"] = "response.output_text.done"
    text: str
    logprobs: list[Any] = []


class OpenAIContentPartDone(OpenAIPartEvent):
    type: Literal["response.content_part.done"] = "response.content_part.done"
    part: OpenAIOutputText


class OpenAIOutputItemDone(OpenAIStreamEvent):
    type: Literal["response.output_item.done"] = "response.output_item.done"
    output_index: int
    item: OpenAIMessage


class OpenAIResponseCompleted(OpenAIStreamEvent):
    type: Literal["response.completed"] = "response.completed"
    response: OpenAIResponse


class OpenAIResponseFailed(OpenAIStreamEvent):
    """Also the last event of a cancelled turn, for which OpenAI has none."""

    type: Literal["response.failed"] = "response.failed"
    response: OpenAIResponse


class OpenAIResponseIncomplete(OpenAIStreamEvent):
    type: Literal["response.incomplete"] = "response.incomplete"
    response: OpenAIResponse


OpenAIEvent = TypeAliasType(
    "OpenAIEvent",
    Annotated[
        OpenAIResponseCreated
        | OpenAIResponseInProgress
        | OpenAIOutputItemAdded
        | OpenAIContentPartAdded
        | OpenAIOutputTextDelta
        | OpenAIOutputTextDone
        | OpenAIContentPartDone
        | OpenAIOutputItemDone
        | OpenAIResponseCompleted
        | OpenAIResponseFailed
        | OpenAIResponseIncomplete,
        Field(discriminator="type"),
    ],
)
