"""Gathers what a conversation made and used."""

from cowork_desktop.agent import costs
from cowork_desktop.schemas.conversation_contents import ConversationContents
from cowork_desktop.store import artifacts, conversations, files, memories, projects, skills, uses
from cowork_desktop.store.database import Tx

MOST = 100
"""Of each kind, the newest."""


def gather(tx: Tx, id: str) -> ConversationContents:
    """With what the sub-tasks of its turns did. Raises NotFound."""
    project_id = conversations.get(tx, id).project_id
    family = conversations.with_tasks_of(tx, id)
    active = projects.get(tx, project_id).skill_ids if project_id else []
    pads = uses.scratchpads(tx, id, MOST + 1)
    made = uses.artifact_ids(tx, family, MOST + 1)
    own_files = uses.file_ids(tx, id, MOST + 1)
    told = uses.memory_ids(tx, family, MOST + 1)
    used = uses.skill_ids(tx, family, active, MOST + 1)
    spent = costs.of_conversations(tx, family)
    return ConversationContents(
        scratchpads=pads[:MOST],
        artifacts=artifacts.those(tx, made[:MOST]),
        files=files.those(tx, own_files[:MOST]),
        memories=list(reversed(memories.those(tx, told[:MOST]))),
        skills=skills.those(tx, used[:MOST]),
        usage=spent.usage,
        cost_usd=spent.cost_usd,
        is_complete=all(len(found) <= MOST for found in (pads, made, own_files, told, used)),
    )
