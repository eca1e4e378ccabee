"""Gathers what a backup consists of, and writes its archive."""

import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from cowork_desktop.errors import Conflict
from cowork_desktop.schemas.backup import Damage, Manifest, Member
from cowork_desktop.schemas.base import rfc3339
from cowork_desktop.store import artifacts, backup
from cowork_desktop.store.backup import Shown
from cowork_desktop.store.database import Tx
from cowork_desktop.tasks import Stop
from cowork_desktop.version import __version__
from cowork_desktop.workspace.archives import is_large
from cowork_desktop.workspace.artifact_folder import digests, is_as_laid_out, regular_files
from cowork_desktop.workspace.backup_format import DATABASE, MANIFEST, is_name, place_in_archive
from cowork_desktop.workspace.contents import place_below
from cowork_desktop.workspace.copying import open_regular, pour

_MOST_SNAPSHOTS = 20


class _Readable:
    """A file that ends where the disk cannot read on: its digest tells."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        with suppress(OSError):
            return self._file.read(size)
        return b""


class BackupWriter:
    """What has been written so far, and what is known of it.

    `mark`: what the names of unfinished archives have in them, so that none gets into itself.
    """

    def __init__(self, data_dir: Path, snapshot: Path, mark: str, stop: Stop) -> None:
        self._data_dir, self._snapshot, self._mark, self._stop = data_dir, snapshot, mark, stop
        self._members: dict[str, Member] = {}
        self._damaged: list[Damage] = []
        self._left_out = 0

    def write(self, target: Path, now: int) -> Manifest:
        """Raises Stopped, Conflict, DatabaseTooNew, DatabaseUnreadable, and OSError for a full disk."""
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            self._archive = archive
            self._add_contents()
            with backup.reading(self._snapshot) as tx:
                version, projects, shown = (
                    backup.schema_version(tx),
                    backup.projects(tx),
                    backup.artifacts(tx),
                )
                changed = [found for artifact in shown if (found := self._changed_by_hand(tx, artifact))]
            for id in projects:
                self._add_work(id)
            self._add_database(self._add_changed(changed))
            manifest = Manifest(
                cowork_version=__version__,
                schema_version=version,
                created_at=rfc3339(now),
                members=list(self._members.values()),
                damaged=self._damaged,
                left_out=self._left_out,
            )
            with archive.open(MANIFEST, "w", force_zip64=True) as sink:
                sink.write(manifest.model_dump_json(indent=1).encode())
        return manifest

    def _add_contents(self) -> None:
        """Let snapshot and archive fit: what was deleted between the two is not in a later snapshot."""
        missed: set[str] = set()
        for _ in range(_MOST_SNAPSHOTS):
            self._take_snapshot()
            with backup.reading(self._snapshot) as tx:
                wanted = [
                    digest for digest in backup.contents(tx) if place_in_archive(digest) not in self._members
                ]
                found = {digest for digest in wanted if self._add_content(tx, digest)}
                # What a later snapshot still refers to was not deleted: the disk has lost it.
                lost = missed.intersection(wanted) - found
                self._damaged = [damage for damage in self._damaged if damage.fault == "changed"]
                self._damaged += [_damage(tx, digest, "missing") for digest in sorted(lost)]
            missed.update(set(wanted) - found)
            if lost.issuperset(set(wanted) - found):
                return
        raise Conflict("Files are deleted faster than they can be copied; try again when it is quieter.")

    def _take_snapshot(self) -> None:
        self._snapshot.unlink(missing_ok=True)
        backup.copy(self._data_dir / DATABASE, self._snapshot, self._stop.check)
        if fault := backup.find_fault(self._snapshot, self._stop.check):
            raise Conflict(f"The database is damaged ({fault}); no backup can be made of it.")

    def _add_content(self, tx: Tx, digest: str) -> bool:
        """False where the bytes are not there, or cannot be read."""
        source = _open(place_below(self._data_dir / "contents", digest))
        if source is None:
            return False
        with source:
            if self._add(place_in_archive(digest), source).sha256 != digest:
                self._damaged.append(_damage(tx, digest, "changed"))
        return True

    def _add_work(self, project_id: str) -> None:
        """The working folder as it is read: who works there goes on."""
        root = self._data_dir / "projects" / project_id / "work"
        for place in self._files_below(root):
            name = f"projects/{project_id}/work/{place.relative_to(root).as_posix()}"
            self._add_file(name, place)

    def _files_below(self, root: Path) -> Iterator[Path]:
        """The regular files; what else there is is counted."""
        folders = [root] if root.is_dir() and not root.is_symlink() else []
        self._left_out += root.is_symlink()
        while folders:
            self._stop.check()
            for entry in self._entries(folders.pop()):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                elif not entry.is_file(follow_symlinks=False):
                    self._left_out += 1
                elif self._mark not in entry.name:
                    yield Path(entry.path)

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as found:
                return sorted(found, key=lambda entry: entry.name)
        except OSError:
            self._left_out += folder.exists()
            return []

    def _changed_by_hand(self, tx: Tx, artifact: Shown) -> tuple[Shown, dict[str, Path]] | None:
        """The files of a folder that holds something else than Cowork has laid out there."""
        folder = self._data_dir / "projects" / artifact.project_id / "artifacts" / artifact.folder
        self._stop.check()
        if not folder.is_dir():
            return None
        shown, later = artifacts.laid_out(tx, artifact.id)
        try:
            found = dict(regular_files(folder))
        except (OSError, Conflict):
            self._left_out += 1
            return None
        with suppress(OSError, Conflict):  # what cannot be read may be anything
            if is_as_laid_out(digests(found), shown, later):
                return None
        return (artifact, found) if found else None

    def _add_changed(self, changed: list[tuple[Shown, dict[str, Path]]]) -> list[str]:
        """Add these folders as they are, but not what a save has changed meanwhile; returns the artifacts
        that are in it with all of their files, and need no version laid out."""
        with backup.reading(self._data_dir / DATABASE) as tx:
            now = set(backup.artifacts(tx))
        whole = list[str]()
        for artifact, files in changed:
            if artifact in now:
                folder = f"projects/{artifact.project_id}/artifacts/{artifact.folder}"
                added = [self._add_file(f"{folder}/{path}", place) for path, place in files.items()]
                if all(added) and artifact.laid_out == artifact.version:
                    whole.append(artifact.id)
        return whole

    def _add_file(self, name: str, place: Path) -> bool:
        """A file as it is read; false where it cannot be, which is counted, and where it is gone."""
        source = _open(place) if is_name(name) else None
        if source is None:
            self._left_out += os.path.lexists(place)
            return False
        with source:
            self._add(name, source)
        return True

    def _add_database(self, kept_folders: list[str]) -> None:
        backup.lay_out_anew(self._snapshot, kept_folders)
        with self._snapshot.open("rb") as source:
            self._add(DATABASE, source)

    def _add(self, name: str, source: BinaryIO) -> Member:
        """No more than there is now: a file that grows would have no end."""
        status = os.fstat(source.fileno())
        with self._archive.open(name, "w", force_zip64=is_large(source)) as sink:
            size, digest = pour(_Readable(source), sink, status.st_size, self._stop.check)
        self._archive.getinfo(name).external_attr = (
            stat.S_IFREG | stat.S_IMODE(status.st_mode) & 0o777
        ) << 16
        self._members[name] = Member(path=name, size=size, sha256=digest)
        return self._members[name]


def _open(place: Path) -> BinaryIO | None:
    """A regular file that is there and can be read."""
    with suppress(Conflict):
        return open_regular(place)
    return None


def _damage(tx: Tx, digest: str, fault: str) -> Damage:
    return Damage.model_validate({"sha256": digest, "name": backup.name_of(tx, digest), "fault": fault})
