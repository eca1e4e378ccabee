"""One turn's work: what is known is gathered, the request made, and the loop run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cowork_desktop.agent import attachments, context, history, server_tools
from cowork_desktop.agent.approvals import Approvals
from cowork_desktop.agent.attachments import NOTHING_ATTACHED, Attached
from cowork_desktop.agent.calls import Calls
from cowork_desktop.agent.compaction import Window
from cowork_desktop.agent.compactor import Compactor
from cowork_desktop.agent.context import Gathered
from cowork_desktop.agent.loop import InHand, Loop
from cowork_desktop.agent.model import Model, ModelRequest
from cowork_desktop.agent.preferences import Preferences
from cowork_desktop.agent.running import Running, StartTask
from cowork_desktop.agent.tools import use_skill
from cowork_desktop.agent.tools.means import Means
from cowork_desktop.agent.tools.tool import Tool, ToolContext
from cowork_desktop.clock import Clock
from cowork_desktop.schemas.conversations import Part, ToolCallPart
from cowork_desktop.schemas.settings import UserSettings
from cowork_desktop.schemas.skills import Skill
from cowork_desktop.store import files, skills, turn_calls, turns
from cowork_desktop.store.database import Database, Tx


@dataclass(frozen=True)
class Answering:
    db: Database
    preferences: Preferences
    means: Means
    approvals: Approvals
    clock: Clock
    tools: Mapping[str, Tool]  # type: ignore[type-arg]

    async def answer(self, running: Running, model: Model, start_task: StartTask) -> None:
        """Answer the turn's input, or go on with a turn that waited over a restart; raises ModelError and
        TurnStopped."""
        settings = self.preferences.current
        gathered = await self._gather(running)
        if gathered.reach.file_count or gathered.reach.has_scratchpad:
            self.means.cell_runs.prepare()
        attached = await self._attached(gathered)
        calls = await self._calls(running, gathered, attached, settings, start_task)
        in_hand = await self._in_hand(running)
        request = await self._request(running, gathered, attached, settings, calls)
        if in_hand:
            request = self._taken_up(request, running, gathered, in_hand)
        loop = Loop(
            db=self.db,
            model=model,
            calls=calls,
            recorder=running.recorder,
            limits=settings.limits,
            budget=running.start.budget,
            compactor=self._compactor(running, model, gathered, settings),
            answer_n=gathered.input.n + 1,
            on_refused=lambda: self._note_refused(gathered, attached),
        )
        await loop.run(request, in_hand)

    async def _gather(self, running: Running) -> Gathered:
        begun, start = running.begun, running.start
        gathered = await self.db.read(
            context.gather,
            begun.conversation_id,
            begun.id,
            memory_ids=begun.memory_ids,
            skill_ids=start.skill_ids,
            is_subtask=start.parent is not None,
        )
        return replace(gathered, connections=await self.means.connections.known(begun.conversation_id))

    async def _attached(self, gathered: Gathered) -> Attached:
        ids = gathered.attachment_ids
        if not ids:
            return NOTHING_ATTACHED
        current = gathered.current_attachment_ids
        return await attachments.load(
            ids, current=current, db=self.db, contents=self.means.contents, clock=self.clock
        )

    async def _calls(
        self,
        running: Running,
        gathered: Gathered,
        attached: Attached,
        settings: UserSettings,
        start_task: StartTask,
    ) -> Calls:
        begun, is_subtask = running.begun, running.start.parent is not None
        is_unattended = running.start.is_unattended
        is_tainted = await self.db.read(turns.is_tainted, begun.id)
        if attached.is_read and not is_tainted:
            is_tainted = True
            await self.db.write(turns.taint, begun.id)
        situation = gathered.situation(may_fetch=settings.web.fetch, is_unattended=is_unattended)
        tools = {name: tool for name, tool in self.tools.items() if tool.is_offered(situation)}
        return Calls(
            db=self.db,
            clock=self.clock,
            recorder=running.recorder,
            approvals=self.approvals,
            tools=tools | server_tools.of_connections(gathered.connections, self.tools),
            context=ToolContext(
                db=self.db,
                means=self.means,
                conversation_id=begun.conversation_id,
                response_id=begun.id,
                project_id=gathered.reach.project_id,
                user_texts=gathered.user_texts,
            ),
            settings=lambda: self.preferences.current.approvals,
            stopwatch=running.stopwatch,
            is_tainted=is_tainted,
            is_unattended=is_unattended,
            skills=list(gathered.skills),
            start_task=None if is_subtask else start_task,
        )

    async def _request(
        self,
        running: Running,
        gathered: Gathered,
        attached: Attached,
        settings: UserSettings,
        calls: Calls,
    ) -> ModelRequest:
        paths: Mapping[str, str] = {}
        if gathered.reach.file_count:
            paths = await self.means.project_files.lay_out(
                gathered.reach.project_id, running.begun.conversation_id
            )
        return context.assemble(
            gathered,
            model=running.begun.model,
            tools=[tool.spec for tool in calls.tools.values()],
            limits=settings.limits,
            now=datetime.fromtimestamp(self.clock.now() / 1000, UTC).astimezone(),
            attached=attached,
            paths=paths,
            instructions=running.start.instructions,
        )

    async def _in_hand(self, running: Running) -> InHand | None:
        """The calls of the last round, where an earlier process has begun the turn."""
        asked = await self.db.read(turn_calls.of_turn, running.begun.id)
        if not asked:
            return None
        parts = running.recorder.transcript.parts()
        results = {
            call.content_index: history.result(part)
            for call in asked
            if isinstance(part := parts[call.content_index], ToolCallPart) and part.status != "running"
        }
        return InHand(asked[0].round, asked, results, await self.db.read(_skills_used, parts))

    def _taken_up(
        self, request: ModelRequest, running: Running, gathered: Gathered, in_hand: InHand
    ) -> ModelRequest:
        """The request with what the turn has said and done so far, up to the calls in hand."""
        compaction, n = gathered.compaction, gathered.input.n + 1
        first = compaction.round if compaction and compaction.item_n == n else 0
        transcript = running.recorder.transcript
        parts = transcript.parts()
        for call in in_hand.calls:  # the events lack arguments that came whole
            update = {"arguments": call.arguments or {}}
            parts[call.content_index] = parts[call.content_index].model_copy(update=update)
        so_far = history.rounds(parts, n, first_round=first, numbers=transcript.rounds)
        return replace(request, messages=[*request.messages, *so_far[:-1]])

    def _compactor(
        self, running: Running, model: Model, gathered: Gathered, settings: UserSettings
    ) -> Compactor:
        return Compactor(
            db=self.db,
            clock=self.clock,
            model=model,
            recorder=running.recorder,
            window=Window.of(settings.limits),
            conversation_id=running.begun.conversation_id,
            turn_id=running.begun.id,
            input=running.begun.input,
            previous=gathered.compaction.summary if gathered.compaction else None,
        )

    async def _note_refused(self, gathered: Gathered, attached: Attached) -> None:
        refused: Sequence[str] = [id for id in gathered.current_attachment_ids if id in attached.as_they_are]
        await self.db.write(files.note_refused, refused or list(attached.as_they_are))


def _skills_used(tx: Tx, parts: Sequence[Part]) -> list[tuple[int, Skill]]:
    """The skills that an answer has loaded, as they are now, and in which round."""
    loaded = [
        (part.round, skills.named(tx, part.arguments["name"].strip()))
        for part in parts
        if isinstance(part, ToolCallPart) and part.name == use_skill.TOOL.name and part.status == "success"
    ]
    return [(round, skill) for round, skill in loaded if skill]
