"""What a transaction changes of what windows show: noted by triggers of the writer's own, so that no write
can forget it."""

from typing import NamedTuple

from cowork_desktop.schemas.notifications import Resource, ResourceChange
from cowork_desktop.store.database import Tx

MOST = 100
"""Of one resource, changed in one commit, that are told one by one."""


class News(NamedTuple):
    resource: Resource
    id: str | None
    """None: the settings, or many of the resource."""
    project_id: str | None
    conversation_id: str | None
    change: ResourceChange


_TABLE = (
    "CREATE TEMP TABLE news (resource TEXT, id TEXT, project_id TEXT, conversation_id TEXT, change TEXT,"
    " UNIQUE (resource, id))"
)
_AGAIN = (
    " ON CONFLICT DO UPDATE SET"
    " change = CASE excluded.change WHEN 'updated' THEN change ELSE excluded.change END;"
)
"""What was made and then changed was made; what is gone is gone."""


def _note(resource: str, row: str, change: str, project: str, conversation: str) -> str:
    return f"INSERT INTO news VALUES ('{resource}', {row}, {project}, {conversation}, {change}){_AGAIN}"


def _note_scratchpads(which: str, change: str) -> str:
    """Of the scratchpads `s` and their conversations `c`."""
    return (
        f"INSERT INTO news SELECT 'scratchpad', s.id, c.project_id, s.conversation_id, '{change}'"
        f" FROM scratchpads s JOIN conversations c ON c.id = s.conversation_id WHERE {which}{_AGAIN}"
    )


def _trigger(name: str, event: str, *notes: str, when: str = "1") -> str:
    return f"CREATE TEMP TRIGGER news_{name} AFTER {event} WHEN {when} BEGIN {' '.join(notes)} END"


def _of_hidden(table: str, columns: str, resource: str, project: str, conversation: str) -> list[str]:
    """Of a table whose rows are hidden when they are deleted, and swept later."""
    gone = "CASE WHEN new.deleted_at IS NULL THEN 'updated' ELSE 'deleted' END"
    places = (project, conversation)
    return [
        _trigger(f"{table}_in", f"INSERT ON {table}", _note(resource, "new.id", "'created'", *places)),
        _trigger(
            f"{table}_on",
            f"UPDATE OF {columns}, deleted_at ON {table}",
            _note(resource, "new.id", gone, *places),
            when="old.deleted_at IS NULL",
        ),
    ]


_EVENTS = (("INSERT", "created", "new"), ("UPDATE", "updated", "new"), ("DELETE", "deleted", "old"))


def _of_plain(table: str, resource: str, project: str) -> list[str]:
    """Of a table whose rows go when they are deleted."""
    return [
        _trigger(
            f"{table}_{change}",
            f"{event} ON {table}",
            _note(resource, f"{row}.id", f"'{change}'", project.format(row), "NULL"),
        )
        for event, change, row in _EVENTS
    ]


_OF_SHOWN = "c.deleted_at IS NULL AND s.id ="
_SCRATCHPADS = [
    _trigger("scratchpads_in", "INSERT ON scratchpads", _note_scratchpads("s.id = new.id", "created")),
    _trigger(
        "scratchpads_on",
        "UPDATE OF title, saved, artifact_id, updated_at ON scratchpads",
        _note_scratchpads(f"{_OF_SHOWN} new.id", "updated"),
    ),
    _trigger(
        "scratchpads_out",
        "DELETE ON scratchpads",
        "INSERT INTO news SELECT 'scratchpad', old.id, c.project_id, c.id, 'deleted' FROM conversations c"
        f" WHERE c.id = old.conversation_id AND c.deleted_at IS NULL{_AGAIN}",
    ),
    _trigger(
        "scratchpads_hidden",
        "UPDATE OF deleted_at ON conversations",
        _note_scratchpads("s.conversation_id = new.id", "deleted"),
        when="new.deleted_at IS NOT NULL AND old.deleted_at IS NULL",
    ),
    # Outputs come and go while a cell runs, and those who want them follow the run.
    _trigger(
        "cells_in",
        "INSERT ON cells",
        _note_scratchpads(f"{_OF_SHOWN} new.scratchpad_id", "updated"),
        when="new.type <> 'output'",
    ),
    _trigger(
        "cells_on",
        "UPDATE OF type, content, language, status ON cells",
        _note_scratchpads(f"{_OF_SHOWN} new.scratchpad_id", "updated"),
    ),
    _trigger(
        "cells_out",
        "DELETE ON cells",
        _note_scratchpads(f"{_OF_SHOWN} old.scratchpad_id", "updated"),
        when="old.type <> 'output'",
    ),
]
_TEXTS = [
    _trigger(
        f"texts_{name}",
        f"{event} ON texts",
        "INSERT INTO news SELECT 'file', f.id, f.project_id, f.conversation_id, 'updated' FROM files f"
        f" WHERE f.id = new.owner_id AND f.deleted_at IS NULL{_AGAIN}",
        when=when,
    )
    for name, event, when in (("in", "INSERT", "1"), ("on", "UPDATE OF status", "old.status <> new.status"))
]
_TRIGGERS = [
    *_of_hidden(
        "conversations",
        "title, goal, status, updated_at",
        "conversation",
        project="new.project_id",
        conversation="new.id",
    ),
    *_of_hidden(
        "projects",
        "name, description, connector_ids, skill_ids, model, updated_at",
        "project",
        project="new.id",
        conversation="NULL",
    ),
    *_of_hidden(
        "artifacts",
        "title, type, path, version, laid_out, updated_at",
        "artifact",
        project="new.project_id",
        conversation="NULL",
    ),
    *_of_hidden(
        "files",
        "name, project_id, conversation_id",
        "file",
        project="new.project_id",
        conversation="new.conversation_id",
    ),
    *_of_plain("memories", "memory", "{}.project_id"),
    *_of_plain("skills", "skill", "NULL"),
    *(
        _trigger(
            f"settings_{change}", f"{event} ON settings", _note("settings", "''", "'updated'", "NULL", "NULL")
        )
        for event, change, _ in _EVENTS
    ),
    *_SCRATCHPADS,
    *_TEXTS,
]


def watch(tx: Tx) -> None:
    """Have the connection note what it changes from now on. A note is part of the transaction."""
    tx.execute("PRAGMA temp_store = MEMORY")
    for statement in (_TABLE, *_TRIGGERS):
        tx.execute(statement)


def take(tx: Tx) -> list[News]:
    """What the transaction has changed so far, each thing once; where that is many of one resource, one for
    all."""
    rows = tx.execute(
        "SELECT resource, nullif(id, ''), project_id, conversation_id, change FROM news ORDER BY rowid"
    ).fetchall()
    if not rows:
        return []
    tx.execute("DELETE FROM news")
    found = dict[str, list[News]]()
    for row in rows:
        found.setdefault(row[0], []).append(News(*row))
    return [one for of_resource in found.values() for one in _few(of_resource)]


def _few(news: list[News]) -> list[News]:
    if len(news) <= MOST:
        return news
    projects = {one.project_id for one in news}
    conversations = {one.conversation_id for one in news}
    return [
        News(
            news[0].resource,
            None,
            projects.pop() if len(projects) == 1 else None,
            conversations.pop() if len(conversations) == 1 else None,
            "updated" if len({one.change for one in news}) > 1 else news[0].change,
        )
    ]
