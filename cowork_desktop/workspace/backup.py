"""Makes backups: one archive of database and bytes as they are at one moment, while others write."""

import errno
import hashlib
import logging
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from cowork_desktop.errors import Conflict, InvalidRequest, StorageFull
from cowork_desktop.schemas.backup import BACKUPS, Backup, BackupArchive, Manifest
from cowork_desktop.schemas.base import rfc3339
from cowork_desktop.store.database import DatabaseUnreadable
from cowork_desktop.tasks import Stop, Stopped
from cowork_desktop.workspace.backup_format import DATABASE, BadBackup, check_database, opened, unpack
from cowork_desktop.workspace.backup_writer import BackupWriter
from cowork_desktop.workspace.contents import sync_folder

logger = logging.getLogger(__name__)


def back_up(data_dir: Path, target: Path | None, now: int, stop: Stop) -> Backup:
    """Write, verify and name the archive.

    `target`: a folder that is there, a `.zip` that is not; None: the data folder's own `backups`.
    Raises Conflict, InvalidRequest, StorageFull and DatabaseTooNew; then nothing is left of it.
    """
    try:
        with _alone(data_dir):
            with _blaming(target):
                place = _place(data_dir, target, now)
            with _parts(data_dir, place) as part:
                with _blaming(target):
                    part.touch(0o600)
                snapshot = part.with_name(f"{part.name}.db")
                manifest = BackupWriter(data_dir, snapshot, _mark(data_dir), stop).write(part, now)
                _verify(part, snapshot, stop)
                size = part.stat().st_size
                _give_name(part, place)
    except OSError as error:
        raise StorageFull(f"The backup cannot be written: {error.strerror or error}.") from error
    except (DatabaseUnreadable, BadBackup) as error:
        raise Conflict(str(error)) from error
    except Stopped as error:
        raise Conflict("The backup was stopped before it was whole; nothing is left of it.") from error
    logger.info("Backed up to %s", place)
    return _told(place, size, manifest)


def archives(data_dir: Path) -> list[BackupArchive]:
    """Those in the data folder's own `backups`, newest first."""
    places = list[Path]()
    with suppress(FileNotFoundError, NotADirectoryError):
        places = list((data_dir / BACKUPS).glob("*.[zZ][iI][pP]"))
    found = [archive for place in places if (archive := _archive(place))]
    return sorted(found, key=lambda archive: (archive.created_at, archive.path), reverse=True)


def _archive(place: Path) -> BackupArchive | None:
    """None where it is gone meanwhile, or no regular file."""
    with suppress(OSError):
        at = place.lstat()
        if stat.S_ISREG(at.st_mode):
            created_at = rfc3339(at.st_mtime_ns // 1_000_000)
            return BackupArchive(path=str(place), size=at.st_size, created_at=created_at)
    return None


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """One backup of a data folder at a time, whichever process makes it."""
    if not (data_dir / DATABASE).exists():
        raise Conflict(f"There is nothing to back up: {data_dir} holds no database of Cowork.")
    lock = FileLock(data_dir / "backup.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise Conflict("Another backup is being made; wait for its end.") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _blaming(target: Path | None) -> Iterator[None]:
    """What fails here but for want of room is the fault of the path, where one was given."""
    try:
        yield
    except OSError as error:
        if target is None or error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise InvalidRequest(f"path: takes no file: {error.strerror}.", param="body.path") from error


def _place(data_dir: Path, target: Path | None, now: int) -> Path:
    """What the archive is to be called; no file has that name."""
    if target is None:
        target = data_dir / BACKUPS
        target.mkdir(exist_ok=True)
    if not target.is_absolute():
        raise InvalidRequest("path: must be absolute.", param="body.path")
    if target.is_dir():
        name = f"cowork-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now / 1000))}"
        names = (f"{name}{f'-{n}' if n else ''}.zip" for n in range(1_000_000))
        return next(place for name in names if not (place := target / name).exists())
    if target.exists() or target.is_symlink():
        raise Conflict(f"{target} is there already.")
    if target.suffix.lower() != ".zip" or not target.parent.is_dir():
        raise InvalidRequest(
            f"path: {target} is no folder that is there, and no .zip in one.", param="body.path"
        )
    return target


@contextmanager
def _parts(data_dir: Path, place: Path) -> Iterator[Path]:
    """Where the archive is written before it has its name; neither that nor what stands beside it is left,
    nor what a backup has left that was killed."""
    mark = _mark(data_dir)

    def clear() -> None:
        for left in place.parent.iterdir():
            if mark in left.name:
                left.unlink(missing_ok=True)

    clear()
    try:
        yield place.with_name(f"cowork{mark}")
    finally:
        clear()


def _mark(data_dir: Path) -> str:
    """What the names of parts have in them; other data folders may be backed up to the same place."""
    return f".{hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:10]}.part"


def _verify(part: Path, snapshot: Path, stop: Stop) -> None:
    """Read all of it again."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    with opened(part) as (archive, manifest):
        for member in manifest.members:
            if member.path == DATABASE:
                with snapshot.open("wb") as unpacked:
                    unpack(archive, member, unpacked, stop.check)
            else:
                unpack(archive, member, _Nowhere(), stop.check)
        check_database(snapshot, manifest, stop.check)


class _Nowhere:
    def write(self, chunk: bytes, /) -> int:
        return len(chunk)


def _give_name(part: Path, place: Path) -> None:
    if place.exists():
        raise Conflict(f"{place} is there already.")
    part.rename(place)
    sync_folder(place.parent)


def _told(place: Path, size: int, manifest: Manifest) -> Backup:
    return Backup(
        path=str(place),
        size=size,
        created_at=manifest.created_at,
        schema_version=manifest.schema_version,
        files=len(manifest.members) - 1,
        bytes=sum(member.size for member in manifest.members),
        verified=not manifest.damaged,
        damaged=manifest.damaged,
        left_out=manifest.left_out,
    )
