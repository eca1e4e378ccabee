"""Looks at a database without changing a byte of it, beside a server at work too."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cowork_desktop.store import backup, settings
from cowork_desktop.store.backup import Check
from cowork_desktop.store.database import DatabaseUnreadable, Tx
from cowork_desktop.tasks import Stopped


@dataclass(frozen=True)
class Inspected:
    version: int
    """Of its schema."""
    settings: dict[str, Any]
    fault: str | None
    """What is damaged; None: nothing that was found."""
    is_whole: bool
    """Whether all of it was looked at, before `check` raised Stopped."""


def inspect(path: Path, check: Check, *, is_in_use: bool) -> Inspected:
    """`is_in_use`: some process may write to it meanwhile. Raises DatabaseTooNew and DatabaseUnreadable."""
    try:
        with closing(_connect(path, is_in_use=is_in_use)) as tx:
            backup.refuse_newer(tx, path)
            version = backup.schema_version(tx)
            stored = settings.get(tx) if version else {}
            try:
                return Inspected(version, stored, backup.fault_in(tx, check), is_whole=True)
            except Stopped:
                return Inspected(version, stored, None, is_whole=False)
    except sqlite3.Error as error:
        raise DatabaseUnreadable(f"{path} cannot be used: {error}.") from error


def _connect(path: Path, *, is_in_use: bool) -> Tx:
    """A reader of a file with a write-ahead log makes one where there is none, and leaves it there; a file
    that nobody writes to and that has no log is read as it is."""
    has_log = path.with_name(f"{path.name}-wal").exists()
    how = "mode=ro" if is_in_use or has_log else "immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None)
