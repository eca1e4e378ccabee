"""SQL that finds the newest id, so that ids go on growing when the clock was set back."""

from cowork_desktop.store.database import Tx

_TABLES = (
    "projects",
    "conversations",
    "turns",
    "items",
    "scratchpads",
    "cells",
    "artifacts",
    "memories",
    "skills",
    "files",
    "approvals",
    "approval_rules",
    "schedules",
    "schedule_runs",
    "connections",
)


def newest_id(tx: Tx) -> str | None:
    found = [tx.execute(f"SELECT max(id) FROM {table}").fetchone()[0] for table in _TABLES]
    return max((id for id in found if id), key=lambda id: id.rpartition("_")[2], default=None)
