"""The bytes of artifacts: written whole or not at all, one folder an artifact."""

import os
import re
import unicodedata
from pathlib import Path

from cowork_desktop.ids import random_id
from cowork_desktop.workspace.paths import resolve

_LONGEST_NAME = 60


def folder_name(title: str, id: str) -> str:
    """A name for an artifact's folder: readable, safe on every system, and free, as the id is in it."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:_LONGEST_NAME].strip("_")
    return "_".join(filter(None, [words, id.rpartition("_")[2][-8:]]))


def write(root: Path, path: str, content: bytes) -> None:
    """Put `content` at `path` below `root`; who reads meanwhile gets the old or the new, and so does who
    looks after a power cut."""
    place = resolve(root, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(f".{random_id('part')}")
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(place)
    finally:
        unfinished.unlink(missing_ok=True)
    if os.name == "posix":
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
