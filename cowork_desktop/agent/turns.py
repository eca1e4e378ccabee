"""Turns: started, followed, cancelled, ended and, after a crash, recovered."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from cowork_desktop.agent import context, titles
from cowork_desktop.agent.loop import Loop, TurnStopped
from cowork_desktop.agent.model import Model, ModelError
from cowork_desktop.agent.models import Models
from cowork_desktop.agent.preferences import Preferences
from cowork_desktop.agent.recorder import Recorder
from cowork_desktop.agent.tools.search_conversation import TOOL as SEARCH_CONVERSATION
from cowork_desktop.agent.tools.tool import Tool, ToolContext
from cowork_desktop.clock import Clock
from cowork_desktop.ids import Ids
from cowork_desktop.schemas import events
from cowork_desktop.schemas.conversations import ConversationCreate, Role, TextPart
from cowork_desktop.schemas.responses import AgentResponse, TurnError
from cowork_desktop.store import conversations, items, memories, projects, skills, turns
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.tasks import Tasks

logger = logging.getLogger(__name__)

TITLE_SECONDS = 2.0
"""How long the end of a turn may wait for its conversation's title."""

_USER: Role = "user"
INTERRUPTED = TurnError(
    type="interrupted",
    message="The server ended while this turn ran. What had arrived is kept; send the message again.",
)
CANCELLED = TurnError(type="cancelled", message="The turn was cancelled. What had arrived is kept.")
_INTERNAL = TurnError(
    type="internal", message="Something went wrong inside the server; its log has the details."
)


@dataclass(frozen=True)
class TurnStart:
    """What a turn begins with."""

    conversation_id: str | None
    """None begins a new conversation."""
    input: str
    model: str | None = None
    skill_ids: Sequence[str] = ()
    instructions: str | None = None
    """What the model is told for this turn alone."""
    earlier: Sequence[tuple[Role, str]] = ()
    """Messages that a client brings along, stored before the input."""


@dataclass(frozen=True)
class _NewIds:
    """Made on the event loop, for the transaction that runs in the writer's thread."""

    turn: str
    conversation: str
    input: str
    output: str
    earlier: list[str]


@dataclass(eq=False)
class _Running:
    recorder: Recorder
    task: asyncio.Task[None] | None = None
    reason: TurnError | None = None

    def stop(self, reason: TurnError) -> None:
        if self.task and not self.task.done() and self.reason is None:
            self.reason = reason
            self.task.cancel()


class Turns:
    def __init__(
        self, db: Database, models: Models, preferences: Preferences, clock: Clock, ids: Ids, tasks: Tasks
    ) -> None:
        self._db, self._models, self._preferences = db, models, preferences
        self._clock, self._ids, self._tasks = clock, ids, tasks
        self._running: dict[str, _Running] = {}
        self._tools: dict[str, Tool] = {tool.name: tool for tool in [SEARCH_CONVERSATION]}  # type: ignore[type-arg]

    async def start(self, start: TurnStart) -> AgentResponse:
        """Store the input and the turn, and let it run on its own; InvalidRequest and Conflict as the store
        says."""
        new = self._ids.new
        earlier = [new("msg") for _ in start.earlier]
        ids = _NewIds(new("resp"), new("conv"), new("msg"), new("msg"), earlier)
        response, frames = await self._db.write(self._begin, ids, start)
        running = _Running(Recorder(self._db, self._clock, self._tasks, response, ids.output))
        running.recorder.replay(frames)
        self._running[response.id] = running
        run = self._run(running, response, start)
        running.task = self._tasks.start(run, name=f"turn {response.id}")
        return response

    def current(self, stored: AgentResponse) -> AgentResponse:
        """The turn as it stands: a running one has more text than the store knows."""
        running = self._running.get(stored.id)
        return running.recorder.response if running else stored

    async def get(self, id: str) -> AgentResponse:
        return self.current(await self._db.read(turns.get, id))

    async def in_flight(self, conversation_id: str | None) -> list[AgentResponse]:
        return [self.current(stored) for stored in await self._db.read(turns.in_progress, conversation_id)]

    async def follow(self, id: str, after: int = -1) -> AsyncGenerator[Sequence[bytes]]:
        """The frames above `after`, then live until the turn ends. The turn must exist."""
        if running := self._running.get(id):
            async for frames in running.recorder.log.follow(after + 1):
                yield frames
        else:
            yield await self._db.scan(turns.frames, id, after)

    async def ended(self, id: str) -> AgentResponse:
        """The turn when it has ended."""
        if running := self._running.get(id):
            last = b""
            async for frames in running.recorder.log.follow(len(running.recorder.log) - 1):
                last = frames[-1]
            event = events.parse_frame(last)
            if isinstance(event, events.ResponseCompleted | events.ResponseFailed):
                return event.response
        return await self.get(id)

    async def cancel(self, id: str) -> AgentResponse:
        """End the turn, and return it as it ended; one that has ended already stays as it is."""
        await self.get(id)
        if running := self._running.get(id):
            running.stop(CANCELLED)
        return await self.ended(id)

    async def cancel_all_of(self, conversation_ids: Sequence[str]) -> None:
        for running in list(self._running.values()):
            if running.recorder.response.conversation_id in conversation_ids and running.task:
                running.stop(CANCELLED)
                await asyncio.wait([running.task])

    async def recover(self) -> None:
        """End what an earlier process left running, with the text that it had stored."""
        for response in await self._db.read(turns.in_progress):
            recorder = Recorder(self._db, self._clock, self._tasks, response, self._ids.new("msg"))
            recorder.replay(await self._db.scan(turns.frames, response.id))
            await recorder.finish(INTERRUPTED)
            logger.warning("Turn %s had been interrupted", response.id)

    async def close(self) -> None:
        """End all turns as interrupted."""
        running = list(self._running.values())
        for turn in running:
            turn.stop(INTERRUPTED)
        await asyncio.gather(*(turn.task for turn in running if turn.task), return_exceptions=True)

    def _begin(self, tx: Tx, ids: _NewIds, start: TurnStart) -> tuple[AgentResponse, list[bytes]]:
        now = self._clock.now()
        if start.conversation_id is None:
            conversation = conversations.create(tx, ids.conversation, now, ConversationCreate())
        else:
            conversations.check(tx, start.conversation_id)
            conversation = conversations.get(tx, start.conversation_id)
        skills.check(tx, start.skill_ids)
        project = projects.get(tx, conversation.project_id) if conversation.project_id else None
        preferences = self._preferences.current
        model = start.model or (project and project.model) or preferences.model
        used = memories.ranked(tx, conversation.project_id, start.input, preferences.memories.characters)
        response = turns.create(
            tx,
            id=ids.turn,
            conversation_id=conversation.id,
            input=start.input,
            model=model,
            provider=self._models.provider_of(model),
            now=now,
            memory_ids=[memory.id for memory in used],
        )
        told = [(id, None, *message) for id, message in zip(ids.earlier, start.earlier, strict=True)]
        for id, turn_id, role, text in [*told, (ids.input, ids.turn, _USER, start.input)]:
            items.append(
                tx,
                id=id,
                conversation_id=conversation.id,
                turn_id=turn_id,
                role=role,
                parts=[TextPart(text=text)],
                now=now,
            )
        frames = self._first_frames(tx, response, start)
        turns.append_frames(tx, ids.turn, 0, frames)
        return response, frames

    def _first_frames(self, tx: Tx, response: AgentResponse, start: TurnStart) -> list[bytes]:
        place = {"response_id": response.id}
        told: list[events.TurnEvent] = [
            events.ResponseCreated(sequence_number=0, response=response, **place),
            events.ResponseInProgress(sequence_number=1, response=response, **place),
        ]
        first = next((text for role, text in start.earlier if role == _USER), start.input)
        title, id = titles.cut(first), response.conversation_id
        if conversations.entitle(tx, id, title, "cut", over="none"):
            told.append(events.TitleUpdated(sequence_number=2, conversation_id=id, title=title, **place))
        return [events.to_frame(event) for event in told]

    async def _run(self, running: _Running, response: AgentResponse, start: TurnStart) -> None:
        error: TurnError | None = None
        limits = self._preferences.current.limits
        watch = self._tasks.start(self._watch(running, limits.seconds), name=f"time limit of {response.id}")
        try:
            await self._answer(running.recorder, response, start)
        except asyncio.CancelledError:
            error = running.reason or INTERRUPTED
        except TurnStopped as stopped:
            error = stopped.error
        except ModelError as failed:
            error = TurnError(type=failed.kind, message=failed.message)
        except Exception:
            logger.exception("Turn %s failed", response.id)
            error = _INTERNAL
        running.reason = running.reason or error or CANCELLED
        watch.cancel()
        try:
            await running.recorder.finish(error)
        finally:
            del self._running[response.id]

    async def _answer(self, recorder: Recorder, response: AgentResponse, start: TurnStart) -> None:
        model = await self._models.get(response.provider)
        gathered = await self._db.read(
            context.gather,
            response.conversation_id,
            memory_ids=response.memory_ids,
            skill_ids=start.skill_ids,
        )
        limits = self._preferences.current.limits
        tools = [tool.spec for tool in self._tools.values()]
        request = context.assemble(
            gathered, model=response.model, tools=tools, limits=limits, instructions=start.instructions
        )
        loop = Loop(
            model=model,
            tools=self._tools,
            context=ToolContext(self._db, response.conversation_id, response.id),
            recorder=recorder,
            limits=limits,
            clock=self._clock,
        )
        title = self._tasks.start(
            self._entitle(recorder, model, response), name=f"title of {response.conversation_id}"
        )
        try:
            await loop.run(request)
            await self._wait_for(title)
        finally:
            title.cancel()
            await asyncio.wait([title])

    async def _entitle(self, recorder: Recorder, model: Model, response: AgentResponse) -> None:
        """Let the model condense the first message, where the title is still a mere cut of it."""
        id = response.conversation_id
        if not model.writes_titles or await self._db.read(conversations.title_source, id) != "cut":
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

    async def _watch(self, running: _Running, seconds: int) -> None:
        await self._clock.sleep(seconds)
        running.stop(
            TurnError(
                type="limit_reached",
                message=f"The turn ran longer than {seconds} s (settings.limits.seconds).",
            )
        )
