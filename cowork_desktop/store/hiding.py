"""Hides what is deleted together with all that goes with it, in one transaction; the sweep takes it away
after."""

from cowork_desktop.store import artifacts, conversations, files, projects, schedules
from cowork_desktop.store.database import Tx


def delete_conversation(tx: Tx, id: str, now: int) -> list[str]:
    """Returns its id and those of the conversations of its sub-tasks, which go with it."""
    conversations.delete(tx, id, now)
    hidden = [id, *conversations.delete_tasks_of(tx, id, now)]
    for conversation_id in hidden:
        _delete_what_belongs_to(tx, conversation_id, now)
    return hidden


def delete_project(tx: Tx, id: str, now: int) -> list[str]:
    """Returns the ids of the conversations that went with it."""
    hidden = projects.delete(tx, id, now)
    files.delete_of_project(tx, id, now)
    artifacts.delete_of_project(tx, id, now)
    schedules.delete_of_project(tx, id, now)
    for conversation_id in hidden:
        _delete_what_belongs_to(tx, conversation_id, now)
    return hidden


def _delete_what_belongs_to(tx: Tx, conversation_id: str, now: int) -> None:
    files.delete_of_conversation(tx, conversation_id, now)
    schedules.forget_conversation(tx, conversation_id)
