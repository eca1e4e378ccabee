"""The events that were recorded for the page's tests are such as the server would send today.

Where one fails: `python -m tests.record_events` records them anew.
"""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from cowork_desktop.agent.transcript import Transcript
from cowork_desktop.schemas.conversations import Item
from cowork_desktop.schemas.events import TurnEvent
from cowork_desktop.schemas.responses import ResponseDetail
from cowork_desktop.schemas.scratchpads import Cell, CellEvent
from tests.record_events import CELLS, FOLDER, TURNS, stream_texts

RUNS = [f"cell_{name}" for name in CELLS]
_turn_event: TypeAdapter[TurnEvent] = TypeAdapter(TurnEvent)
_cell_event: TypeAdapter[CellEvent] = TypeAdapter(CellEvent)


def recorded(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def types(union: Any) -> set[str]:
    """The `type` of each event of a union."""
    members = get_args(get_args(union.__value__)[0])
    return {member.model_fields["type"].default for member in members}


def test_all_that_can_be_recorded_is_there_and_nothing_else() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {*TURNS, *RUNS, "stream_texts"}


@pytest.mark.parametrize("name", TURNS)
def test_a_recorded_turn_is_as_the_server_tells_it(name: str) -> None:
    told = recorded(name)
    events = [_turn_event.validate_python(event) for event in told["events"]]
    assert [event.model_dump(mode="json") for event in events] == told["events"]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    response = ResponseDetail.model_validate(told["response"])
    assert response.model_dump(mode="json") == told["response"]
    transcript = Transcript()
    for event in events:
        transcript.apply(event)
    assert transcript.parts() == response.parts
    if told["item"] is None:
        assert response.parts == []
    else:
        item = Item.model_validate(told["item"])
        assert item.model_dump(mode="json") == told["item"]
        assert item.parts == response.parts


@pytest.mark.parametrize("name", RUNS)
def test_a_recorded_run_is_as_the_server_tells_it(name: str) -> None:
    told = recorded(name)
    events = [_cell_event.validate_python(event) for event in told["events"]]
    assert [event.model_dump(mode="json", exclude_unset=True) for event in events] == told["events"]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    cells = [cell for cell in (told["cell"], told["output_cell"]) if cell]
    assert [Cell.model_validate(cell).model_dump(mode="json", exclude_unset=True) for cell in cells] == cells


def test_the_recordings_have_every_event_that_there_is() -> None:
    turns = {event["type"] for name in TURNS for event in recorded(name)["events"]}
    runs = {event["type"] for name in RUNS for event in recorded(name)["events"]}
    assert turns == types(TurnEvent)
    assert runs == types(CellEvent)


def test_text_that_goes_back_is_shown_as_recorded() -> None:
    assert stream_texts() == recorded("stream_texts")


def test_no_recording_tells_of_the_machine_it_was_made_on() -> None:
    for path in FOLDER.glob("*.json"):
        text = path.read_text("utf-8")
        assert str(Path.home()) not in text
        assert str(Path(__file__).parents[2]) not in text
