"""Makes a data folder of a backup: all of it, or nothing that looks like one."""

import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cowork_desktop import instance
from cowork_desktop.schemas.backup import Manifest
from cowork_desktop.store.database import DatabaseUnreadable
from cowork_desktop.tasks import Stop, Stopped
from cowork_desktop.workspace.backup_format import DATABASE, BadBackup, check_database, opened, unpack
from cowork_desktop.workspace.contents import sync_folder
from cowork_desktop.workspace.file_names import is_portable

_STAGING = "restoring"
_FOLDERS = ("contents", "projects")
_OF_THE_LOCK = {"instance.lock", "instance.json"}


class CannotRestore(Exception):
    """For people: why, and what to do."""


def restore(place: Path, data_dir: Path, stop: Stop) -> Manifest:
    """Unpack the backup into a folder that is empty or not there.

    It gathers beside its place, and the database comes last: no server takes the folder for a system before.
    Raises CannotRestore, DatabaseTooNew, and DataFolderInUse.
    """
    try:
        with opened(place) as (archive, manifest):
            _check_room(data_dir, manifest)
            with _held(data_dir), _staging(data_dir) as staging:
                _unpack_all(archive, manifest, staging, stop)
                check_database(staging / DATABASE, manifest, stop.check)
                _bring_to_disk(staging)
                _move_in(staging, data_dir)
        return manifest
    except (BadBackup, DatabaseUnreadable) as error:
        raise CannotRestore(str(error)) from error
    except Stopped as error:
        raise CannotRestore("The restore was stopped before its end; nothing is left of it.") from error
    except OSError as error:
        raise CannotRestore(f"{error.strerror or error}: {error.filename or data_dir}.") from error


def is_unfinished(data_dir: Path) -> bool:
    """Whether a restore into this folder was cut off."""
    return (data_dir / _STAGING).exists() and not (data_dir / DATABASE).exists()


def _check_room(data_dir: Path, manifest: Manifest) -> None:
    wanted = sum(member.size for member in manifest.members)
    there = next(folder for folder in (data_dir, *data_dir.parents) if folder.exists())
    if wanted > (free := shutil.disk_usage(there).free):
        raise CannotRestore(f"There is no room: this backup needs {wanted:,} bytes, and {free:,} are free.")


@contextmanager
def _held(data_dir: Path) -> Iterator[None]:
    """The folder as its only user; what is not empty is not touched."""
    if not (data_dir / "instance.lock").exists():
        _check_empty(data_dir)
    with instance.lock(data_dir, {"port": 0}):
        _check_empty(data_dir)
        yield


def _check_empty(data_dir: Path) -> None:
    """Empty, or with nothing but what a restore left that was cut off, which is taken away."""
    found = {entry.name for entry in data_dir.iterdir()} - _OF_THE_LOCK if data_dir.exists() else set()
    if _STAGING in found and found <= {_STAGING, *_FOLDERS}:
        return
    if found:
        raise CannotRestore(f"{data_dir} is not empty. Move what is in it away, or give another --data-dir.")


@contextmanager
def _staging(data_dir: Path) -> Iterator[Path]:
    """Where all is gathered; gone in the end, and with it what an earlier restore left."""
    staging = data_dir / _STAGING
    if staging.exists():
        for name in (*_FOLDERS, _STAGING):
            if (data_dir / name).exists():
                shutil.rmtree(data_dir / name)
    staging.mkdir()
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _unpack_all(archive: zipfile.ZipFile, manifest: Manifest, staging: Path, stop: Stop) -> None:
    for member in manifest.members:
        segments = member.path.split("/")
        if os.name == "nt" and not all(map(is_portable, segments)):
            raise CannotRestore(f"{member.path!r} has a name that this system cannot have.")
        target = staging.joinpath(*segments)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            unpack(archive, member, file, stop.check)
        if (mode := archive.getinfo(member.path).external_attr >> 16) & 0o100:
            target.chmod(mode & 0o755 | 0o600)


def _bring_to_disk(staging: Path) -> None:
    """One order for all files, where the system has such a one."""
    if hasattr(os, "sync"):
        os.sync()
        return
    for place in staging.rglob("*"):
        if place.is_file():
            with place.open("rb+") as file:
                os.fsync(file.fileno())


def _move_in(staging: Path, data_dir: Path) -> None:
    for name in _FOLDERS:
        if (staging / name).exists():
            (staging / name).rename(data_dir / name)
    sync_folder(data_dir)
    (staging / DATABASE).rename(data_dir / DATABASE)
    sync_folder(data_dir)
    with suppress(OSError):
        staging.rmdir()
