"""Keeps the requests of one turn within the model's window: a summary takes the place of their older part."""

from dataclasses import dataclass, replace

from cowork_desktop.agent import tokens
from cowork_desktop.agent.compaction import Window, compacted_messages, parted, split
from cowork_desktop.agent.model import Model, ModelError, ModelRequest
from cowork_desktop.agent.recorder import Recorder
from cowork_desktop.agent.summaries import summarise
from cowork_desktop.agent.tokens import Counted
from cowork_desktop.clock import Clock
from cowork_desktop.schemas.responses import Usage
from cowork_desktop.store import compactions
from cowork_desktop.store.database import Database

_NEARLY_FULL = 0.75
"""Of what is full; from here on the provider is asked how much it is, where the last answer does not tell."""


@dataclass(eq=False)
class Compactor:
    db: Database
    clock: Clock
    model: Model
    recorder: Recorder
    window: Window
    conversation_id: str
    turn_id: str
    input: str
    """The request that the turn is to answer."""
    previous: str | None
    """The latest summary of the conversation; the messages tell whether they begin with it."""
    _counted: Counted | None = None

    def count(self, request: ModelRequest, usage: Usage) -> None:
        """Learn from an answer how much the request was."""
        self._counted = Counted.of(request, usage) or self._counted

    async def fitted(self, request: ModelRequest) -> ModelRequest:
        """The request, or a shorter one that says the same in fewer words."""
        size = tokens.size(request, self._counted)
        if size > _NEARLY_FULL * self.window.full_at and self._counted is None:
            size = await self.model.count_tokens(request) or size
        if size <= self.window.full_at:
            return request
        return await self._compacted(request, size, self.window.tail)

    async def shortened(self, request: ModelRequest) -> ModelRequest:
        """The same, where the provider says that it is too long. Raises ModelError where it cannot be made
        shorter."""
        # The window may be smaller than the settings say.
        _, others = parted(request.messages, self.previous)
        keep = min(self.window.tail, tokens.estimate(others) // 3)
        shorter = await self._compacted(request, tokens.size(request, self._counted), keep)
        if shorter is request:
            raise ModelError(
                "context_too_long", "The message is too long for the model. Send less text and fewer files."
            )
        return shorter

    async def _compacted(self, request: ModelRequest, size: int, keep: int) -> ModelRequest:
        """`keep`: how many tokens of the newest messages stay."""
        # The summary before goes into the next one by itself, and stays where there is none.
        before, others = parted(request.messages, self.previous)
        older, tail = split(others, keep)
        if not older:
            return replace(request, messages=[*before, *tail]) if tail != others else request
        summary, used = await summarise(self.model, request.model, older, self.previous, self.window)
        self.recorder.usage = self.recorder.usage + used
        messages = compacted_messages(summary, self.input, tail, self.window)
        shorter = replace(request, messages=messages)
        self.previous, self._counted = summary, None
        after, (item_n, round) = tokens.estimate(shorter), tail[0].place
        now = self.clock.now()
        await self.db.write(
            compactions.add, self.conversation_id, self.turn_id, item_n, round, summary, size, after, now
        )
        await self.recorder.compacted(size, after)
        return shorter
