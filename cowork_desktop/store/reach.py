"""SQL that tells what the agent has to work with in a conversation."""

from dataclasses import dataclass

from cowork_desktop.schemas.files import File
from cowork_desktop.store import files
from cowork_desktop.store.database import Tx


@dataclass(frozen=True)
class Reach:
    project_id: str
    """The conversation's project, or General."""
    has_skills: bool
    has_memories: bool
    has_artifacts: bool
    has_scratchpad: bool
    has_schedules: bool
    file_count: int
    newest_files: list[File]


def of(tx: Tx, conversation_id: str, most_files: int) -> Reach:
    project_id, own_project = tx.execute(
        "SELECT coalesce(project_id, (SELECT id FROM projects WHERE is_general)), project_id"
        " FROM conversations WHERE id = ?",
        (conversation_id,),
    ).fetchone()
    has_skills, has_memories, has_artifacts, has_scratchpad, has_schedules = tx.execute(
        "SELECT EXISTS (SELECT 1 FROM skills),"
        " EXISTS (SELECT 1 FROM memories WHERE project_id IS NULL OR project_id = ?1),"
        " EXISTS (SELECT 1 FROM artifacts WHERE project_id = ?1 AND deleted_at IS NULL),"
        " EXISTS (SELECT 1 FROM scratchpads WHERE conversation_id = ?2),"
        " EXISTS (SELECT 1 FROM schedules WHERE project_id = ?1 AND deleted_at IS NULL)",
        (project_id, conversation_id),
    ).fetchone()
    count, newest = files.in_reach(tx, conversation_id, own_project, most_files)
    return Reach(
        project_id,
        bool(has_skills),
        bool(has_memories),
        bool(has_artifacts),
        bool(has_scratchpad),
        bool(has_schedules),
        count,
        newest,
    )
