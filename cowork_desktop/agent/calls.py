"""One call of a tool after the other: checked, asked for where the policy says so, run, noted and told."""

import asyncio
import json
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from cowork_desktop.agent import policy
from cowork_desktop.agent.approvals import Approvals
from cowork_desktop.agent.fence import as_data
from cowork_desktop.agent.model import ToolResult
from cowork_desktop.agent.recorder import Recorder
from cowork_desktop.agent.running import StartTask, TaskDone
from cowork_desktop.agent.stopped import TurnStopped
from cowork_desktop.agent.stopwatch import Stopwatch
from cowork_desktop.agent.tools.tool import Demand, Outcome, Question, Tool, ToolContext, ToolFailed, bounded
from cowork_desktop.clock import Clock
from cowork_desktop.errors import CoworkError
from cowork_desktop.schemas.approvals import Approval
from cowork_desktop.schemas.conversations import ToolCallPart
from cowork_desktop.schemas.settings import ApprovalSettings
from cowork_desktop.schemas.skills import Skill
from cowork_desktop.store import approvals as stored_approvals
from cowork_desktop.store import turn_calls, turns
from cowork_desktop.store.approvals import Request
from cowork_desktop.store.database import Database
from cowork_desktop.store.turn_calls import Call

logger = logging.getLogger(__name__)

_SAME_FAILURES = 3
"""After so many identical failures a call is not tried again."""
_REFUSALS = 3
"""After so many more the turn ends."""
_QUESTION_REASON = "The agent cannot go on without your answer."
_UNCERTAIN = (
    "The server ended while this ran, and it is not known whether it had its effect. Look before you do it"
    " again."
)
_SAME_AGAIN = (
    "This call has failed three times in the same way, so it is not tried again. Change it, go on without it,"
    " or ask the user."
)


@dataclass(eq=False)
class Calls:
    """The calls of one turn. What it has read, and which skills are active, only grows."""

    db: Database
    clock: Clock
    recorder: Recorder
    approvals: Approvals
    tools: Mapping[str, Tool]  # type: ignore[type-arg]
    context: ToolContext
    settings: Callable[[], ApprovalSettings]
    stopwatch: Stopwatch
    is_tainted: bool
    is_unattended: bool = False
    skills: list[Skill] = field(default_factory=list)
    start_task: StartTask | None = None
    _failures: Counter[str] = field(default_factory=Counter)
    _waited: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    """How many seconds each call has waited for the user."""

    async def run(self, calls: Sequence[Call]) -> list[ToolResult]:
        """Run a round's calls side by side; returns their results in the order of the calls. Raises
        TurnStopped where the turn only repeats itself."""
        running = [asyncio.ensure_future(self._run(call)) for call in calls]
        if not running:
            return []
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            # One that stops the turn, or the turn's end, leaves none of them behind. Each is cancelled once,
            # since it may have to clean up.
            for task in running:
                task.cancel()
            await asyncio.wait(running)
        for task in running:
            if not task.cancelled() and (error := task.exception()):
                raise error
        return [task.result() for task in running]

    async def _run(self, call: Call) -> ToolResult:
        started = self.clock.monotonic()
        outcome = await self._outcome(call)
        passed = self.clock.monotonic() - started - self._waited[call.content_index]
        text = bounded(outcome.text)
        part = ToolCallPart(
            call_id=call.call_id,
            name=call.name,
            arguments=call.arguments or {},
            output=text,
            status="error" if outcome.is_error else "success",
            seconds=round(max(0.0, passed), 3),
            round=call.round,
            source=outcome.source,
            links=list(outcome.links),
        )
        if outcome.source is not None and not self.is_tainted:
            self.is_tainted = True
            await self.db.write(turns.taint, self.context.response_id)
        if outcome.skill and all(skill.id != outcome.skill.id for skill in self.skills):
            self.skills.append(outcome.skill)
        await self.recorder.tool_done(call.content_index, part, outcome.artifact)
        if self._failures[_key(call)] >= _SAME_FAILURES + _REFUSALS:
            raise TurnStopped(
                "stuck",
                f"The turn ended because it called {call.name} again and again with the same failure.",
            )
        return ToolResult(call.call_id, as_data(text, outcome.source), outcome.is_error, outcome.images)

    async def _outcome(self, call: Call) -> Outcome:
        """A tool that fails does not end the turn: the model gets to know why."""
        key = _key(call)
        if self._failures[key] >= _SAME_FAILURES:
            outcome = Outcome(_SAME_AGAIN, is_error=True)
        else:
            outcome = await self._made(call)
        self._failures[key] = self._failures[key] + 1 if outcome.is_error else 0
        return outcome

    async def _made(self, call: Call) -> Outcome:
        tool = self.tools.get(call.name)
        if tool is None:
            return Outcome(f"There is no tool {call.name!r}.", is_error=True)
        if call.arguments is None:
            return Outcome(f"The arguments cannot be read: {call.problem}", is_error=True)
        if call.begun_at is not None:
            return Outcome(_UNCERTAIN, is_error=True)
        return await self._attempt(tool, call)

    async def _attempt(self, tool: Tool[Any], call: Call) -> Outcome:
        try:
            self._check_skills(tool)
            arguments = tool.check(call.arguments or {})
            context = self._context_of(call)
            demand = tool.demand(context, arguments)
            demand = await demand if isinstance(demand, Awaitable) else demand
            await self._check_policy(call, demand)
            if demand.effect != "read":
                now = self.clock.now()
                await self.db.write(turn_calls.begin, context.response_id, call.content_index, now)
            limit = None if tool.waits_for_people else tool.seconds(arguments)
            return await _within(limit, tool, replace(context, demand=demand), arguments)
        except ToolFailed as error:
            return Outcome(str(error), source=error.source, is_error=True)
        except CoworkError as error:
            return Outcome(error.message, is_error=True)
        except Exception:
            logger.exception("The tool %s failed", call.name)
            return Outcome(
                f"{call.name} failed for a reason of its own; the server's log has it.", is_error=True
            )

    def _check_skills(self, tool: Tool[Any]) -> None:
        """While one skill alone is active and names tools, just those can be called, and the basic ones."""
        if len(self.skills) != 1 or not self.skills[0].tools or tool.is_basic:
            return
        [skill] = self.skills
        if tool.name not in skill.tools:
            raise ToolFailed(
                f"The skill {skill.name} allows these tools alone, and the basic ones:"
                f" {', '.join(skill.tools)}."
            )

    async def _check_policy(self, call: Call, demand: Demand) -> None:
        context = self.context
        is_remembered = await self.db.read(
            stored_approvals.is_allowed, context.project_id, call.name, demand.effect, demand.subject
        )
        verdict = policy.decide(
            demand, settings=self.settings(), is_remembered=is_remembered, is_tainted=self.is_tainted
        )
        if verdict.word == "deny":
            raise ToolFailed(verdict.reason)
        # After a restart the answer counts, whatever would be decided now.
        asked = await self.db.read(stored_approvals.of_call, context.response_id, call.content_index)
        if asked and asked.kind == "approval" and asked.subject != demand.subject:
            raise ToolFailed("What this call would do is not what the user was asked for. Call it again.")
        if verdict.word == "ask" or (asked and asked.kind == "approval"):
            decided = await self._decided(call, "approval", demand, verdict.reason, call.arguments or {})
            if decided.status != "allowed":
                raise ToolFailed(_REFUSED[decided.status])

    async def _ask(self, call: Call, question: Question) -> str:
        demand = Demand("read", summary=question.text)
        decided = await self._decided(call, "question", demand, _QUESTION_REASON, {}, question.options)
        if decided.status != "answered":
            raise ToolFailed(_UNANSWERED[decided.status])
        return decided.answer or ""

    async def _decided(
        self,
        call: Call,
        kind: Literal["approval", "question"],
        demand: Demand,
        reason: str,
        arguments: Mapping[str, Any],
        options: Sequence[str] = (),
    ) -> Approval:
        """Ask the user, and wait for what comes of it."""
        request = Request(
            turn_id=self.context.response_id,
            conversation_id=self.context.conversation_id,
            project_id=self.context.project_id,
            content_index=call.content_index,
            kind=kind,
            tool=call.name,
            effect=demand.effect,
            subject=demand.subject,
            summary=demand.summary,
            reason=reason,
            arguments=arguments,
            options=options,
            expires_at=self._expires_at(),
        )
        approval = await self.approvals.ask(request)
        if approval.status == "pending":
            started = self.clock.monotonic()
            with self.stopwatch.running():
                await self.recorder.approval(approval)
                approval = await self.approvals.decided(approval.id)
            self._waited[call.content_index] += self.clock.monotonic() - started
        await self.recorder.approval(approval)
        return approval

    def _expires_at(self) -> int | None:
        """Somebody who attends takes the time it takes."""
        return self.clock.now() + self.settings().wait_seconds * 1000 if self.is_unattended else None

    def _context_of(self, call: Call) -> ToolContext:
        async def ask(question: Question) -> str:
            return await self._ask(call, question)

        async def start_task(task: str) -> TaskDone:
            assert self.start_task
            return await self.start_task(call.content_index, task)

        return replace(
            self.context,
            content_index=call.content_index,
            is_tainted=self.is_tainted,
            tell=lambda text: self.recorder.tool_output(call.content_index, call.call_id, text),
            ask=ask,
            start_task=start_task if self.start_task else None,
        )


def _key(call: Call) -> str:
    """What calls have in common that are the same again."""
    return f"{call.name} {json.dumps(call.arguments, sort_keys=True)} {call.problem or ''}"


_REFUSED = {
    "denied": "The user does not want this. Do not try it in another way; go on without it, or ask.",
    "expired": "Nobody answered in time whether this may be done, so it was not done. Go on without it.",
    "cancelled": "The turn ended before anybody answered.",
}
_UNANSWERED = {
    "denied": "The user does not want to answer this. Decide by what you know, and say what you assumed.",
    "expired": "Nobody answered in time. Decide by what you know, and say in the answer what you assumed.",
    "cancelled": "The turn ended before anybody answered.",
}
"""What becomes of a question of the agent's own."""


async def _within(seconds: float | None, tool: Tool[Any], context: ToolContext, arguments: Any) -> Outcome:
    """What the tool gives within its time; raises ToolFailed after that, when the tool has ended."""
    try:
        async with asyncio.timeout(seconds) as limit:
            given = await tool.run(context, arguments)
    except TimeoutError:
        if not limit.expired():
            raise
        raise ToolFailed(f"{tool.name} did not end within {seconds:g} s.") from None
    return Outcome(given) if isinstance(given, str) else given
