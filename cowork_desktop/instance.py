"""One server a data folder: a lock that the operating system gives back when its holder dies."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

_LOCK, _NOTE = "instance.lock", "instance.json"


class DataFolderInUse(Exception):
    """Another server works in this folder."""


@dataclass(frozen=True)
class Holder:
    """Who has a folder. Both are 0 where that cannot be read."""

    pid: int
    port: int
    """0 also where it serves nobody: it restores a backup."""


@contextmanager
def lock(data_dir: Path, note: dict[str, Any]) -> Iterator[None]:
    """Hold the folder; `note` tells others who does. Raises DataFolderInUse, and OSError for a folder that
    cannot be had."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    owner = data_dir / _NOTE
    held = FileLock(data_dir / _LOCK)
    try:
        held.acquire(blocking=False)
    except Timeout as error:
        raise DataFolderInUse(
            f"Another Cowork works in {data_dir}{_told(_read(owner))}. Use that one, or give another"
            " --data-dir."
        ) from error
    try:
        owner.write_text(json.dumps(note | {"pid": os.getpid()}), "utf-8")
        yield
    finally:
        owner.unlink(missing_ok=True)
        held.release()


def holder(data_dir: Path) -> Holder | None:
    """Who has the folder; None: nobody. Looking changes nothing there. Raises OSError where one cannot."""
    owner, place = data_dir / _NOTE, data_dir / _LOCK
    if not (owner.exists() and place.exists()):
        return None
    try:
        with FileLock(place, blocking=False):
            return None  # its holder died, and left the note
    except Timeout:
        return _read(owner)


def _read(owner: Path) -> Holder:
    """What the holder wrote of itself."""
    try:
        note = json.loads(owner.read_text("utf-8"))
        return Holder(int(note["pid"]), int(note["port"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Holder(0, 0)


def _told(holder: Holder) -> str:
    """In brackets; nothing where it is not known."""
    return f" (process {holder.pid}, port {holder.port})" if holder.pid else ""
