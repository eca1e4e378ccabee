"""What windows and the desktop shell are told, whatever they show, and what they get who were away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop import keys
from cowork_desktop.notifications import KEPT, Notifications
from cowork_desktop.schemas.approvals import Approval
from cowork_desktop.schemas.notifications import ScheduleChanged
from cowork_desktop.store import turns
from cowork_desktop.store.database import Tx
from tests.fakes.approvals import page_request
from tests.fakes.artifacts import general
from tests.fakes.asking import answer, asked, begin
from tests.fakes.clock import START, FakeClock
from tests.fakes.model import ScriptedModel, call, say
from tests.fakes.server import Frame, Server, fault, running_server

OTHER_RUN = "inst_00000000000000000000"
QUESTION = call("ask_user", {"question": "Which year?"}, '{"question": "Which year?"}')


class Window:
    """A client that follows the events, but those of resources, which have tests of their own; `opened` is
    the first one."""

    def __init__(self, opened: Frame, frames: AsyncIterator[Frame]) -> None:
        self.opened = opened
        self._frames = (frame async for frame in frames if frame.type != "resource.changed")

    async def next(self) -> Frame:
        return await asyncio.wait_for(anext(self._frames), 5)

    async def several(self, n: int) -> list[Frame]:
        return [await self.next() for _ in range(n)]

    async def rest(self) -> list[Frame]:
        """All to come, until the stream ends."""
        async with asyncio.timeout(5):
            return [frame async for frame in self._frames]


@asynccontextmanager
async def a_window(server: Server, **options: Any) -> AsyncIterator[Window]:
    async with server.stream("GET", "/events", **options) as frames:
        yield Window(await asyncio.wait_for(anext(frames), 5), frames)


def id_of(frame: Frame) -> str:
    """The whole `id`, which a browser sends when it connects again."""
    return frame.raw.decode().partition("\n")[0].removeprefix("id: ")


def has_seen(frame: Frame) -> dict[str, str]:
    return {"Last-Event-ID": id_of(frame)}


def tell(server: Server, *ids: Any) -> None:
    for id in ids:
        server.app[keys.NOTIFICATIONS].tell(ScheduleChanged, schedule_id=str(id), project_id="proj_1")


def told(frames: list[Frame]) -> list[str]:
    """The ids with which `tell` was called."""
    return [frame.data["schedule_id"] for frame in frames]


async def request(server: Server, **fields: Any) -> Approval:
    """What a call of a turn asks, which has ended so that nothing but the test does anything in it."""
    conversation = await server.conversation()
    id, now = server.app[keys.IDS].new("resp"), server.app[keys.CLOCK].now()
    await server.app[keys.DB].write(_create_turn, id, conversation, now)
    about = {"turn_id": id, "conversation_id": conversation, "project_id": await general(server)}
    return await server.app[keys.APPROVALS].ask(page_request(**(about | fields)))


def _create_turn(tx: Tx, id: str, conversation: str, now: int) -> None:
    about: dict[str, Any] = {"input": "Hello", "model": "m", "provider": "offline"}
    turns.create(tx, id=id, conversation_id=conversation, now=now, **about)


# The stream


async def test_a_stream_begins_with_the_run_of_the_server_that_it_is_of(server: Server) -> None:
    instance = server.app[keys.INSTANCE].id
    async with a_window(server) as window:
        assert window.opened.data == {
            "type": "stream.opened",
            "sequence_number": -1,
            "instance_id": instance,
            "is_complete": True,
        }
        assert (window.opened.type, id_of(window.opened)) == ("stream.opened", f"{instance}:-1")
        tell(server, "a", "b")
        frames = await window.several(2)
        assert [id_of(frame) for frame in frames] == [f"{instance}:0", f"{instance}:1"]
        assert frames[1].data == {
            "type": "schedule.changed",
            "sequence_number": 1,
            "schedule_id": "b",
            "project_id": "proj_1",
        }


async def test_who_comes_later_is_told_what_happens_from_then_on(server: Server) -> None:
    tell(server, 1, 2)
    async with a_window(server) as window:
        assert (window.opened.id, window.opened.data["is_complete"]) == (1, True)
        tell(server, 3)
        assert told([await window.next()]) == ["3"]


async def test_all_windows_get_the_same_bytes(server: Server) -> None:
    async with a_window(server) as one, a_window(server) as other:
        response = await server.say(await server.conversation(), "Hello")
        frames = await one.several(2)
        assert [frame.data["response_id"] for frame in frames] == [response["id"]] * 2
        assert [frame.raw for frame in frames] == [frame.raw for frame in await other.several(2)]


async def test_it_streams_whatever_is_accepted(server: Server) -> None:
    for accepted in ("text/event-stream", "*/*", "application/json"):
        async with a_window(server, headers={"Accept": accepted}) as window:
            assert window.opened.type == "stream.opened"


async def test_head_has_the_headers_alone(server: Server) -> None:
    answer = await server.call("HEAD", "/events")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_whoever_follows_gets_a_sign_of_life_in_every_silence(timed: Server, clock: FakeClock) -> None:
    async with timed.session.get(f"{timed.url}/api/v1/events") as response:
        await response.content.readuntil(b"\n\n")
        for n in range(3):
            while clock.slept.count(15.0) <= n:
                await asyncio.sleep(0.01)
            clock.advance(15)
            assert await response.content.readuntil(b"\n\n") == b": keep-alive\n\n"


# Who was away


async def test_who_connects_again_gets_exactly_what_it_has_missed(server: Server) -> None:
    async with a_window(server) as window:
        tell(server, 1, 2)
        seen = await window.next()
    tell(server, 3, 4)
    async with a_window(server, headers=has_seen(seen)) as window:
        assert (window.opened.id, window.opened.data["is_complete"]) == (seen.id, True)
        missed = await window.several(3)
        tell(server, 5)
        assert told([*missed, await window.next()]) == ["2", "3", "4", "5"]


async def test_who_left_before_the_first_event_misses_none(server: Server) -> None:
    async with a_window(server) as window:
        seen = window.opened
    tell(server, 1)
    async with a_window(server, headers=has_seen(seen)) as window:
        assert window.opened.data["is_complete"] is True
        assert told([await window.next()]) == ["1"]


async def test_who_has_missed_nothing_gets_nothing_twice(server: Server) -> None:
    tell(server, 1, 2)
    async with a_window(server) as window:
        seen = window.opened
    async with a_window(server, headers=has_seen(seen)) as window:
        assert (id_of(window.opened), window.opened.data["is_complete"]) == (id_of(seen), True)
        tell(server, 3)
        assert told([await window.next()]) == ["3"]


async def test_the_last_event_can_stand_in_the_address(server: Server) -> None:
    async with a_window(server) as window:
        tell(server, 1, 2, 3)
        first, second, _ = await window.several(3)
    async with a_window(server, params={"after": id_of(first)}) as window:
        assert told(await window.several(2)) == ["2", "3"]
    # A browser connects again to the same address, and says what it has got meanwhile.
    async with a_window(server, params={"after": id_of(first)}, headers=has_seen(second)) as window:
        assert told([await window.next()]) == ["3"]


@pytest.mark.parametrize(
    "seen", [f"{OTHER_RUN}:0", f"{OTHER_RUN}:-1", f"{OTHER_RUN}:999", "{own}:2", "{own}:999"]
)
async def test_what_this_run_has_not_told_means_that_more_may_be_missed(seen: str, server: Server) -> None:
    tell(server, 1, 2)
    id = seen.format(own=server.app[keys.INSTANCE].id)
    async with a_window(server, params={"after": id}) as window:
        assert (window.opened.id, window.opened.data["is_complete"]) == (-1, False)
        assert told(await window.several(2)) == ["1", "2"]


async def test_who_was_away_for_too_long_gets_what_is_kept_and_is_told_so(server: Server) -> None:
    async with a_window(server) as window:
        tell(server, "first", "second")
        first, second = await window.several(2)
    tell(server, *range(KEPT))
    async with a_window(server, headers=has_seen(first)) as window:
        assert (window.opened.id, window.opened.data["is_complete"]) == (second.id, False)
        assert told(await window.several(KEPT)) == [str(n) for n in range(KEPT)]
    async with a_window(server, headers=has_seen(second)) as window:
        assert (window.opened.id, window.opened.data["is_complete"]) == (second.id, True)
        assert told(await window.several(KEPT)) == [str(n) for n in range(KEPT)]


async def test_the_stream_of_a_reader_that_is_too_slow_ends_so_that_it_connects_again(
    server: Server,
) -> None:
    notifications = server.app[keys.NOTIFICATIONS]
    reader = notifications.follow()
    [opened] = await anext(reader)
    assert opened.startswith(b"id: %b:-1\n" % server.app[keys.INSTANCE].id.encode())
    tell(server, *range(KEPT + 1))
    assert [frames async for frames in reader] == []
    async with a_window(server, params={"after": f"{server.app[keys.INSTANCE].id}:-1"}) as window:
        assert (window.opened.id, window.opened.data["is_complete"]) == (0, False)
        assert len(await window.several(KEPT)) == KEPT


BAD_IDS = [
    "x",
    "0",
    "-1",
    OTHER_RUN,
    f"{OTHER_RUN}:",
    f"{OTHER_RUN}:x",
    f"{OTHER_RUN}:-2",
    f"{OTHER_RUN}:1.0",
]
BAD_IDS += [f"{OTHER_RUN}:{'9' * 16}", f"{OTHER_RUN}:\u0661", f"conv_{'0' * 20}:1", f"{OTHER_RUN}:1:1"]


@pytest.mark.parametrize("id", BAD_IDS)
async def test_what_is_no_id_of_an_event_is_named(id: str, server: Server) -> None:
    answer = await server.call("GET", "/events", params={"after": id})
    assert fault(answer) == (422, "invalid_request", "query.after")
    answer = await server.call("GET", "/events", headers={"Last-Event-ID": id})
    assert fault(answer) == (422, "invalid_request", "header.Last-Event-ID")


# Who goes away, and the end


async def test_nothing_is_kept_of_a_reader_that_went_away(timed: Server, clock: FakeClock) -> None:
    def followers() -> int:
        return sum(task.get_name() == "keep-alive" for task in asyncio.all_tasks())

    for is_silent in (True, False):
        async with a_window(timed), a_window(timed):
            assert followers() == 2
        while followers():
            if is_silent:
                clock.advance(15)
            else:
                tell(timed, "x")
            await asyncio.sleep(0.01)


async def test_the_server_ends_in_no_time_while_somebody_follows(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    model = ScriptedModel([asyncio.Event()])
    async with running_server(tmp_path / "data", model=model) as server, a_window(server) as window:
        turn = await begin(server, await server.conversation(title="T"))
        assert (await window.next()).data["response_id"] == turn
        ending = loop.time()
        await server.app.shutdown()
        assert await window.rest() == []
        # The turn has ended with the server.
        assert (await server.get(f"/responses/{turn}"))["status"] == "failed"
        async with a_window(server, headers=has_seen(window.opened)) as late:
            assert [frame.type for frame in await late.rest()] == ["turn.started"]
    assert loop.time() - ending < 2


async def test_after_the_end_nothing_is_told() -> None:
    notifications = Notifications(OTHER_RUN)
    notifications.close()
    notifications.tell(ScheduleChanged, schedule_id="x", project_id="y")
    assert [len(frames) async for frames in notifications.follow()] == [1]
    notifications.close()


# Turns


async def test_a_turn_is_told_when_it_runs_and_when_it_is_stored(tmp_path: Path) -> None:
    gate = asyncio.Event()
    model = ScriptedModel([gate, *say("Hello")])
    async with running_server(tmp_path / "data", model=model) as server, a_window(server) as window:
        conversation = await server.conversation(title="T")
        turn = await begin(server, conversation)
        about = {"response_id": turn, "conversation_id": conversation}
        started = await window.next()
        assert started.data == {"type": "turn.started", "sequence_number": started.id, **about}
        assert (await server.get(f"/responses/{turn}"))["status"] == "in_progress"
        gate.set()
        ended = await window.next()
        stored = await server.get(f"/responses/{turn}")
        assert stored["status"] == "completed"
        assert ended.data == {
            "type": "turn.ended",
            "sequence_number": ended.id,
            **about,
            "status": "completed",
            "error": None,
        }
        assert (await server.get("/responses/in-flight-list"))["total"] == 0


async def test_turns_one_after_the_other_are_stored_when_they_are_told(server: Server) -> None:
    async with a_window(server) as window:
        for _ in range(5):
            turn = await begin(server, await server.conversation())
            started, ended = await window.several(2)
            stored = await server.get(f"/responses/{turn}")
            assert (started.type, ended.type) == ("turn.started", "turn.ended")
            assert (ended.data["response_id"], stored["status"]) == (turn, "completed")


async def test_a_turn_that_was_cancelled_is_told_with_the_reason(tmp_path: Path) -> None:
    model = ScriptedModel([asyncio.Event()])
    async with running_server(tmp_path / "data", model=model) as server, a_window(server) as window:
        turn = await begin(server, await server.conversation(title="T"))
        stored = await server.post(f"/responses/{turn}/cancel")
        _, ended = await window.several(2)
        assert (ended.data["status"], ended.data["error"]) == ("failed", stored["error"])
        assert ended.data["error"]["type"] == "cancelled"


async def test_of_sub_tasks_only_what_they_ask_is_told(tmp_path: Path) -> None:
    task = call("start_task", {"task": "Count."}, '{"task": "Count."}')
    model = ScriptedModel(task, QUESTION, say("42."), say("Done."))
    async with running_server(tmp_path / "data", model=model) as server, a_window(server) as window:
        turn = await begin(server, await server.conversation(title="T"))
        started, pending = await window.several(2)
        await answer(server, pending.data["approval"], answer="2024")
        settled, ended = await window.several(2)
    assert [frame.type for frame in (started, pending, settled, ended)] == [
        "turn.started",
        "approval.changed",
        "approval.changed",
        "turn.ended",
    ]
    assert started.data["response_id"] == ended.data["response_id"] == turn
    assert pending.data["approval"]["response_id"] != turn


async def test_a_turn_that_goes_on_in_the_next_server_is_told_as_started(data: Path) -> None:
    async with running_server(data, model=ScriptedModel(QUESTION)) as server, a_window(server) as window:
        turn = await begin(server, await server.conversation(title="T"))
        [approval] = await asked(server)
        await window.next()
    async with (
        running_server(data, model=ScriptedModel(say("Done."))) as server,
        a_window(server, headers=has_seen(window.opened)) as window,
    ):
        assert window.opened.data["is_complete"] is False
        started = await window.next()
        assert (started.type, started.data["response_id"]) == ("turn.started", turn)
        await answer(server, approval, answer="2024")
        settled, ended = await window.several(2)
        assert settled.data["approval"]["status"] == "answered"
        assert (ended.data["response_id"], ended.data["status"]) == (turn, "completed")


async def test_a_turn_that_an_earlier_server_left_is_told_as_ended(data: Path) -> None:
    async with running_server(data) as server, a_window(server) as window:
        approval = await request(server)
        seen = await window.next()
    async with running_server(data) as server, a_window(server, headers=has_seen(seen)) as window:
        settled, ended = await window.several(2)
        assert (settled.data["approval"]["id"], settled.data["approval"]["status"]) == (
            approval.id,
            "cancelled",
        )
        assert (ended.data["response_id"], ended.data["status"]) == (approval.response_id, "failed")
        assert ended.data["error"]["type"] == "interrupted"


# Approvals


async def test_an_approval_is_told_when_it_is_asked_for_and_when_it_is_answered(server: Server) -> None:
    async with a_window(server) as window:
        approval = await request(server)
        asked = await window.next()
        assert asked.type == "approval.changed"
        assert asked.data["approval"] == await server.get(f"/approvals/{approval.id}")
        assert asked.data["approval"]["status"] == "pending"
        answered = await answer(server, asked.data["approval"], decision="allow")
        settled = await window.next()
        assert settled.data["approval"] == answered == await server.get(f"/approvals/{approval.id}")
        assert answered["status"] == "allowed"


async def test_a_request_that_stands_already_is_not_told_again(server: Server) -> None:
    async with a_window(server) as window:
        approval = await request(server)
        again = await server.app[keys.APPROVALS].ask(
            page_request(
                turn_id=approval.response_id,
                conversation_id=approval.conversation_id,
                project_id=approval.project_id,
            )
        )
        assert again == approval
        tell(server, "after")
        assert [frame.type for frame in await window.several(2)] == ["approval.changed", "schedule.changed"]


async def test_an_answer_that_is_refused_is_not_told(server: Server) -> None:
    async with a_window(server) as window:
        approval = await request(server)
        path = f"/responses/{approval.response_id}/approvals/{approval.id}"
        assert (await server.call("POST", path, json={"answer": "2024"})).status == 422
        assert (await server.call("POST", path, json={"decision": "deny"})).status == 200
        assert (await server.call("POST", path, json={"decision": "allow"})).status == 409
        tell(server, "after")
        statuses = [frame.data.get("approval", {}).get("status") for frame in await window.several(3)]
        assert statuses == ["pending", "denied", None]


async def test_an_approval_that_expires_is_told_once_whoever_waits(timed: Server, clock: FakeClock) -> None:
    async with a_window(timed) as window:
        approval = await request(timed, expires_at=START + 5_000)
        await window.next()
        waiting = [asyncio.create_task(timed.app[keys.APPROVALS].decided(approval.id)) for _ in range(3)]
        while clock.slept.count(5.0) < 3:
            await asyncio.sleep(0.01)
        clock.advance(5)
        assert [(await task).status for task in waiting] == ["expired"] * 3
        expired = await window.next()
        assert expired.data["approval"] == await timed.get(f"/approvals/{approval.id}")
        assert expired.data["approval"]["status"] == "expired"
        tell(timed, "after")
        assert (await window.next()).type == "schedule.changed"


async def test_what_a_turn_leaves_unanswered_is_told_before_its_end(tmp_path: Path) -> None:
    model = ScriptedModel(QUESTION)
    async with running_server(tmp_path / "data", model=model) as server, a_window(server) as window:
        turn = await begin(server, await server.conversation(title="T"))
        _, pending = await window.several(2)
        await server.post(f"/responses/{turn}/cancel")
        cancelled, ended = await window.several(2)
        assert cancelled.data["approval"] == await server.get(f"/approvals/{pending.data['approval']['id']}")
        assert cancelled.data["approval"]["status"] == "cancelled"
        assert (ended.type, ended.data["response_id"]) == ("turn.ended", turn)
