"""Approvals: asked for, waited for, answered."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from cowork_desktop.clock import Clock
from cowork_desktop.errors import InvalidRequest, NotFound
from cowork_desktop.ids import Ids
from cowork_desktop.notifications import Notifications
from cowork_desktop.schemas.approvals import Approval, ApprovalAnswer, ApprovalStatus
from cowork_desktop.schemas.notifications import ApprovalChanged
from cowork_desktop.store import approvals
from cowork_desktop.store.approvals import Request
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.tasks import Tasks

_LOOK_AGAIN_SECONDS = 60.0
"""A machine that slept wakes its sleepers late: what is over by the wall clock is seen to be within this."""


class Approvals:
    """A row before anything else: a turn that goes on after a restart finds what it had asked, and the
    answer."""

    def __init__(
        self, db: Database, clock: Clock, ids: Ids, tasks: Tasks, notifications: Notifications
    ) -> None:
        self._db, self._clock, self._ids, self._tasks = db, clock, ids, tasks
        self._notifications = notifications
        self._waiting: dict[str, list[asyncio.Event]] = {}

    async def ask(self, request: Request) -> Approval:
        """Ask the user. Where the call has asked already, that request as it stands."""
        id = self._ids.new("appr")
        approval = await self._db.write(approvals.ask, id, self._clock.now(), request)
        if approval.id == id:
            self._tell(approval)
        return approval

    async def decided(self, approval_id: str) -> Approval:
        """Wait until it is answered, cancelled or over; at once where it is already."""
        with self._told_of(approval_id) as told:
            while True:
                told.clear()
                approval = await self._db.read(approvals.as_it_stands, approval_id)
                if approval.status != "pending":
                    return approval
                deadline, now = await self._db.read(approvals.deadline, approval_id), self._clock.now()
                if deadline is not None and deadline <= now:
                    approval, is_news = await self._db.write(_expire, approval_id, now)
                    if is_news:
                        self._tell(approval)
                    return approval
                await self._wait(told, None if deadline is None else (deadline - now) / 1000)

    async def answer(self, response_id: str, approval_id: str, body: ApprovalAnswer) -> Approval:
        """Raises NotFound, InvalidRequest where the answer is not one to this, and Conflict where it is
        decided."""
        rule_id, now = self._ids.new("rule"), self._clock.now()
        approval = await self._db.write(_answer, response_id, approval_id, body, rule_id, now)
        self._tell(approval)
        return approval

    async def cancel(self, turn_id: str) -> list[Approval]:
        """Give up what waits of a turn that has ended; returns it as it stands then."""
        cancelled = await self._db.write(approvals.cancel_of_turn, turn_id, self._clock.now())
        for approval in cancelled:
            self._tell(approval)
        return cancelled

    @contextmanager
    def _told_of(self, id: str) -> Iterator[asyncio.Event]:
        """An event that is set when something becomes of the approval."""
        told = asyncio.Event()
        self._waiting.setdefault(id, []).append(told)
        try:
            yield told
        finally:
            self._waiting[id].remove(told)
            if not self._waiting[id]:
                del self._waiting[id]

    def _tell(self, approval: Approval) -> None:
        self._notifications.tell(ApprovalChanged, approval=approval)
        for told in self._waiting.get(approval.id, []):
            told.set()

    async def _wait(self, told: asyncio.Event, seconds: float | None) -> None:
        if seconds is None:
            await told.wait()
            return
        alarm = self._tasks.start(
            self._ring(told, min(seconds, _LOOK_AGAIN_SECONDS)), name="deadline of an approval"
        )
        try:
            await told.wait()
        finally:
            alarm.cancel()

    async def _ring(self, told: asyncio.Event, seconds: float) -> None:
        await self._clock.sleep(seconds)
        told.set()


def _expire(tx: Tx, id: str, now: int) -> tuple[Approval, bool]:
    """The approval as it stands then, and whether it waited until now."""
    waited = approvals.as_it_stands(tx, id).status == "pending"
    return approvals.expire(tx, id, now), waited


def _answer(
    tx: Tx, response_id: str, approval_id: str, body: ApprovalAnswer, rule_id: str, now: int
) -> Approval:
    approval = approvals.get(tx, approval_id)
    if approval.response_id != response_id:
        raise NotFound.of("approval", approval_id)
    decided = approvals.decide(tx, approval_id, now, _status(approval, body), body.answer)
    if body.decision == "allow_always":
        approvals.remember(tx, rule_id, now, decided)
    return decided


def _status(approval: Approval, body: ApprovalAnswer) -> ApprovalStatus:
    """What the answer makes of it; InvalidRequest where it is the answer to the other kind."""
    if body.decision == "deny":
        return "denied"
    if approval.kind == "question" and body.decision is not None:
        raise _refused("body.decision", "This is a question: give an answer, or deny it.")
    if approval.kind == "approval" and body.decision is None:
        raise _refused("body.answer", "This wants a decision: allow, allow_always or deny.")
    return "answered" if approval.kind == "question" else "allowed"


def _refused(param: str, words: str) -> InvalidRequest:
    return InvalidRequest.at(param, words, "wrong_kind")
