"""What lies in a working folder: found without following links, read and written without leaving it."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cowork_desktop.errors import Conflict, InvalidRequest, NotFound
from cowork_desktop.ids import random_id
from cowork_desktop.store.work_files import WorkFile
from cowork_desktop.workspace.contents import making_for_good, sync_folder
from cowork_desktop.workspace.copying import Readable, is_regular, open_regular, pour
from cowork_desktop.workspace.file_names import is_portable
from cowork_desktop.workspace.paths import Escapes, resolve

MOST_FILES = 2_000
"""Of a working folder that are looked at."""
_NOT_OURS = frozenset({"__pycache__", "node_modules"})
_LONGEST_PATH = 1_000
_LONGEST_NAME = 255
"""Bytes, in UTF-8."""
_PART = re.compile(r"\.part_[0-9a-f]{20}")
_NOT_ON_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\\]")
"""What no name has that is told: it could not be written down, or would be taken for two."""


def files_in(root: Path) -> tuple[list[WorkFile], bool]:
    """The regular files by their paths, without digests, and whether there are more. Hidden ones, links, and
    what programs keep for themselves are left out."""
    found: list[WorkFile] = []
    for place in _places(root):
        if len(found) == MOST_FILES:
            return found, True
        try:
            looked_at = place.lstat()
        except OSError:  # gone since
            continue
        path = place.relative_to(root).as_posix()
        if is_regular(place) and not _NOT_ON_A_LINE.search(path):
            found.append(WorkFile(path, looked_at.st_size, looked_at.st_mtime_ns, None))
    return found, False


def _places(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not _is_left_out(name))
        yield from (Path(folder, name) for name in sorted(names) if not _is_left_out(name))


def _is_left_out(name: str) -> bool:
    return name.startswith(".") or name in _NOT_OURS


def place_of(root: Path, path: str) -> Path:
    """Where a path lies. Raises InvalidRequest for one that leads out of the folder, over a link for one, or
    to something hidden."""
    parts = path.split("/")
    if any(part.startswith(".") for part in parts):
        raise InvalidRequest(f"{path[:200]!r} leads out of the project's folder, or to something hidden.")
    if not all(parts) or len(path) > _LONGEST_PATH or _NOT_ON_A_LINE.search(path):
        raise InvalidRequest(f"{path[:200]!r} is no path of a file: give folders and a name, with / between.")
    if any(len(part.encode()) > _LONGEST_NAME for part in parts):
        raise InvalidRequest(f"{path[:200]!r} has a name of more than {_LONGEST_NAME} bytes.")
    if os.name == "nt":
        check_new(path)  # where `a:b` is a stream of another file, and `nul` is none
    try:
        place = resolve(root, path)
    except Escapes as error:
        raise InvalidRequest(f"{path[:200]!r} leads out of the project's folder.") from error
    if place != root.resolve().joinpath(*parts):
        raise InvalidRequest(f"{path[:200]!r} leads over a link, which is not followed.")
    return place


def check_new(path: str) -> None:
    """Raises InvalidRequest for a path that not every system can have."""
    if not all(is_portable(part) for part in path.split("/")):
        raise InvalidRequest(f"{path[:200]!r} has a name that not every system can have.")


def is_spelled_so(root: Path, path: str) -> bool:
    """Whether the folder has the path in these very letters: some systems find a file by others too."""
    folder = root
    for part in path.split("/"):
        try:
            if part not in os.listdir(folder):
                return False
        except OSError:
            return False
        folder /= part
    return True


def opened(root: Path, path: str) -> BinaryIO:
    """A file to read. Raises NotFound where there is none."""
    file = open_regular(place_of(root, path), path)
    if file is None:
        raise NotFound(f"There is no file {path[:200]!r} in the project's folder.")
    return file


@dataclass(frozen=True)
class Unfinished:
    """Bytes on the disk beside the place that they are for."""

    place: Path
    part: Path

    def finish(self) -> None:
        """Put them there: who reads meanwhile gets what was there, or them."""
        self.part.replace(self.place)
        sync_folder(self.place.parent)

    def clear(self) -> None:
        """Take them away where they were not put there."""
        with suppress(NotADirectoryError):
            self.part.unlink(missing_ok=True)


def begin(root: Path, path: str, source: Readable) -> Unfinished:
    """Raises Conflict where a folder has the name, or a file the name of one of its folders."""
    place = place_of(root, path)
    if place.is_dir():
        raise Conflict(f"{path} is a folder.")
    unfinished = Unfinished(place, place.with_name(f".{random_id('part')}"))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with making_for_good(unfinished.part) as file:
            _keep_mode(place, unfinished.part)
            pour(source, file)
    except BaseException as error:
        unfinished.clear()
        if isinstance(error, FileExistsError | NotADirectoryError):
            raise Conflict(f"{path} cannot be made: a file has the name of one of its folders.") from error
        raise
    return unfinished


def _keep_mode(place: Path, part: Path) -> None:
    """Who may do what with a file stays as it is when it is written over."""
    if os.name == "posix" and is_regular(place):
        part.chmod(stat.S_IMODE(place.lstat().st_mode))


def clear_unfinished(root: Path) -> None:
    """Take away what a process that was killed left unfinished; while nobody writes."""
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not _is_left_out(name)]
        for name in filter(_PART.fullmatch, names):
            with suppress(OSError):
                Path(folder, name).unlink()


def remove_emptied(root: Path, place: Path, *, but: str) -> None:
    """Take away the folders around a place that nothing lies in any more, but for that of a name."""
    for folder in place.parents:
        if folder in (root, root / but) or not folder.is_relative_to(root):
            return
        try:
            folder.rmdir()
        except OSError:  # something lies there
            return


def write(root: Path, path: str, source: Readable) -> None:
    """Put a file there, or in the place of what was there. Raises Conflict, as `begin` does."""
    unfinished = begin(root, path, source)
    try:
        unfinished.finish()
    finally:
        unfinished.clear()
