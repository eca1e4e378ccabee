"""Every reader of a run gets its events in order, also of a log that begins anew."""

import asyncio
import json
from typing import Any

from cowork_desktop.kernels.outputs import Change
from cowork_desktop.kernels.run_log import RunLog
from cowork_desktop.schemas.scratchpads import Output

CELL = b'{"id":"cell_1"}'


def text(data: str, **fields: Any) -> Output:
    return Output(mime="text/plain", data=data, kind="stream", name="stdout", **fields)


def added(index: int, data: str) -> Change:
    return Change("add", index, text(data))


async def read(log: RunLog, after: int = -1) -> list[dict[str, Any]]:
    """The data of all events above `after`, to the end, whose frames must agree with them."""
    found = []
    async for frames in log.follow(after):
        for frame in frames:
            id, type, data, *rest = frame.decode().split("\n")
            event = json.loads(data.removeprefix("data: "))
            assert (id, type) == (f"id: {event['sequence_number']}", f"event: {event['type']}")
            assert rest == ["", ""]
            found.append(event)
    return found


def ended(*changes: Change, first: int = 0) -> RunLog:
    log = RunLog("run_1", first=first)
    for change in changes:
        log.change(change)
    log.end("success", CELL)
    return log


async def test_each_kind_of_change_is_an_event_of_its_own_shape() -> None:
    log = ended(
        added(0, "a"),
        Change("append", 0, text("b")),
        Change("replace", 0, Output(mime="text/html", data="<b>", display_id="one")),
        Change("clear"),
    )
    stream = {"run_id": "run_1", "index": 0, "mime": "text/plain", "kind": "stream", "name": "stdout"}
    assert await read(log) == [
        {"type": "output", "sequence_number": 0, "data": "a", **stream},
        {"type": "output", "sequence_number": 1, "data": "b", "append": True, **stream},
        {
            "type": "update",
            "sequence_number": 2,
            "run_id": "run_1",
            "index": 0,
            "mime": "text/html",
            "data": "<b>",
            "display_id": "one",
        },
        {"type": "clear", "sequence_number": 3, "run_id": "run_1"},
        {
            "type": "done",
            "sequence_number": 4,
            "run_id": "run_1",
            "status": "success",
            "cell": {"id": "cell_1"},
        },
    ]


async def test_a_reader_gets_what_comes_after_the_event_that_it_has() -> None:
    log = ended(*(added(n, str(n)) for n in range(5)))
    everything = await read(log)
    assert [event["sequence_number"] for event in everything] == list(range(6))
    for after in range(-1, 7):
        assert await read(log, after) == everything[after + 1 :]


async def test_a_reader_is_told_what_comes_while_it_reads() -> None:
    log = RunLog("run_1")
    log.change(added(0, "a"))
    reader = asyncio.create_task(read(log))
    await asyncio.sleep(0)
    log.change(added(1, "b"))
    await asyncio.sleep(0)
    assert not reader.done()
    log.end("error", CELL)
    assert [(event.get("data"), event.get("status")) for event in await reader] == [
        ("a", None),
        ("b", None),
        (None, "error"),
    ]


async def test_lines_in_an_output_do_not_break_its_frame() -> None:
    [output, _] = await read(ended(added(0, "a\n\nb\r\ndata: c\u2028\u0085")))
    assert output["data"] == "a\n\nb\r\ndata: c\u2028\u0085"


async def test_a_restated_log_begins_with_clear_and_its_number() -> None:
    log = RunLog("run_1", first=7)
    log.restate([text("a"), text("b")])
    log.end("success", CELL)
    events = await read(log, after=6)
    assert [(event["type"], event["sequence_number"]) for event in events] == [
        ("clear", 7),
        ("output", 8),
        ("output", 9),
        ("done", 10),
    ]


async def test_who_comes_late_to_a_log_that_began_anew_gets_the_outputs_as_they_were_then() -> None:
    log = RunLog("run_1")
    for n in range(100):
        log.change(Change("clear"))
        log.change(added(0, f"frame {n}"))
    log.begin_anew([text("frame 99")])
    log.change(Change("append", 0, text("!")))
    log.end("success", CELL)
    events = await read(log)
    assert [(event["type"], event["sequence_number"]) for event in events] == [
        ("clear", 200),
        ("output", 201),
        ("output", 202),
        ("done", 203),
    ]
    assert events[1]["data"] == "frame 99"
    assert await read(log, after=201) == events[2:]


async def test_who_reads_along_misses_nothing_where_a_log_begins_anew() -> None:
    log = RunLog("run_1")
    log.change(added(0, "a"))
    reader = asyncio.create_task(read(log))
    await asyncio.sleep(0)
    log.change(added(1, "b"))
    log.begin_anew([text("a"), text("b")])
    log.change(added(2, "c"))
    log.begin_anew([text("a"), text("b"), text("c")])
    log.end("success", CELL)
    events = await reader
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    found: list[str] = []
    for event in events[:-1]:
        found = [] if event["type"] == "clear" else [*found, event["data"]]
    assert found == ["a", "b", "c"]


async def test_the_size_of_a_log_is_of_what_it_holds_now() -> None:
    log = RunLog("run_1")
    for n in range(10):
        log.change(added(n, "x" * 1_000))
    assert log.size > 10_000
    assert not log.is_large
    log.begin_anew([text("small")])
    assert log.size < 1_000


async def test_a_log_of_many_megabytes_is_large() -> None:
    log = RunLog("run_1")
    while not log.is_large:
        log.change(Change("append", 0, text("x" * 1_000_000)))
    assert 60_000_000 < log.size < 80_000_000
