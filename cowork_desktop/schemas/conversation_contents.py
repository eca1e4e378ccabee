"""What a conversation made and used, on the wire."""

from cowork_desktop.schemas.artifacts import Artifact
from cowork_desktop.schemas.base import Schema, Timestamp
from cowork_desktop.schemas.files import File
from cowork_desktop.schemas.memories import Memory
from cowork_desktop.schemas.responses import Usage
from cowork_desktop.schemas.skills import Skill


class ScratchpadSummary(Schema):
    id: str
    title: str
    saved: bool
    artifact_id: str | None
    """The report that it was promoted to."""
    cells: int
    """How many it has, without output cells."""
    updated_at: Timestamp


class ConversationContents(Schema):
    """Each list has the newest first, and at most 100."""

    scratchpads: list[ScratchpadSummary]
    artifacts: list[Artifact]
    """What its turns and their sub-tasks made or changed, and what its scratchpads became."""
    files: list[File]
    """Those that belong to it."""
    memories: list[Memory]
    """Those that its turns and their sub-tasks were told, made or changed."""
    skills: list[Skill]
    """Those that its turns and their sub-tasks used, and the project's, which are active."""
    usage: Usage
    """Of its turns and their sub-tasks."""
    cost_usd: float | None
    """US dollars by list prices; null where the price of one of the models is not known."""
    is_complete: bool
    """False: of some there are more than 100."""
