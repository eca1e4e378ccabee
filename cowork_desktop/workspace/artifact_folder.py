"""The folder of an artifact: what its files may be called, and how they are written, found and read back."""

import os
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from contextlib import suppress
from pathlib import Path, PurePosixPath

from cowork_desktop.errors import Conflict, InvalidRequest
from cowork_desktop.ids import random_id
from cowork_desktop.store.artifacts import StoredFile
from cowork_desktop.workspace.contents import making_for_good, sync_folder
from cowork_desktop.workspace.copying import digest_of
from cowork_desktop.workspace.file_names import is_portable, same_everywhere
from cowork_desktop.workspace.paths import Escapes, resolve

A_LINK = "The folder of this artifact is a link that leads elsewhere, or has one in it."
MOST_FILES = 200
MOST_BYTES = 20_000_000
"""Of one artifact."""
_LONGEST_NAME = 60
_LONGEST_PATH = 400
_LONGEST_SEGMENT = 200
_UNFINISHED = ".part_" + "[0-9a-f]" * 20


def folder_name(title: str, id: str) -> str:
    """A name for an artifact's folder: readable, safe on every system, and free, as the id is in it."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:_LONGEST_NAME].strip("_")
    return "_".join(filter(None, [words, id.rpartition("_")[2][-8:]]))


def is_plain(path: str) -> bool:
    """Whether this is a file below a folder on every system: no way out or up, nothing hidden, no name
    that some system reserves."""
    return len(path) <= _LONGEST_PATH and all(
        len(segment) <= _LONGEST_SEGMENT and not segment.startswith(".") and is_portable(segment)
        for segment in path.split("/")
    )


def check_paths(paths: Mapping[str, object]) -> None:
    """Refuse what cannot be the files of one artifact, on any system."""
    taken = Counter(map(same_everywhere, paths))
    for path in paths:
        if not is_plain(path):
            raise InvalidRequest(f"{path[:100]!r} cannot be the path of a file in an artifact.")
        if taken[same_everywhere(path)] > 1:
            raise InvalidRequest(f"{path[:100]!r}: another file has this name but for case or accents.")
        if not folders_of([same_everywhere(path)]).isdisjoint(taken):
            raise InvalidRequest(
                f"{path[:100]!r}: another file has the name of a folder that this one is in."
            )


def folders_of(paths: Iterable[str]) -> set[str]:
    """All folders that the files at these paths are in, however deep."""
    return {parent.as_posix() for path in paths for parent in PurePosixPath(path).parents} - {"."}


def in_the_way(old: Iterable[str], new: Set[str]) -> set[str]:
    """Those of the old paths whose names the new ones need: a file where a folder is to be, or the other way
    round, or one that is the same but for case."""
    wanted = set(map(same_everywhere, new))
    folders = folders_of(wanted)
    return {
        path
        for path in old
        if path not in new
        and ((name := same_everywhere(path)) in wanted | folders or not folders_of([name]).isdisjoint(wanted))
    }


def check_free(folder: Path, paths: Iterable[str], known: Set[str]) -> None:
    """Raises Conflict where a link leads elsewhere, or something that is none of the `known` files has the
    place of a file that is to be at one of the paths."""
    for path in paths:
        try:
            resolve(folder, path)
        except Escapes as error:
            raise Conflict(A_LINK) from error
        files = {above for above in folders_of([path]) if (folder / above).is_file()}
        below = [place for place in (folder / path).rglob("*") if not place.is_dir()]
        files |= {place.relative_to(folder).as_posix() for place in below}
        if others := sorted(files - known):
            raise Conflict(f"{others[0]} in the artifact's folder is in the way of {path}: move it away.")


def is_ours(folder: Path) -> bool:
    """Whether no link has taken the place of an artifact's folder, or of its project's around it."""
    return not any(place.is_symlink() for place in (folder, *folder.parents[:2]))


def find(folder: Path, path: str) -> Path | None:
    """The regular file at this path of an artifact's folder; None where there is none, or a link leads
    out."""
    if not is_plain(path) or not is_ours(folder):
        return None
    with suppress(Escapes, OSError):
        place = resolve(folder, path)
        return place if place.is_file() else None
    return None


def regular_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """What an artifact consists of, as path and place, in order; links and hidden files are no part of it."""
    if not is_ours(folder):
        return
    found = [Path(root, name) for root, _, names in os.walk(folder, onerror=_unless_gone) for name in names]
    for place in sorted(found):
        path = place.relative_to(folder).as_posix()
        if not place.is_symlink() and find(folder, path):
            yield path, place


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise Conflict(f"{Path(error.filename).name} cannot be read: {error.strerror}.") from error


def digests(files: Mapping[str, Path]) -> dict[str, str]:
    """The SHA-256 of each file that is still there, by its path; Conflict where one cannot be read."""
    return {path: digest for path, place in files.items() if (digest := digest_of(place, path))}


def is_as_laid_out(
    found: Mapping[str, str], shown: Iterable[StoredFile], later: Collection[StoredFile]
) -> bool:
    """Whether nobody has changed these files: they are the ones of the version that the folder shows, or,
    where later ones are to be laid out yet, some of all of them."""
    pairs = set(found.items())
    ours = {(file.path, file.sha256) for file in (*shown, *later)}
    return not pairs or pairs == ours or (bool(later) and pairs < ours)


def remove(folder: Path) -> None:
    """Take the folder away; where it is a link, the link alone, and nothing where a link is around it. Raises
    OSError where something of it stays."""
    if not is_ours(folder):
        if is_ours(folder.parent):
            folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def write(root: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Put each content at its path below `root`: none where there is no room for all. Who reads meanwhile
    gets a file's old content or its new one, and so does who looks after a power cut."""
    unfinished: dict[Path, Path] = {}
    try:
        for path, content in files:
            place = resolve(root, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            unfinished[place] = place.with_name(f".{random_id('part')}")
            with making_for_good(unfinished[place]) as file:
                file.write(content)
        for place, written in unfinished.items():
            written.replace(place)
    finally:
        for written in unfinished.values():
            written.unlink(missing_ok=True)
    for folder in {place.parent for place in unfinished}:
        sync_folder(folder)


def clear_unfinished(root: Path) -> None:
    """Take away what a `write` left that was killed; while no other is under way."""
    for left in root.rglob(_UNFINISHED):
        if left.is_file():
            left.unlink(missing_ok=True)


def take_away(root: Path, path: str, digest: str) -> None:
    """Remove the file at `path` below `root` if it is the one with this SHA-256, and folders that it
    leaves empty."""
    place = find(root, path)
    if place is None or digest_of(place, path) != digest:
        return
    place.unlink()
    for folder in (root / path).parents:
        if folder == root or any(folder.iterdir()):
            return
        folder.rmdir()
