"""The files of an artifact's folder as they are now, with what somebody changed by hand."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from cowork_desktop.errors import Conflict
from cowork_desktop.store.artifacts import StoredFile
from cowork_desktop.workspace.artifact_folder import (
    A_LINK,
    MOST_BYTES,
    MOST_FILES,
    check_free,
    digests,
    is_as_laid_out,
    is_ours,
    regular_files,
)
from cowork_desktop.workspace.contents import Arrivals, Contents, storing
from cowork_desktop.workspace.copying import open_regular
from cowork_desktop.workspace.file_names import same_everywhere

_MOST_FILES_BY_HAND = 2_000
_MOST_BYTES_BY_HAND = 500_000_000
_TOO_MUCH = (
    f"The files of this artifact were changed by hand, to more than {_MOST_FILES_BY_HAND:,} files or"
    f" {_MOST_BYTES_BY_HAND // 1_000_000:,} MB: move what is to be kept out of its folder first."
)


def read_folder(folder: Path, stored: Sequence[StoredFile]) -> dict[str, bytes]:
    """What the folder holds; where that is too much for an artifact, those that its version has. Empty where
    the folder is gone. Raises Conflict where a file cannot be read."""
    found = dict(regular_files(folder))
    if _is_too_much(found):
        paths = {file.path for file in stored}
        found = {path: place for path, place in found.items() if path in paths}
        if _is_too_much(found):
            raise Conflict(f"The files of this artifact have more than {MOST_BYTES // 1_000_000} MB.")
    files = dict[str, bytes]()
    for path, place in found.items():
        if source := open_regular(place, path):
            with source:
                files[path] = source.read()
    return files


def read_stored(stored: Sequence[StoredFile], contents: Contents) -> dict[str, bytes]:
    """The files as they were saved. Raises Conflict where the disk has lost one."""
    try:
        return {file.path: contents.place(file.sha256).read_bytes() for file in stored}
    except OSError as error:
        raise Conflict("The disk has lost files of this artifact.") from error


def _is_too_much(files: Mapping[str, Path]) -> bool:
    return len(files) > MOST_FILES or sum(place.lstat().st_size for place in files.values()) > MOST_BYTES


def gather(
    folder: Path,
    shown: Sequence[StoredFile],
    later: Sequence[StoredFile],
    new: set[str],
    arrivals: Arrivals,
) -> list[StoredFile]:
    """Take in the files of the folder, where somebody has changed them since they were laid out; see
    `Artifacts`."""
    if not is_ours(folder):
        raise Conflict(A_LINK)
    with storing():
        found = dict(regular_files(folder))
        if _is_too_much_by_hand(found):
            ours = {same_everywhere(path) for path in [*(file.path for file in (*shown, *later)), *new]}
            found = {path: place for path, place in found.items() if same_everywhere(path) in ours}
            if _is_too_much_by_hand(found):
                raise Conflict(_TOO_MUCH)
        check_free(folder, new, found.keys())
        if is_as_laid_out(digests(found), shown, later):
            return []
        kept = list[StoredFile]()
        for path, place in found.items():
            if source := open_regular(place, path):
                with source:
                    kept.append(StoredFile(path, *arrivals.add(source)))
        return kept


def _is_too_much_by_hand(files: Mapping[str, Path]) -> bool:
    return (
        len(files) > _MOST_FILES_BY_HAND
        or sum(place.lstat().st_size for place in files.values()) > _MOST_BYTES_BY_HAND
    )


def take_in(files: Mapping[str, bytes], arrivals: Arrivals) -> list[StoredFile]:
    return [StoredFile(path, *arrivals.add(io.BytesIO(content))) for path, content in files.items()]
