"""The frames of events, written in one way and in a cheaper one."""

import pytest

from cowork_desktop.schemas.events import DeltaFrames, OutputTextDelta, parse_frame, to_frame


@pytest.mark.parametrize("delta", ["word ", "", '"quoted"\n\\', "%d %b {0}", "Zoë 🐢\u2028\x7f\x01"])
@pytest.mark.parametrize("number", [0, 7, 123_456])
def test_a_delta_has_the_same_frame_written_either_way(number: int, delta: str) -> None:
    event = OutputTextDelta(
        sequence_number=number,
        response_id="resp_100%d",
        item_id="msg_1",
        output_index=0,
        content_index=2,
        delta=delta,
    )
    frame = DeltaFrames("resp_100%d", "msg_1", 2).frame(number, delta)
    assert frame == to_frame(event)
    assert parse_frame(frame) == event
