"""How the files of a working folder are, compared with how they were, and what of them is kept."""

import logging
from dataclasses import replace
from pathlib import Path

from cowork_desktop.errors import CoworkError
from cowork_desktop.store.work_files import WorkFile
from cowork_desktop.workspace import working_folder
from cowork_desktop.workspace.contents import Arrivals, storing
from cowork_desktop.workspace.copying import Readable, is_regular, open_regular

logger = logging.getLogger(__name__)

LARGEST_KEPT = 100_000_000
MOST_KEPT = 500_000_000
"""Bytes of one file, and of all files of a folder together, that are kept so that they can be put back."""


def found_in(root: Path, known: dict[str, WorkFile], arrivals: Arrivals) -> tuple[dict[str, WorkFile], bool]:
    """The files as they are, and whether these are all; those that are new or changed are read and on their
    way to be kept."""
    files, is_cut = working_folder.files_in(root)
    room = MOST_KEPT
    found: dict[str, WorkFile] = {}
    for file in files:
        before, now = known.get(file.path), file
        if before and before.sha256 and (before.size, before.mtime_ns) == (file.size, file.mtime_ns):
            now = before
        elif file.size <= min(LARGEST_KEPT, room):
            seen = _seen(root, file, arrivals)
            if seen is None:  # gone since
                continue
            now = seen
        found[file.path] = now
        room -= now.size if now.sha256 else 0
    if is_cut:  # what is not seen any more is not gone because of that
        unseen = known.keys() - found.keys()
        found |= {path: known[path] for path in unseen if is_regular(root / path)}
    return found, not is_cut


def _seen(root: Path, file: WorkFile, arrivals: Arrivals) -> WorkFile | None:
    """The file with its bytes on their way to be kept, or as it was given where they cannot be; None where it
    is gone."""
    try:
        source = open_regular(root / file.path, file.path)
        if source is None:
            return None
        with source, storing():
            return replace(kept(file.path, source, arrivals), mtime_ns=file.mtime_ns)
    except CoworkError as error:  # another program has it, or the disk is full: code runs all the same
        logger.warning("%s is not kept as it is: %s", file.path, error.message)
        return file


def kept(path: str, source: Readable, arrivals: Arrivals) -> WorkFile:
    size, digest = arrivals.add(source)
    return WorkFile(path, size, 0, digest)


def is_changed(before: WorkFile | None, after: WorkFile | None) -> bool:
    if before is None or after is None:
        return before is not after
    if before.sha256 and after.sha256:
        return before.sha256 != after.sha256
    return (before.size, before.mtime_ns) != (after.size, after.mtime_ns)
