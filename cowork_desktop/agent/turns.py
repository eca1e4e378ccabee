"""Turns: started, followed, cancelled, ended and, after a crash, recovered."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TYPE_CHECKING

from cowork_desktop.agent import prices, titles
from cowork_desktop.agent.beginning import Beginning
from cowork_desktop.agent.model import Model, ModelError
from cowork_desktop.agent.models import Models
from cowork_desktop.agent.preferences import Preferences
from cowork_desktop.agent.recorder import End, Recorder
from cowork_desktop.agent.running import Running, TaskDone, TurnStart
from cowork_desktop.agent.stopped import CANCELLED, INTERNAL, INTERRUPTED, TurnStopped
from cowork_desktop.agent.stopwatch import Stopwatch
from cowork_desktop.clock import Clock
from cowork_desktop.errors import NotFound
from cowork_desktop.ids import Ids
from cowork_desktop.notifications import Notifications
from cowork_desktop.schemas import events
from cowork_desktop.schemas.conversations import Item, Part
from cowork_desktop.schemas.notifications import ApprovalChanged, TurnEnded, TurnStarted
from cowork_desktop.schemas.responses import AgentResponse, ResponseDetail, TurnError
from cowork_desktop.store import conversations, items, turn_calls, turns
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.tasks import Tasks, wholly

if TYPE_CHECKING:
    from cowork_desktop.agent.answering import Answering

logger = logging.getLogger(__name__)

TITLE_SECONDS = 2.0
"""How long the end of a turn may wait for its conversation's title."""


class Turns:
    def __init__(
        self,
        db: Database,
        models: Models,
        preferences: Preferences,
        make_answering: Callable[[], "Answering"],
        clock: Clock,
        ids: Ids,
        tasks: Tasks,
        notifications: Notifications,
    ) -> None:
        """`make_answering`: called in a thread, by the first turn that runs, as it imports much."""
        self._db, self._models, self._preferences = db, models, preferences
        self._make_answering = make_answering
        self._answering: Answering | None = None
        self._making_answering = asyncio.Lock()
        self._clock, self._ids, self._tasks, self._notifications = clock, ids, tasks, notifications
        self._beginning = Beginning(db, models, preferences, clock, ids)
        self._running: dict[str, Running] = {}
        self._begins: dict[str, asyncio.Event] = {}
        """Set when a turn runs."""

    async def start(self, start: TurnStart) -> AgentResponse:
        """Store the input and the turn, and let it run on its own; InvalidRequest and Conflict as the store
        says."""
        id = self._ids.new("resp")
        begins = self._begins[id] = asyncio.Event()
        try:
            begun = await self._beginning.begin(id, start)
            self._let_run(self._make_running(begun.response, start, begun.output_id, begun.frames))
        finally:
            del self._begins[id]
            begins.set()
        return begun.response

    async def _find(self, id: str) -> Running | None:
        """The turn where it runs. What others see in the store may not have begun to run yet."""
        if begins := self._begins.get(id):
            await begins.wait()
        return self._running.get(id)

    def _make_running(
        self, response: AgentResponse, start: TurnStart, item_id: str, frames: list[bytes]
    ) -> Running:
        recorder = Recorder(self._db, self._clock, self._tasks, response, item_id)
        recorder.replay(frames)
        parent = self._running.get(start.parent[0]) if start.parent else None
        stopwatch = Stopwatch(self._clock, parent.stopwatch if parent else None)
        running = self._running[response.id] = Running(response, start, recorder, stopwatch)
        return running

    def _let_run(self, running: Running) -> None:
        running.task = self._tasks.start(self._run(running), name=f"turn {running.begun.id}")
        if not running.start.parent:
            begun = running.begun
            self._notifications.tell(TurnStarted, response_id=begun.id, conversation_id=begun.conversation_id)

    def current(self, stored: AgentResponse) -> AgentResponse:
        """The turn as it stands: a running one has more text than the store knows."""
        running = self._running.get(stored.id)
        return running.recorder.response if running else stored

    async def get(self, id: str) -> AgentResponse:
        return self.current(await self._db.read(turns.get, id))

    async def detail(self, id: str) -> ResponseDetail:
        """The turn as it stands, with the parts of its answer."""
        response, item, parent = await self._db.scan(_with_answer, id)
        running = await self._find(id)
        if response.status == "in_progress" and running is None:  # it ended while this was read
            response, item, parent = await self._db.scan(_with_answer, id)
        parts: Sequence[Part] = item.parts if item else ()
        if running:
            response, parts = running.recorder.response, running.recorder.transcript.parts()
        is_free = response.provider == "offline"
        return ResponseDetail(
            **dict(response),
            parts=list(parts),
            cost_usd=0.0 if is_free else prices.cost_usd(response.model, response.usage),
            parent_response_id=parent[0] if parent else None,
        )

    async def in_flight(self, conversation_id: str | None) -> list[AgentResponse]:
        return [self.current(stored) for stored in await self._db.read(turns.in_progress, conversation_id)]

    async def follow(self, id: str, after: int = -1) -> AsyncGenerator[Sequence[bytes]]:
        """The frames above `after`, then live until the turn ends. The turn must exist."""
        if running := await self._find(id):
            async for frames in running.recorder.log.follow(after + 1):
                yield frames
        else:
            yield await self._db.scan(turns.frames, id, after)

    async def ended(self, id: str) -> AgentResponse:
        """The turn when it has ended."""
        if running := await self._find(id):
            last = b""
            async for frames in running.recorder.log.follow(len(running.recorder.log) - 1):
                last = frames[-1]
            event = events.parse_frame(last)
            if isinstance(event, events.ResponseCompleted | events.ResponseFailed):
                return event.response
        return await self.get(id)

    async def until_it_waits(self, id: str) -> None:
        """Until the turn waits for the user for the first time, or has ended."""
        running = await self._find(id)
        if running and running.task:
            waits = asyncio.ensure_future(running.stopwatch.has_begun.wait())
            try:
                await asyncio.wait([running.task, waits], return_when=asyncio.FIRST_COMPLETED)
            finally:
                waits.cancel()

    async def cancel(self, id: str) -> AgentResponse:
        """End the turn, and return it as it ended; one that has ended already stays as it is."""
        await self.get(id)
        if running := await self._find(id):
            running.stop(CANCELLED)
        return await self.ended(id)

    async def cancel_all_of(self, conversation_ids: Sequence[str]) -> None:
        for running in list(self._running.values()):
            if running.recorder.response.conversation_id in conversation_ids and running.task:
                running.stop(CANCELLED)
                await asyncio.wait([running.task])

    async def recover(self) -> None:
        """Take up what an earlier process left running: what waits for the user goes on waiting, the rest
        ends as interrupted with the text that it had stored."""
        # Oldest first: a sub-task finds its parent.
        for response in reversed(await self._db.read(turns.in_progress)):
            frames = await self._db.scan(turns.frames, response.id)
            start = await self._db.read(_stored_start, response)
            self._make_running(response, start, self._ids.new("msg"), frames)
        waiting = await self._waiting()
        for running in list(self._running.values()):
            if running.begun.id in waiting:
                self._let_run(running)
            else:
                end = await running.recorder.finish(INTERRUPTED)
                del self._running[running.begun.id]
                self._tell_end(running, end)
                logger.warning("Turn %s had been interrupted", running.begun.id)

    async def _waiting(self) -> set[str]:
        """The turns that can go on in the next process: they, or sub-tasks of theirs, have asked the user for
        something that has not begun since."""
        waiting = set[str]()
        asked = await self._db.read(turn_calls.asked)
        # Newest first: a parent waits if a sub-task does.
        for running in reversed(list(self._running.values())):
            parent = running.start.parent
            if not running.has_in_hand(asked) or (parent and parent[0] not in self._running):
                continue
            waiting.add(running.begun.id)
            if parent:
                asked.add(parent)
        return waiting

    async def close(self) -> None:
        """End all turns as interrupted, but those that wait for the user: they go on in the next process."""
        waiting = await self._waiting()
        running = list(self._running.values())
        for turn in running:
            if turn.begun.id in waiting:
                turn.suspend()
            else:
                turn.stop(INTERRUPTED)
        await asyncio.gather(*(turn.task for turn in running if turn.task), return_exceptions=True)

    async def _run(self, running: Running) -> None:
        error: TurnError | None = None
        limits, id = self._preferences.current.limits, running.begun.id
        watch = self._tasks.start(self._watch(running, limits.seconds), name=f"time limit of {id}")
        try:
            running.begin()
            await self._answer(running)
        except asyncio.CancelledError:
            error = running.reason or INTERRUPTED
        except TurnStopped as stopped:
            error = stopped.error
        except ModelError as failed:
            error = TurnError(type=failed.kind, message=failed.message)
        except NotFound:  # its conversation was deleted before it could begin
            error = running.reason or CANCELLED
        except Exception:
            logger.exception("Turn %s failed", id)
            error = INTERNAL
        watch.cancel()
        end: End | None = None
        try:
            if running.is_suspended:
                await running.recorder.suspend()
            else:
                running.reason = running.reason or error or CANCELLED
                await self._stop_tasks_of(id)
                end = await running.recorder.finish(error)
        finally:
            del self._running[id]
        if end:
            self._tell_end(running, end)

    def _tell_end(self, running: Running, end: End) -> None:
        """Tell it when the turn runs no more: who asks for it gets what is stored. The conversation of a
        sub-task stands in no list, but what it asked did."""
        for approval in end.given_up:
            self._notifications.tell(ApprovalChanged, approval=approval)
        if not running.start.parent:
            response = end.response
            self._notifications.tell(
                TurnEnded,
                response_id=response.id,
                conversation_id=response.conversation_id,
                status=response.status,
                error=response.error,
            )

    async def _answer(self, running: Running) -> None:
        response = running.begun
        model = await self._models.get(response.provider)
        title = self._tasks.start(self._entitle(running, model), name=f"title of {response.conversation_id}")

        async def start_task(index: int, task: str) -> TaskDone:
            return await self._do_task(running, index, task)

        try:
            answering = await self._get_answering()
            await answering.answer(running, model, start_task)
            await self._wait_for(title)
        finally:
            title.cancel()
            await asyncio.wait([title])

    async def _get_answering(self) -> "Answering":
        async with self._making_answering:
            if self._answering is None:
                self._answering = await asyncio.to_thread(self._make_answering)
            return self._answering

    async def _do_task(self, parent: Running, index: int, task: str) -> TaskDone:
        """Have a sub-task done, a turn of its own in a conversation of its own; one that was begun before a
        restart is waited for."""
        start = TurnStart(
            None,
            task,
            model=parent.begun.model,
            skill_ids=parent.start.skill_ids,
            is_unattended=parent.start.is_unattended,
            budget=parent.start.budget,
            parent=(parent.begun.id, index),
            project_id=await self._db.read(conversations.project_of, parent.begun.conversation_id),
        )
        child = await self._db.read(turns.child, parent.begun.id, index)
        if child is None:
            child = await wholly(self.start(start))
        ended = await self.ended(child.id)
        return TaskDone(ended, await self._db.read(turns.is_tainted, ended.id))

    async def _stop_tasks_of(self, id: str) -> None:
        """End the sub-tasks that a turn which ends has not waited for."""
        for running in list(self._running.values()):
            if running.start.parent and running.start.parent[0] == id and running.task:
                running.stop(CANCELLED)
                await asyncio.wait([running.task])

    async def _entitle(self, running: Running, model: Model) -> None:
        """Let the model condense the first message, where the title is still a mere cut of it. The
        conversation of a sub-task stands in no list, so its title is not worth a call."""
        response, recorder = running.begun, running.recorder
        id = response.conversation_id
        if running.start.parent or not model.writes_titles:
            return
        if await self._db.read(conversations.title_source, id) != "cut":
            return
        try:
            title, usage = await titles.write_title(model, response.model, response.input)
        except ModelError as error:
            logger.info("No title for %s: %s", id, error.message)
            return
        recorder.usage = recorder.usage + usage
        if title:
            await recorder.titled(title, lambda tx: conversations.entitle(tx, id, title, "model", over="cut"))

    async def _wait_for(self, title: asyncio.Task[None]) -> None:
        waiting = self._tasks.start(self._clock.sleep(TITLE_SECONDS), name="wait for a title")
        try:
            await asyncio.wait([title, waiting], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()

    async def _watch(self, running: Running, seconds: int) -> None:
        """Stop the turn after so many seconds, without those in which it waited for people."""
        started = self._clock.monotonic()
        while (left := seconds - (self._clock.monotonic() - started - running.stopwatch.seconds)) > 0:
            await self._clock.sleep(left)
        running.stop(
            TurnError(
                type="limit_reached",
                message=f"The turn ran longer than {seconds} s (settings.limits.seconds).",
            )
        )


def _with_answer(tx: Tx, id: str) -> tuple[AgentResponse, Item | None, tuple[str, int] | None]:
    return turns.get(tx, id), items.of_turn(tx, id, "assistant"), turns.parent_of(tx, id)


def _stored_start(tx: Tx, response: AgentResponse) -> TurnStart:
    kept, parent = turns.start_of(tx, response.id), turns.parent_of(tx, response.id)
    return TurnStart.stored(response, kept, parent)
