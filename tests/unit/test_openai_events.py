"""The translation of a turn's events into OpenAI's, event by event."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from cowork_desktop.api.openai_events import item_id_of, response_of, translate
from cowork_desktop.schemas import events
from cowork_desktop.schemas.approvals import Approval
from cowork_desktop.schemas.conversations import (
    ArtifactLink,
    ArtifactPart,
    Item,
    MemoryLink,
    PageLink,
    ReasoningPart,
    TextPart,
    ToolCallPart,
)
from cowork_desktop.schemas.events import TurnEvent, to_frame
from cowork_desktop.schemas.responses import AgentResponse, TurnError, Usage

_theirs: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
AT = "2026-06-11T10:00:00.250Z"
USAGE = Usage(input_tokens=10, output_tokens=5, cache_read_input_tokens=300, cache_creation_input_tokens=20)


def turn(*texts: str, error: TurnError | None = None, is_running: bool = False) -> AgentResponse:
    return AgentResponse(
        id="resp_1",
        conversation_id="conv_1",
        input="Hi",
        output=[TextPart(text=text) for text in texts],
        status="in_progress" if is_running else "failed" if error else "completed",
        model="claude-opus-4-8",
        provider="anthropic",
        usage=USAGE,
        error=error,
        memory_ids=[],
        created_at=AT,
        finished_at=None if is_running else "2026-06-11T10:00:07.000Z",
    )


class Log:
    """A turn's frames, numbered as they are added."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        begun = turn(is_running=True)
        self.add(events.ResponseCreated, response=begun)
        self.add(events.ResponseInProgress, response=begun)

    def add(self, kind: type[events.Event], **fields: Any) -> None:
        event: TurnEvent = kind(sequence_number=len(self.frames), response_id="resp_1", **fields)  # type: ignore[assignment]
        self.frames.append(to_frame(event))

    def item(self) -> None:
        item = Item(
            id="msg_1",
            conversation_id="conv_1",
            response_id="resp_1",
            role="assistant",
            content="",
            parts=[],
            created_at=AT,
        )
        self.add(events.OutputItemAdded, output_index=0, item=item)

    def text(self, index: int, *deltas: str) -> None:
        place = {"item_id": "msg_1", "output_index": 0, "content_index": index}
        for delta in deltas:
            self.add(events.OutputTextDelta, **place, delta=delta)
        self.add(events.OutputTextDone, **place, text="".join(deltas))

    def call(self, index: int) -> None:
        place = {"item_id": "msg_1", "output_index": 0, "content_index": index}
        call = ToolCallPart(call_id="c", name="t", arguments={}, output="", status="success")
        self.add(events.ToolCallAdded, **place, call_id="c", name="t")
        self.add(events.ToolCallArgumentsDelta, **place, call_id="c", delta="{}")
        self.add(events.ToolCallDone, **place, call_id="c", call=call)

    def end(self, response: AgentResponse) -> None:
        self.add(events.ResponseFailed if response.error else events.ResponseCompleted, response=response)


async def told(frames: Sequence[bytes], after: int = -1, *, size: int = 1000) -> list[dict[str, Any]]:
    """The translated events, each of which must be one of OpenAI's."""

    async def batches() -> AsyncIterator[Sequence[bytes]]:
        for start in range(0, len(frames), size):
            yield frames[start : start + size]

    found = []
    async for translated in translate(batches(), after):
        for frame in translated:
            id, event, data = frame.decode().removesuffix("\n\n").split("\n")
            parsed: dict[str, Any] = json.loads(data.removeprefix("data: "))
            assert (id, event) == (f"id: {parsed['sequence_number']}", f"event: {parsed['type']}")
            assert _theirs.validate_python(parsed).type == parsed["type"]
            found.append(parsed)
    return found


def short(told: list[dict[str, Any]]) -> list[str]:
    """The types without `response.`, with the place or the text that they tell."""
    return [
        " ".join(
            str(part)
            for part in (
                event["type"].removeprefix("response."),
                event.get("content_index"),
                event.get("delta"),
                event.get("text"),
            )
            if part is not None
        )
        for event in told
    ]


def log_with_a_tool() -> Log:
    log = Log()
    log.item()
    log.add(events.ReasoningDelta, item_id="msg_1", output_index=0, content_index=0, delta="Hm.")
    log.text(1, "Let me ", "look.")
    log.call(2)
    log.add(
        events.ResponseRetrying,
        attempt=1,
        wait_seconds=0.5,
        error=TurnError(type="overloaded", message="Busy."),
    )
    log.text(3, "Found.")
    log.add(events.TitleUpdated, conversation_id="conv_1", title="T")
    log.end(turn("Let me look.", "Found."))
    return log


async def test_texts_around_a_tools_call_are_parts_of_one_message() -> None:
    found = await told(log_with_a_tool().frames)
    assert short(found) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added 0",
        "output_text.delta 0 Let me ",
        "output_text.delta 0 look.",
        "output_text.done 0 Let me look.",
        "content_part.done 0",
        "content_part.added 1",
        "output_text.delta 1 Found.",
        "output_text.done 1 Found.",
        "content_part.done 1",
        "output_item.done",
        "completed",
    ]
    assert [event["sequence_number"] for event in found] == list(range(14))
    assert found[-1]["response"]["output"] == [found[-2]["item"]]
    assert found[-2]["item"]["status"] == "completed"


def approval(status: Literal["pending", "allowed"]) -> Approval:
    return Approval(
        id="appr_1",
        response_id="resp_1",
        conversation_id="conv_1",
        project_id="proj_1",
        kind="approval",
        tool="fetch_page",
        effect="outside",
        subject="example.com",
        summary="Fetch a page of example.com.",
        reason="It is beyond this machine.",
        arguments={"url": "https://example.com"},
        options=[],
        status=status,
        answer=None,
        created_at=AT,
        expires_at=None,
        decided_at=None if status == "pending" else AT,
    )


async def test_what_openai_has_no_word_for_changes_nothing_of_what_is_told() -> None:
    """A turn that waits for its user, makes an artifact and a summary reads like one that does not."""
    log, place = Log(), {"item_id": "msg_1", "output_index": 0}
    artifact = ArtifactPart(artifact_id="art_1", version=1, title="Herons", artifact_type="report")
    call = ToolCallPart(
        call_id="c",
        name="fetch_page",
        arguments={"url": "https://example.com"},
        output="Herons.",
        status="success",
        source="the page https://example.com",
        links=[PageLink(url="https://example.com"), ArtifactLink(artifact_id="art_1", version=1, title="H")],
    )
    parts = [
        ReasoningPart(text="Hm."),
        TextPart(text="Let me look."),
        call,
        artifact,
        TextPart(text="Found."),
        ToolCallPart(
            call_id="d",
            name="remember",
            arguments={},
            output="Yes.",
            status="success",
            links=[MemoryLink(memory_id="mem_1")],
        ),
    ]
    log.item()
    log.add(events.ReasoningDelta, **place, content_index=0, delta="Hm.")
    log.text(1, "Let me ", "look.")
    log.add(events.ToolCallAdded, **place, content_index=2, call_id="c", name="fetch_page", round=1)
    log.add(events.ApprovalRequested, approval=approval("pending"))
    log.add(events.ApprovalResolved, approval=approval("allowed"))
    log.add(events.ToolCallOutputDelta, **place, content_index=2, call_id="c", delta="50 %")
    log.add(events.ToolCallDone, **place, content_index=2, call_id="c", call=call)
    log.add(events.ArtifactCreated, **place, content_index=3, artifact=artifact)
    log.add(events.ContextCompacted, tokens_before=180_000, tokens_after=9_000)
    log.text(4, "Found.")
    item = Item(
        id="msg_1",
        conversation_id="conv_1",
        response_id="resp_1",
        role="assistant",
        content="Let me look.\n\nFound.",
        parts=parts,
        created_at=AT,
    )
    log.add(events.OutputItemDone, output_index=0, item=item)
    log.end(turn("Let me look.", "Found."))
    assert await told(log.frames) == await told(log_with_a_tool().frames)


async def test_a_turn_that_waits_for_its_user_is_in_progress() -> None:
    log = Log()
    log.item()
    log.text(0, "I need to ask.")
    log.add(events.ApprovalRequested, approval=approval("pending"))
    found = await told(log.frames)
    assert short(found)[-2:] == ["output_text.done 0 I need to ask.", "content_part.done 0"]
    assert response_of(turn("I need to ask.", is_running=True), "msg_1").status == "in_progress"


async def test_a_turn_that_only_called_tools_has_no_message() -> None:
    log = Log()
    log.item()
    log.call(0)
    log.end(turn(error=TurnError(type="network", message="Cut.")))
    found = await told(log.frames)
    assert short(found) == ["created", "in_progress", "failed"]
    assert found[-1]["response"]["output"] == []


async def test_empty_deltas_make_no_part() -> None:
    log = Log()
    log.item()
    log.text(0, "", "")
    log.call(1)
    log.text(2, "", "Yes")
    log.end(turn("Yes"))
    found = await told(log.frames)
    assert short(found)[3:] == [
        "content_part.added 0",
        "output_text.delta 0 Yes",
        "output_text.done 0 Yes",
        "content_part.done 0",
        "output_item.done",
        "completed",
    ]
    assert [part["text"] for part in found[-1]["response"]["output"][0]["content"]] == ["Yes"]


async def test_the_batches_that_frames_come_in_change_nothing() -> None:
    frames = log_with_a_tool().frames
    whole = await told(frames)
    assert await told(frames, size=1) == whole
    assert await told(frames, size=3) == whole


async def test_a_reader_goes_on_after_what_it_has() -> None:
    frames = log_with_a_tool().frames
    whole = await told(frames)
    for after in range(len(whole)):
        assert await told(frames, after) == whole[after + 1 :]


async def test_a_reader_ahead_of_what_outlived_a_crash_gets_the_end() -> None:
    assert short(await told(log_with_a_tool().frames, 99)) == ["completed"]


async def test_a_long_log_is_translated_whole() -> None:
    log = Log()
    log.item()
    log.text(0, *["x"] * 1200)
    log.end(turn("x" * 1200))
    found = await told(log.frames, size=5000)
    assert [event["sequence_number"] for event in found] == list(range(1200 + 8))
    assert "".join(event.get("delta", "") for event in found) == "x" * 1200


@pytest.mark.parametrize(
    ("type", "status", "code", "reason", "last"),
    [
        ("cancelled", "cancelled", None, None, "failed"),
        ("limit_reached", "incomplete", None, "max_output_tokens", "incomplete"),
        ("refusal", "incomplete", None, "content_filter", "incomplete"),
        ("rate_limited", "failed", "rate_limit_exceeded", None, "failed"),
        ("context_too_long", "failed", "invalid_prompt", None, "failed"),
        ("interrupted", "failed", "server_error", None, "failed"),
        ("a kind of tomorrow", "failed", "server_error", None, "failed"),
    ],
)
async def test_each_way_to_fail_has_its_words(
    type: str, status: str, code: str | None, reason: str | None, last: str
) -> None:
    log = Log()
    log.item()
    log.text(0, "Half")
    log.end(turn("Half", error=TurnError(type=type, message="Why.")))
    found = await told(log.frames)
    response = found[-1]["response"]
    assert found[-1]["type"] == f"response.{last}"
    assert response["status"] == status
    assert response["error"] == (code and {"code": code, "message": "Why.", "type": type})
    assert response["incomplete_details"] == (reason and {"reason": reason, "message": "Why."})
    assert response["output"][0]["status"] == "incomplete"
    assert response["output"][0]["content"][0]["text"] == "Half"


def test_the_object_has_each_field_of_openais() -> None:
    wire = response_of(turn("Hello"), "msg_1").model_dump(mode="json")
    assert wire == {
        "id": "resp_1",
        "object": "response",
        "created_at": 1781172000,
        "completed_at": 1781172007,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": "claude-opus-4-8",
        "output": [
            {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": "Hello", "annotations": [], "logprobs": []}],
            }
        ],
        "conversation": {"id": "conv_1"},
        "usage": {
            "input_tokens": 330,
            "input_tokens_details": {"cached_tokens": 300, "cache_write_tokens": 20},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 335,
        },
        "previous_response_id": None,
        "instructions": None,
        "background": False,
        "max_output_tokens": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "store": True,
        "temperature": None,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "truncation": "disabled",
    }
    assert Response.model_validate(wire, strict=True).output_text == "Hello"


def test_a_running_turn_shows_its_text_so_far_and_no_usage() -> None:
    wire = response_of(turn("So far", is_running=True), "msg_1")
    assert (wire.status, wire.output[0].status, wire.usage) == ("in_progress", "in_progress", None)
    assert Response.model_validate(wire.model_dump(mode="json")).output_text == "So far"


def test_the_answers_item_is_found_in_the_log() -> None:
    log = Log()
    assert item_id_of(log.frames) is None
    log.item()
    assert item_id_of(log.frames) == "msg_1"


def test_a_delta_that_quotes_an_event_is_no_event() -> None:
    log = Log()
    log.item()
    quoted = "\nevent: response.output_item.added\n"
    log.text(0, quoted)
    assert item_id_of(log.frames[3:]) is None
