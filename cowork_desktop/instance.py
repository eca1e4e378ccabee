"""One server a data folder: a lock that the operating system gives back when its holder dies."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout


class DataFolderInUse(Exception):
    """Another server works in this folder."""


@contextmanager
def lock(data_dir: Path, note: dict[str, Any]) -> Iterator[None]:
    """Hold the folder; `note` tells others who does. Raises DataFolderInUse, and OSError for a folder that
    cannot be had."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    owner = data_dir / "instance.json"
    held = FileLock(data_dir / "instance.lock")
    try:
        held.acquire(blocking=False)
    except Timeout as error:
        raise DataFolderInUse(
            f"Another Cowork works in {data_dir}{_told(owner)}. Use that one, or give another --data-dir."
        ) from error
    try:
        owner.write_text(json.dumps(note | {"pid": os.getpid()}), "utf-8")
        yield
    finally:
        owner.unlink(missing_ok=True)
        held.release()


def _told(owner: Path) -> str:
    """What the holder wrote of itself, in brackets; nothing where that cannot be read."""
    try:
        note = json.loads(owner.read_text("utf-8"))
        return f" (process {int(note['pid'])}, port {int(note['port'])})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
