"""Rows before events, deltas in groups, and nothing out of order."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic_core import PydanticSerializationError

from cowork_desktop.agent.recorder import FLUSH_SECONDS, Recorder
from cowork_desktop.agent.stopped import INTERNAL
from cowork_desktop.ids import Ids
from cowork_desktop.schemas.conversations import ConversationCreate, ToolCallPart
from cowork_desktop.schemas.events import ToolCallDone, parse_frame
from cowork_desktop.schemas.responses import TurnError, Usage
from cowork_desktop.store import conversations, turns
from cowork_desktop.store.database import Database
from cowork_desktop.tasks import Tasks
from tests.fakes.clock import FakeClock


@dataclass(frozen=True)
class Desk:
    db: Database
    clock: FakeClock
    recorder: Recorder
    turn_id: str

    def published(self) -> list[str]:
        return [parse_frame(frame).type for frame in self.recorder.log._events]

    async def stored(self) -> list[str]:
        return [parse_frame(frame).type for frame in await self.db.read(turns.frames, self.turn_id)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    clock, tasks = FakeClock(), Tasks()
    ids = Ids(clock)
    async with Database.open(tmp_path / "x.db") as db:
        conversation = await db.write(conversations.create, ids.new("conv"), 1, ConversationCreate())
        turn_id = ids.new("resp")
        response = await db.write(
            lambda tx: turns.create(
                tx, id=turn_id, conversation_id=conversation.id, input="Hi", model="m", provider="p", now=1
            )
        )
        yield Desk(db, clock, Recorder(db, clock, tasks, response, ids.new("msg")), turn_id)
        await tasks.close()


async def test_a_delta_is_published_at_once_and_written_a_moment_later(desk: Desk) -> None:
    desk.recorder.text("Hel")
    desk.recorder.text("lo")
    told = ["response.output_item.added", "response.output_text.delta", "response.output_text.delta"]
    assert desk.published() == told
    assert await desk.stored() == []
    await desk.clock.until_sleeping()
    desk.clock.advance(FLUSH_SECONDS)
    async with asyncio.timeout(5):
        while not await desk.stored():
            await asyncio.sleep(0)
    assert await desk.stored() == told


async def test_a_tool_call_is_on_the_disk_before_it_is_told(desk: Desk) -> None:
    index = await desk.recorder.tool_begun("call_1", "look", 0)
    assert (
        desk.published() == await desk.stored() == ["response.output_item.added", "response.tool_call.added"]
    )
    call = ToolCallPart(
        call_id="call_1", name="look", arguments={}, output="x", status="success", seconds=0.1
    )
    await desk.recorder.tool_done(index, call)
    assert desk.published() == await desk.stored()


async def test_the_end_is_stored_with_the_item_before_it_is_told(desk: Desk) -> None:
    desk.recorder.text("Hello")
    await desk.recorder.finish(None)
    assert desk.published() == await desk.stored()
    assert desk.published()[-3:] == [
        "response.output_text.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert (await desk.db.read(turns.get, desk.turn_id)).output[0].text == "Hello"


async def test_text_around_a_tool_call_makes_parts_of_its_own(desk: Desk) -> None:
    desk.recorder.text("Before")
    index = await desk.recorder.tool_begun("call_1", "look", 0)
    desk.recorder.tool_arguments(index, "call_1", "{}")
    call = ToolCallPart(
        call_id="call_1", name="look", arguments={}, output="x", status="success", seconds=0.1
    )
    await desk.recorder.tool_done(index, call)
    desk.recorder.reasoning("Hm")
    desk.recorder.text("After")
    await desk.recorder.finish(None)
    parts = desk.recorder.transcript.parts()
    assert [part.type for part in parts] == ["text", "tool_call", "reasoning", "text"]
    numbers = [parse_frame(frame).sequence_number for frame in desk.recorder.log._events]
    assert numbers == list(range(len(numbers)))
    assert desk.published().count("response.output_text.done") == 2


LOST = ToolCallPart(call_id="call_1", name="look", arguments={}, output="half \ud83d", status="success")


async def test_what_cannot_be_written_is_no_part_of_the_answer_and_leaves_no_gap(desk: Desk) -> None:
    desk.recorder.text("Before")
    for name, call_id in (("look\ud800", "call_1"), ("look", "call_1\ud800")):
        with pytest.raises(PydanticSerializationError):
            await desk.recorder.tool_begun(call_id, name, 0)
    with pytest.raises(PydanticSerializationError):
        desk.recorder.reasoning("Hm \udfff")
    index = await desk.recorder.tool_begun("call_1", "look", 0)
    with pytest.raises(PydanticSerializationError):
        await desk.recorder.tool_done(index, LOST)
    await desk.recorder.finish(INTERNAL)
    assert [part.type for part in desk.recorder.transcript.parts()] == ["text", "tool_call"]
    assert desk.published() == await desk.stored()
    numbers = [parse_frame(frame).sequence_number for frame in desk.recorder.log._events]
    assert numbers == list(range(len(numbers)))
    stored = await desk.db.read(turns.get, desk.turn_id)
    assert (stored.status, stored.error) == ("failed", INTERNAL)


@pytest.mark.parametrize(
    ("error", "usage"),
    [
        (TurnError(type="invalid_request", message="half \ud83d"), Usage()),
        (None, Usage(input_tokens=10**30)),
    ],
)
async def test_an_end_that_cannot_be_stored_as_it_is_ends_the_turn_with_its_answer(
    desk: Desk, error: TurnError | None, usage: Usage
) -> None:
    desk.recorder.text("Hello")
    desk.recorder.usage = usage
    await desk.recorder.finish(error)
    stored = await desk.db.read(turns.get, desk.turn_id)
    assert (stored.status, stored.error, stored.usage) == ("failed", INTERNAL, Usage())
    assert [part.text for part in stored.output] == ["Hello"]
    assert desk.published() == await desk.stored()
    assert desk.published()[-2:] == ["response.output_item.done", "response.failed"]


async def test_an_answer_that_cannot_be_stored_ends_the_turn_without_it(desk: Desk) -> None:
    index = await desk.recorder.tool_begun("call_1", "look", 0)
    desk.recorder.transcript.apply(
        ToolCallDone(
            sequence_number=2,
            response_id=desk.turn_id,
            item_id="msg_1",
            output_index=0,
            content_index=index,
            call_id="call_1",
            call=LOST,
        )
    )
    await desk.recorder.finish(None)
    stored = await desk.db.read(turns.get, desk.turn_id)
    assert (stored.status, stored.error, stored.output) == ("failed", INTERNAL, [])
    assert desk.published() == await desk.stored()
    assert desk.published()[-1] == "response.failed"


async def test_readers_come_to_an_end_where_nothing_at_all_can_be_stored(desk: Desk) -> None:
    desk.recorder.text("Hello")
    await desk.db.write(lambda tx: tx.execute("DROP TABLE turn_events"))
    await desk.recorder.finish(None)
    async with asyncio.timeout(5):
        told = [parse_frame(frame).type async for frames in desk.recorder.log.follow() for frame in frames]
    assert told[-1] == "response.failed"
