"""Writes down what happens in a turn, and tells its readers: rows before events, deltas in groups."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from cowork_desktop.agent.stopped import INTERNAL
from cowork_desktop.agent.transcript import Transcript
from cowork_desktop.clock import Clock
from cowork_desktop.event_log import EventLog
from cowork_desktop.schemas import events
from cowork_desktop.schemas.approvals import Approval
from cowork_desktop.schemas.base import rfc3339
from cowork_desktop.schemas.conversations import (
    ArtifactPart,
    Item,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    text_of,
)
from cowork_desktop.schemas.events import DeltaFrames, TurnEvent, parse_frame, to_frame
from cowork_desktop.schemas.responses import AgentResponse, TurnError, Usage
from cowork_desktop.store import approvals, items, turn_calls, turns
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.tasks import Tasks, wholly

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.15
"""How long a delta may wait for the disk; with the write itself it stays below 250 ms."""

E = TypeVar("E", bound=events.Event)


class End(NamedTuple):
    """How a turn ended."""

    response: AgentResponse
    given_up: Sequence[Approval]
    """What nobody had answered."""
    frames: list[bytes]
    """Its last ones."""


class Recorder:
    """The events of one turn. A delta is published at once and written within FLUSH_SECONDS; everything else
    is published when it is on the disk. Order is kept: what comes after an event that waits, waits behind
    it."""

    def __init__(
        self, db: Database, clock: Clock, tasks: Tasks, response: AgentResponse, item_id: str
    ) -> None:
        self.log: EventLog[bytes] = EventLog()
        self.transcript = Transcript()
        self.usage = response.usage
        self._db, self._clock, self._tasks = db, clock, tasks
        self._begun, self._item_id = response, item_id
        self._next = self._written = 0
        self._unwritten: list[bytes] = []
        self._held: list[tuple[bytes, bool]] = []
        self._flushing = asyncio.Lock()
        self._flush_is_due = False
        self._deltas: DeltaFrames | None = None
        self._told_approvals: set[tuple[str, str]] = set()

    @property
    def response(self) -> AgentResponse:
        """The turn as it stands while it runs."""
        return self._begun.model_copy(update={"output": self.transcript.output(), "usage": self.usage})

    def replay(self, frames: list[bytes]) -> None:
        """Take in frames that are stored already, and publish them."""
        for frame in frames:
            event = parse_frame(frame)
            self.transcript.apply(event)
            if isinstance(event, events.ApprovalRequested | events.ApprovalResolved):
                self._told_approvals.add((event.approval.id, event.approval.status))
            elif isinstance(event, events.OutputItemAdded):
                self._item_id = event.item.id
            self.log.append(frame)
        self._next = self._written = len(self.log)

    def text(self, delta: str) -> None:
        if self._deltas is None or not self.transcript.is_open(TextPart):
            self._begin_part()
            self._deltas = DeltaFrames(self._begun.id, self._item_id, len(self.transcript))
            index = len(self.transcript)
        else:
            index = len(self.transcript) - 1
        frame = self._deltas.frame(self._next, delta)
        self.transcript.grow(index, TextPart, delta)
        self._push_frame(frame)

    def reasoning(self, delta: str) -> None:
        index = len(self.transcript) - 1
        if not self.transcript.is_open(ReasoningPart):
            self._begin_part()
            index = len(self.transcript)
        self._push(self._event(events.ReasoningDelta, **self._place(index), delta=delta))

    async def tool_begun(self, call_id: str, name: str, round: int) -> int:
        """Returns the part's index, which later events of this call name."""
        self._begin_part()
        index = len(self.transcript)
        self._hold(
            self._event(events.ToolCallAdded, **self._place(index), call_id=call_id, name=name, round=round)
        )
        await self.flush()
        return index

    def tool_arguments(self, index: int, call_id: str, delta: str) -> None:
        self._push(
            self._event(events.ToolCallArgumentsDelta, **self._place(index), call_id=call_id, delta=delta)
        )

    def tool_output(self, index: int, call_id: str, delta: str) -> None:
        self._push(
            self._event(events.ToolCallOutputDelta, **self._place(index), call_id=call_id, delta=delta)
        )

    async def tool_done(self, index: int, call: ToolCallPart, artifact: ArtifactPart | None = None) -> None:
        """`artifact`: what the call made, which the answer shows from here on."""
        self._end_text()
        self._hold(self._event(events.ToolCallDone, **self._place(index), call_id=call.call_id, call=call))
        if artifact:
            place = self._place(len(self.transcript))
            self._hold(self._event(events.ArtifactCreated, **place, artifact=artifact))
        await self.flush()

    async def approval(self, approval: Approval) -> None:
        """Tell that it is asked for, or what came of it; each once."""
        if (approval.id, approval.status) in self._told_approvals:
            return
        self._told_approvals.add((approval.id, approval.status))
        if approval.status == "pending":
            self._hold(self._event(events.ApprovalRequested, approval=approval))
        else:
            self._hold(self._event(events.ApprovalResolved, approval=approval))
        await self.flush()

    async def compacted(self, tokens_before: int, tokens_after: int) -> None:
        """Tell of a summary that is stored."""
        self._hold(
            self._event(events.ContextCompacted, tokens_before=tokens_before, tokens_after=tokens_after)
        )
        await self.flush()

    def retrying(self, attempt: int, wait_seconds: float, error: TurnError) -> None:
        self._push(
            self._event(events.ResponseRetrying, attempt=attempt, wait_seconds=wait_seconds, error=error)
        )

    async def titled(self, title: str, store: Callable[[Tx], bool]) -> None:
        """Tell of a title, if `store` says that it was taken."""
        if await self._db.write(store):
            conversation_id = self._begun.conversation_id
            self._hold(self._event(events.TitleUpdated, conversation_id=conversation_id, title=title))
            await self.flush()

    async def flush(self) -> None:
        """Write what is not written yet; whoever is cancelled meanwhile waits for it, since what is written
        once must not be written again."""
        await wholly(self._flush())

    async def _flush(self) -> None:
        async with self._flushing:
            frames, self._unwritten = self._unwritten, []
            held = len(self._held)
            try:
                await self._db.write(turns.append_frames, self._begun.id, self._written, frames)
            except BaseException:
                self._unwritten = frames + self._unwritten
                raise
            self._written += len(frames)
            self._release(held)

    async def suspend(self) -> None:
        """Let the readers go: the turn goes on in the next process."""
        await self.flush()
        self.log.close()

    async def finish(self, error: TurnError | None) -> End:
        """Store the end in one transaction, then tell it; nothing may be recorded after.

        Whatever fails, the turn ends: with what had arrived where that can be stored, else without it.
        """
        try:
            async with self._flushing:
                end = await self._stored_end(error)
                self._unwritten, self._held = [], []
                for frame in end.frames:
                    self.log.append(frame)
                return end
        finally:
            self.log.close()

    async def _stored_end(self, error: TurnError | None) -> End:
        now, begun = self._clock.now(), self._begun
        ends: list[Callable[[Tx], End]] = [
            lambda tx: self._end(tx, error, self.usage, now),
            lambda tx: self._end(tx, INTERNAL, begun.usage, now),
            lambda tx: self._end_turn(tx, [], INTERNAL, begun.usage, now),
        ]
        try:
            self._end_item(now)
        except Exception:
            logger.exception("The answer of %s could not be told as a whole", begun.id)
        for store in ends:
            try:
                end = await self._db.write(store)
            except Exception:
                logger.exception("The end of %s could not be stored", begun.id)
            else:
                self._release(len(self._held))
                return end
        return self._lost()

    def _end_item(self, now: int) -> None:
        self._end_text()
        if len(self.transcript):
            self._hold(self._event(events.OutputItemDone, output_index=0, item=self._item(now)))

    def _lost(self) -> End:
        """The end of a turn whose end the disk did not take.

        At the next start the turn is interrupted.
        """
        error = TurnError(
            type="internal",
            message="The end of this turn could not be stored: the disk is full or failing. Make room,"
            " then start Cowork again; what was stored before is kept.",
        )
        response = self.response.model_copy(update={"status": "failed", "error": error})
        event = events.ResponseFailed(
            sequence_number=len(self.log), response_id=self._begun.id, response=response
        )
        return End(response, (), [to_frame(event)])

    def _end(self, tx: Tx, error: TurnError | None, usage: Usage, now: int) -> End:
        begun = self._begun
        if parts := self.transcript.parts():
            items.append(
                tx,
                id=self._item_id,
                conversation_id=begun.conversation_id,
                turn_id=begun.id,
                role="assistant",
                parts=parts,
                now=now,
            )
        return self._end_turn(tx, self.transcript.output(), error, usage, now)

    def _end_turn(
        self, tx: Tx, output: list[TextPart], error: TurnError | None, usage: Usage, now: int
    ) -> End:
        """The last frames tell what nobody has answered, and the end."""
        begun = self._begun
        turn_calls.forget(tx, begun.id)
        given_up = approvals.cancel_of_turn(tx, begun.id, now)
        last: list[TurnEvent] = [
            events.ApprovalResolved(sequence_number=self._next + n, response_id=begun.id, approval=approval)
            for n, approval in enumerate(given_up)
        ]
        response = turns.finish(tx, begun.id, output=output, usage=usage, error=error, now=now)
        kind = events.ResponseFailed if error else events.ResponseCompleted
        end = self._next + len(last)
        last.append(kind(sequence_number=end, response_id=begun.id, response=response))
        frames = [to_frame(event) for event in last]
        turns.append_frames(tx, begun.id, self._written, [*self._unwritten, *frames])
        return End(response, given_up, frames)

    def _begin_part(self) -> None:
        if not len(self.transcript):
            self._push(
                self._event(events.OutputItemAdded, output_index=0, item=self._item(self._clock.now()))
            )
        self._end_text()

    def _end_text(self) -> None:
        if self.transcript.is_open(TextPart):
            index = len(self.transcript) - 1
            text = self.transcript.text(index)
            self._hold(self._event(events.OutputTextDone, **self._place(index), text=text))

    def _item(self, now: int) -> Item:
        parts = self.transcript.parts()
        return Item(
            id=self._item_id,
            conversation_id=self._begun.conversation_id,
            response_id=self._begun.id,
            role="assistant",
            content=text_of(parts),
            parts=parts,
            created_at=rfc3339(now),
        )

    def _place(self, index: int) -> dict[str, Any]:
        return {"item_id": self._item_id, "output_index": 0, "content_index": index}

    def _event(self, kind: type[E], **fields: Any) -> E:
        return kind(sequence_number=self._next, response_id=self._begun.id, **fields)

    def _hold(self, event: TurnEvent) -> None:
        self._push(event, is_held=True)

    def _push(self, event: TurnEvent, *, is_held: bool = False) -> None:
        # What cannot be written is not part of the answer either, and takes no number.
        frame = to_frame(event)
        self.transcript.apply(event)
        self._push_frame(frame, is_held=is_held)

    def _push_frame(self, frame: bytes, *, is_held: bool = False) -> None:
        self._next += 1
        self._unwritten.append(frame)
        if is_held or self._held:
            self._held.append((frame, is_held))
        else:
            self.log.append(frame)
        if not self._flush_is_due:
            self._flush_is_due = True
            self._tasks.start(self._flush_soon(), name=f"flush of {self._begun.id}")

    async def _flush_soon(self) -> None:
        await self._clock.sleep(FLUSH_SECONDS)
        self._flush_is_due = False
        if self._unwritten:
            await self.flush()

    def _release(self, held: int) -> None:
        while self._held and (held > 0 or not self._held[0][1]):
            self.log.append(self._held.pop(0)[0])
            held -= 1
