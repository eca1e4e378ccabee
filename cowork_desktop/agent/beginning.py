"""The first transaction of a turn: its conversation, its input and its first events."""

from collections.abc import Sequence
from dataclasses import dataclass

from cowork_desktop.agent import titles
from cowork_desktop.agent.models import Models
from cowork_desktop.agent.preferences import Preferences
from cowork_desktop.agent.running import TurnStart
from cowork_desktop.clock import Clock
from cowork_desktop.ids import Ids
from cowork_desktop.schemas import events
from cowork_desktop.schemas.conversations import (
    AttachmentPart,
    Conversation,
    ConversationCreate,
    Item,
    Role,
    TextPart,
)
from cowork_desktop.schemas.responses import AgentResponse
from cowork_desktop.store import (
    conversations,
    files,
    items,
    memories,
    projects,
    schedule_runs,
    skills,
    turns,
    versions,
)
from cowork_desktop.store.database import Database, Tx

_USER: Role = "user"


@dataclass(frozen=True)
class Begun:
    response: AgentResponse
    output_id: str
    """For the answer's item."""
    frames: list[bytes]


@dataclass(frozen=True)
class _NewIds:
    """Made on the event loop, for the transaction that runs in the writer's thread."""

    turn: str
    conversation: str
    input: str
    earlier: Sequence[str]


@dataclass(frozen=True)
class Beginning:
    db: Database
    models: Models
    preferences: Preferences
    clock: Clock
    ids: Ids

    async def begin(self, turn_id: str, start: TurnStart) -> Begun:
        """Store the input and the turn; InvalidRequest, Conflict and NotFound as the store says."""
        new = self.ids.new
        ids = _NewIds(turn_id, new("conv"), new("msg"), [new("msg") for _ in start.earlier])
        response, frames = await self.db.write(self._store, ids, start)
        return Begun(response, new("msg"), frames)

    def _store(self, tx: Tx, ids: _NewIds, start: TurnStart) -> tuple[AgentResponse, list[bytes]]:
        now = self.clock.now()
        conversation = _conversation(tx, ids, start, now)
        skills.check(tx, start.skill_ids)
        replaced = None if start.replaces is None else versions.leave(tx, conversation.id, start.replaces)
        came_with_it = _attachments(tx, conversation.id, start, replaced)
        files.note_come(tx, conversation.id, ids.turn)
        response = self._turn(tx, ids.turn, conversation, start, now)
        if start.schedule_run_id:
            schedule_runs.begin(tx, start.schedule_run_id, conversation.id, ids.turn, now)
        told = [(id, None, *message) for id, message in zip(ids.earlier, start.earlier, strict=True)]
        for id, turn_id, role, text in [*told, (ids.input, ids.turn, _USER, start.input)]:
            items.append(
                tx,
                id=id,
                conversation_id=conversation.id,
                turn_id=turn_id,
                role=role,
                parts=[TextPart(text=text), *(came_with_it if id == ids.input else ())],
                now=now,
                replaces=start.replaces if id == ids.input else None,
            )
        frames = _first_frames(tx, response, start)
        turns.append_frames(tx, ids.turn, 0, frames)
        return response, frames

    def _turn(self, tx: Tx, id: str, conversation: Conversation, start: TurnStart, now: int) -> AgentResponse:
        project = projects.get(tx, conversation.project_id) if conversation.project_id else None
        preferences = self.preferences.current
        model = start.model or (project and project.model) or preferences.model
        used = memories.ranked(tx, conversation.project_id, start.input, preferences.memories.characters)
        return turns.create(
            tx,
            id=id,
            conversation_id=conversation.id,
            input=start.input,
            model=model,
            provider=self.models.provider_of(model),
            now=now,
            memory_ids=[memory.id for memory in used],
            start=start.to_stored(),
            parent=start.parent,
        )


def _conversation(tx: Tx, ids: _NewIds, start: TurnStart, now: int) -> Conversation:
    if start.conversation_id is not None:
        conversations.check(tx, start.conversation_id)
        return conversations.get(tx, start.conversation_id)
    if start.parent:
        turns.get(tx, start.parent[0])  # raises NotFound where it has been deleted meanwhile
    return conversations.create(
        tx,
        ids.conversation,
        now,
        ConversationCreate(project_id=start.project_id),
        parent_turn_id=start.parent[0] if start.parent else None,
    )


def _attachments(
    tx: Tx, conversation_id: str, start: TurnStart, replaced: Item | None
) -> list[AttachmentPart]:
    """What is named or came with the message that is replaced, and what has arrived since the last turn."""
    kept: list[AttachmentPart] = []
    if replaced and start.file_ids is None:
        kept = [part for part in replaced.parts if isinstance(part, AttachmentPart)]
    return kept + [
        AttachmentPart(file_id=file.id, name=file.name, mime_type=file.mime_type, size=file.size)
        for file in files.for_turn(tx, conversation_id, start.file_ids or ())
    ]


def _first_frames(tx: Tx, response: AgentResponse, start: TurnStart) -> list[bytes]:
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
