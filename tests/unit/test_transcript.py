"""The answer's parts as the events of its turn make them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.agent.transcript import Transcript
from cowork_desktop.schemas import events
from cowork_desktop.schemas.approvals import Approval
from cowork_desktop.schemas.conversations import ArtifactPart, Part, ReasoningPart, TextPart, ToolCallPart
from cowork_desktop.schemas.events import TurnEvent, parse_frame, to_frame
from cowork_desktop.schemas.responses import TurnError

AT = "2026-06-11T10:00:00.000Z"
ARTIFACT = ArtifactPart(artifact_id="art_1", version=2, title="Herons", artifact_type="report")


def event(kind: type[events.Event], **fields: Any) -> TurnEvent:
    made: TurnEvent = kind(sequence_number=0, response_id="resp_1", **fields)  # type: ignore[assignment]
    return made


def about(kind: type[events.PartEvent], index: int, **fields: Any) -> TurnEvent:
    return event(kind, item_id="msg_1", output_index=0, content_index=index, **fields)


def text(index: int, delta: str) -> TurnEvent:
    return about(events.OutputTextDelta, index, delta=delta)


def reasoning(index: int, delta: str) -> TurnEvent:
    return about(events.ReasoningDelta, index, delta=delta)


def begun(index: int, call_id: str = "c", name: str = "look", round: int = 0) -> TurnEvent:
    return about(events.ToolCallAdded, index, call_id=call_id, name=name, round=round)


def call(call_id: str = "c", name: str = "look", **fields: Any) -> ToolCallPart:
    return ToolCallPart(
        **{"call_id": call_id, "name": name, "arguments": {}, "output": "x", "status": "success", **fields}
    )


def ended(index: int, part: ToolCallPart) -> TurnEvent:
    return about(events.ToolCallDone, index, call_id=part.call_id, call=part)


def approval(status: str) -> Approval:
    return Approval.model_validate(
        {
            "id": "appr_1",
            "response_id": "resp_1",
            "conversation_id": "conv_1",
            "project_id": "proj_1",
            "kind": "approval",
            "tool": "look",
            "effect": "outside",
            "subject": "",
            "summary": "Look.",
            "reason": "It is outside.",
            "arguments": {},
            "options": [],
            "status": status,
            "answer": None,
            "created_at": AT,
            "expires_at": None,
            "decided_at": None,
        }
    )


def folded(*told: TurnEvent) -> Transcript:
    transcript = Transcript()
    for each in told:
        transcript.apply(each)
    return transcript


def test_a_transcript_begins_empty() -> None:
    transcript = Transcript()
    assert (len(transcript), transcript.parts(), transcript.output()) == (0, [], [])
    assert not transcript.is_open(TextPart)


def test_deltas_of_one_part_are_one_text() -> None:
    transcript = folded(text(0, "Hel"), text(0, ""), text(0, "lo"))
    assert transcript.parts() == [TextPart(text="Hello")]
    assert (len(transcript), transcript.text(0)) == (1, "Hello")


def test_parts_stand_in_the_order_in_which_they_began() -> None:
    done = call(arguments={"a": 1}, output="Found.", seconds=0.5, source="the file x", round=3)
    transcript = folded(
        reasoning(0, "Hm."),
        text(1, "Let me look."),
        begun(2, round=3),
        ended(2, done),
        reasoning(3, "Aha."),
        text(4, "It is"),
        text(4, " 42."),
    )
    assert transcript.parts() == [
        ReasoningPart(text="Hm."),
        TextPart(text="Let me look."),
        done,
        ReasoningPart(text="Aha."),
        TextPart(text="It is 42."),
    ]


def test_a_call_that_has_not_ended_runs() -> None:
    assert folded(begun(0, "c1", "run", 2)).parts() == [
        ToolCallPart(call_id="c1", name="run", arguments={}, output="", status="running", round=2)
    ]


def test_calls_that_run_side_by_side_end_in_any_order() -> None:
    first, second, third = call("c1", output="1"), call("c2", status="error"), call("c3", output="3")
    transcript = folded(
        begun(0, "c1"), begun(1, "c2"), begun(2, "c3"), ended(2, third), ended(0, first), ended(1, second)
    )
    assert transcript.parts() == [first, second, third]


def test_an_artifact_is_a_part_where_it_was_made() -> None:
    one, two = call("c1"), call("c2")
    transcript = folded(
        begun(0, "c1"),
        begun(1, "c2"),
        ended(1, two),
        about(events.ArtifactCreated, 2, artifact=ARTIFACT),
        ended(0, one),
        text(3, "Done."),
    )
    assert transcript.parts() == [one, two, ARTIFACT, TextPart(text="Done.")]
    assert transcript.output() == [TextPart(text="Done.")]


def test_text_after_an_artifact_is_a_part_of_its_own() -> None:
    transcript = folded(text(0, "Here:"), about(events.ArtifactCreated, 1, artifact=ARTIFACT))
    assert not transcript.is_open(TextPart)
    transcript.apply(text(2, "So."))
    assert transcript.parts() == [TextPart(text="Here:"), ARTIFACT, TextPart(text="So.")]


@pytest.mark.parametrize(
    "told",
    [
        about(events.ToolCallOutputDelta, 1, call_id="c", delta="50 %"),
        about(events.ToolCallArgumentsDelta, 1, call_id="c", delta='{"a"'),
        about(events.OutputTextDone, 0, text="Hi"),
        event(events.ApprovalRequested, approval=approval("pending")),
        event(events.ApprovalResolved, approval=approval("allowed")),
        event(events.ContextCompacted, tokens_before=9, tokens_after=1),
        event(
            events.ResponseRetrying,
            attempt=1,
            wait_seconds=1.0,
            error=TurnError(type="overloaded", message="Busy."),
        ),
        event(events.TitleUpdated, conversation_id="conv_1", title="T"),
    ],
    ids=lambda told: told.type,
)
def test_what_is_not_of_the_answer_changes_no_part(told: TurnEvent) -> None:
    transcript = folded(text(0, "Hi"), begun(1))
    before = transcript.parts()
    transcript.apply(told)
    assert transcript.parts() == before
    assert len(transcript) == 2


def test_only_the_last_part_is_open() -> None:
    transcript = folded(text(0, "a"))
    assert (transcript.is_open(TextPart), transcript.is_open(ReasoningPart)) == (True, False)
    transcript.apply(reasoning(1, "b"))
    assert (transcript.is_open(TextPart), transcript.is_open(ReasoningPart)) == (False, True)
    transcript.apply(begun(2))
    assert (transcript.is_open(TextPart), transcript.is_open(ReasoningPart)) == (False, False)


def test_a_text_without_a_word_is_no_output() -> None:
    transcript = folded(text(0, ""), begun(1), text(2, "Yes"), reasoning(3, "Hm."))
    assert transcript.output() == [TextPart(text="Yes")]


@given(st.data())
def test_the_stored_frames_make_the_same_parts_as_the_events_did(data: st.DataObject) -> None:
    """A turn of any course: told live, and read again after a crash in the middle of it."""
    told, parts = list[TurnEvent](), list[Part]()
    running = dict[int, str]()
    for _ in range(data.draw(st.integers(0, 12))):
        kind = data.draw(st.sampled_from(["text", "reasoning", "call", "end", "artifact", "other"]))
        index = len(parts)
        if kind in ("text", "reasoning"):
            delta, part = data.draw(st.text(max_size=3)), TextPart if kind == "text" else ReasoningPart
            if parts and isinstance(parts[-1], part):
                index -= 1
                parts[-1] = part(text=parts[-1].text + delta)
            else:
                parts.append(part(text=delta))
            told.append(text(index, delta) if kind == "text" else reasoning(index, delta))
        elif kind == "call":
            running[index] = f"call_{index}"
            parts.append(call(f"call_{index}", output="", status="running"))
            told.append(begun(index, f"call_{index}"))
        elif kind == "end" and running:
            index = data.draw(st.sampled_from(sorted(running)))
            done = call(running.pop(index), output=data.draw(st.text(max_size=3)))
            parts[index] = done
            told.append(ended(index, done))
        elif kind == "artifact":
            parts.append(ARTIFACT)
            told.append(about(events.ArtifactCreated, index, artifact=ARTIFACT))
        elif kind == "other":
            told.append(event(events.ContextCompacted, tokens_before=2, tokens_after=1))
    live = folded(*told)
    again = folded(*(parse_frame(to_frame(each)) for each in told))
    assert live.parts() == again.parts() == parts
    assert len(live) == len(parts)
