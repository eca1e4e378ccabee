"""Model and tools in turn, until the model has nothing more to call."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from cowork_desktop.agent import attachments, prices
from cowork_desktop.agent.calls import Calls
from cowork_desktop.agent.compactor import Compactor
from cowork_desktop.agent.model import (
    Message,
    Model,
    ModelDone,
    ModelError,
    ModelRequest,
    ReasoningDelta,
    Retrying,
    TextDelta,
    ToolCallArguments,
    ToolCallBegun,
    ToolCallEnded,
    ToolResult,
)
from cowork_desktop.agent.recorder import Recorder
from cowork_desktop.agent.running import RunBudget
from cowork_desktop.agent.stopped import TurnStopped
from cowork_desktop.schemas.responses import TurnError, Usage
from cowork_desktop.schemas.settings import Limits
from cowork_desktop.schemas.skills import Skill
from cowork_desktop.store import turn_calls, turns
from cowork_desktop.store.database import Database
from cowork_desktop.store.turn_calls import Call

_EVENTS_AT_ONCE = 32
"""A model that has much to tell does not keep the readers waiting for longer than this many events."""


@dataclass(frozen=True)
class InHand:
    """A round that an earlier process has begun."""

    round: int
    calls: Sequence[Call]
    results: Mapping[int, ToolResult]
    """Of those that have ended, by the calls' parts of the answer."""
    skills: Sequence[tuple[int, Skill]]
    """Those that the turn has loaded, with the round that did."""


@dataclass(eq=False)
class Loop:
    db: Database
    model: Model
    calls: Calls
    recorder: Recorder
    limits: Limits
    budget: RunBudget
    compactor: Compactor
    answer_n: int
    """The number that the answer's item will have in the conversation."""
    on_refused: Callable[[], Awaitable[None]]
    """The provider does not take the pictures and documents that came with this message: they are not sent
    again."""
    _has_told: bool = False
    """Whether the readers have got something of the answer that the model gives now."""

    async def run(self, request: ModelRequest, in_hand: InHand | None = None) -> None:
        """Answer the request; raises ModelError and TurnStopped. Of a round in hand the request's last
        message is the answer that asked for the calls."""
        round = 0
        if in_hand:
            self._activate(skill for loaded_in, skill in in_hand.skills if loaded_in < in_hand.round)
            results = await self._results(in_hand)
            # A call that waited had begun before the skills of its own round were loaded.
            self._activate(skill for _, skill in in_hand.skills)
            request = _with(request, [Message("user", results, place=(self.answer_n, in_hand.round))])
            round = in_hand.round + 1
        while round < self.limits.rounds:
            request = await self.compactor.fitted(request)
            request, done, calls = await self._answer(request, round)
            self._check_end(done)
            if not calls:
                return
            await self._check_spent(request.model)
            # Before calls act, it is on the disk what they were.
            await self.recorder.flush()
            await self.db.write(
                turn_calls.put_round, self.calls.context.response_id, calls, self.recorder.usage
            )
            results = await self.calls.run(calls)
            await self._check_spent(request.model)
            place = (self.answer_n, round)
            answer = Message("assistant", done.content, place=place)
            request = _with(request, [answer, Message("user", results, place=place)])
            round += 1
        raise TurnStopped(
            "limit_reached",
            f"The turn needed more than {self.limits.rounds} rounds (settings.limits.rounds).",
        )

    def _activate(self, skills: Iterable[Skill]) -> None:
        active = self.calls.skills
        active += {skill.id: skill for skill in skills if all(skill.id != one.id for one in active)}.values()

    async def _results(self, in_hand: InHand) -> list[ToolResult]:
        """Those of a whole round, in the order of its calls."""
        left = [call for call in in_hand.calls if call.content_index not in in_hand.results]
        given = iter(await self.calls.run(left))
        return [in_hand.results.get(call.content_index) or next(given) for call in in_hand.calls]

    async def _answer(self, request: ModelRequest, round: int) -> tuple[ModelRequest, ModelDone, list[Call]]:
        """The model's answer, and the request that it answered: what the provider refuses for good is made
        shorter, or goes without pictures, once."""
        try:
            return request, *await self._call_model(request, round)
        except ModelError as error:
            if self._has_told:
                raise
            if error.kind == "context_too_long":
                shorter = await self.compactor.shortened(request)
            elif error.kind == "invalid_request" and attachments.has_any(request.messages):
                shorter = replace(request, messages=_without_refused(request.messages, round))
            else:
                raise
            done, calls = await self._call_model(shorter, round)
            # What came with the message was taken where an earlier round was answered.
            if error.kind == "invalid_request" and round == 0:
                await self.on_refused()
            return shorter, done, calls

    def _check_end(self, done: ModelDone) -> None:
        if done.stop_reason == "max_tokens":
            raise TurnStopped(
                "limit_reached",
                f"The answer was cut at {self.limits.output_tokens:,} tokens;"
                f" settings.limits.output_tokens sets how long one may be.",
            )
        if done.stop_reason == "refusal":
            raise TurnStopped("refusal", "The model declined to go on with this.")

    async def _check_spent(self, model: str) -> None:
        """What the turn's sub-tasks have used counts too."""
        tasks = await self.db.read(turns.usage_of_tasks, self.calls.context.response_id)
        spent = self.recorder.usage + tasks
        used, cost = spent.total, self._cost_usd(model, spent)
        limits, budget = self.limits, self.budget
        for value, most, words in (
            (used, limits.tokens, "used more than {:,} tokens (settings.limits.tokens)"),
            (used, budget.tokens, "used more than the {:,} tokens that its schedule's budget left it"),
            (cost, limits.cost_usd, "cost more than {:g} US dollars (settings.limits.cost_usd)"),
            (cost, budget.cost_usd, "cost more than the {:g} US dollars that its schedule's budget left it"),
        ):
            if most is not None and value > most:
                raise TurnStopped("limit_reached", f"The turn {words.format(most)}.")

    def _cost_usd(self, model: str, spent: Usage) -> float:
        """The most that it can have cost, where the model's price is not known."""
        if self.model.provider == "offline":
            return 0.0
        cost = prices.cost_usd(model, spent)
        return prices.most_usd(spent) if cost is None else cost

    async def _call_model(self, request: ModelRequest, round: int) -> tuple[ModelDone, list[Call]]:
        recorder, places = self.recorder, dict[str, int]()
        calls: list[Call] = []
        done: ModelDone | None = None
        told, self._has_told = 0, False
        try:
            async with aclosing(self.model.stream(request)) as stream:
                async for event in stream:
                    self._has_told = self._has_told or not isinstance(event, Retrying)
                    match event:
                        case TextDelta(text):
                            recorder.text(text)
                        case ReasoningDelta(text):
                            recorder.reasoning(text)
                        case ToolCallBegun(call_id, name):
                            places[call_id] = await recorder.tool_begun(call_id, name, round)
                        case ToolCallArguments(call_id, json):
                            recorder.tool_arguments(places[call_id], call_id, json)
                        case ToolCallEnded(call_id, name, arguments, problem):
                            calls.append(Call(places[call_id], round, call_id, name, arguments, problem))
                        case Retrying():
                            error = TurnError(type=event.kind, message=event.message)
                            recorder.retrying(event.attempt, event.wait_seconds, error)
                        case ModelDone():
                            done = event
                    told += 1
                    if told % _EVENTS_AT_ONCE == 1:
                        await asyncio.sleep(0)
        except ModelError as error:
            recorder.usage = recorder.usage + error.usage
            raise
        if done is None:
            raise ModelError("provider_error", "The model's answer ended without an end. Try again.")
        recorder.usage = recorder.usage + done.usage
        self.compactor.count(request, done.usage)
        return done, calls


def _with(request: ModelRequest, more: Sequence[Message]) -> ModelRequest:
    return replace(request, messages=[*request.messages, *more])


def _without_refused(messages: Sequence[Message], round: int) -> list[Message]:
    """The messages without what the provider may not take: in a later round the pictures of results, where
    there are any, and else all pictures and documents."""
    if round > 0 and (shorter := attachments.without_results_pictures(messages)) != list(messages):
        return shorter
    return attachments.without(messages)
