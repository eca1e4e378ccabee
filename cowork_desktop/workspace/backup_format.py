"""What a backup is: the names in its archive, its manifest, and the checks that whoever reads it makes."""

import json
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from cowork_desktop.schemas.backup import Manifest, Member
from cowork_desktop.store import backup
from cowork_desktop.store.database import DatabaseTooNew
from cowork_desktop.workspace.contents import place_below
from cowork_desktop.workspace.copying import Sink, pour

FORMAT = 1
DATABASE = "cowork.db"
MANIFEST = "manifest.json"
_LARGEST_MANIFEST = 256 * 1024 * 1024
_CONTENT = re.compile(r"contents/([0-9a-f]{2})/(\1[0-9a-f]{62})")
_OF_A_PROJECT = re.compile(
    r"projects/proj_[0-9a-z]{1,40}/(work|artifacts)(/(?!\.{1,2}(/|\Z))[^\x00-\x1f\x7f/\\\ud800-\udfff]+)+"
)
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    ValueError,
    struct.error,
    OverflowError,
)


class BadBackup(Exception):
    """The archive is no backup, or is not whole."""


def place_in_archive(digest: str) -> str:
    """Where an archive has the bytes of a digest."""
    return place_below(Path("contents"), digest).as_posix()


def is_name(path: str) -> bool:
    """Whether an archive may have such a member: no name leads out of the folder that it is unpacked in."""
    return path == DATABASE or bool(_CONTENT.fullmatch(path) or _OF_A_PROJECT.fullmatch(path))


@contextmanager
def opened(place: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """The archive of a backup, with the manifest that all its members were held against by name and size.

    Raises BadBackup, DatabaseTooNew for what only a newer release can read, and OSError.
    """
    try:
        with zipfile.ZipFile(place) as archive:
            manifest = _read_manifest(archive)
            _check_members(archive, manifest)
            yield archive, manifest
    except _UNREADABLE as error:
        raise BadBackup(f"{place} is no backup, or is damaged: {error}.") from error


def unpack(archive: zipfile.ZipFile, member: Member, sink: Sink, check: Callable[[], None]) -> None:
    """Write the bytes of a member that `opened` has seen; BadBackup where they are not the manifest's."""
    with archive.open(member.path) as source:
        found = pour(source, sink, member.size, check)
        if found != (member.size, member.sha256) or source.read(1):
            raise BadBackup(f"{member.path} is damaged in this backup.")


def check_database(place: Path, manifest: Manifest, check: Callable[[], None]) -> None:
    """BadBackup where the database that was unpacked is not sound, or refers to bytes that are not there."""
    if fault := backup.find_fault(place, check):
        raise BadBackup(f"The database in this backup is damaged: {fault}.")
    with backup.reading(place) as tx:
        version, wanted = backup.schema_version(tx), backup.contents(tx)
    if version != manifest.schema_version:
        raise BadBackup(f"The database in this backup has schema {version}, not {manifest.schema_version}.")
    there = {member.path for member in manifest.members}
    known = {damage.sha256 for damage in manifest.damaged}
    if missing := [digest for digest in wanted.keys() - known if place_in_archive(digest) not in there]:
        raise BadBackup(f"{len(missing)} files that the database refers to are not in this backup.")


def _read_manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        info = archive.getinfo(MANIFEST)
    except KeyError:
        raise BadBackup(f"{archive.filename} is no backup of Cowork: it has no {MANIFEST}.") from None
    _check_kind(info)
    if info.file_size > _LARGEST_MANIFEST:
        raise BadBackup(f"The {MANIFEST} of this archive is too large for a backup's.")
    raw = archive.read(info)
    _refuse_newer(raw)
    try:
        return Manifest.model_validate_json(raw, strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step)[:40] for step in fault["loc"])
        raise BadBackup(f"The {MANIFEST} of this archive is no backup's: {where}: {fault['msg']}.") from None


def _refuse_newer(raw: bytes) -> None:
    try:
        told = json.loads(raw)
        format, version = int(told["format"]), int(told["schema_version"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadBackup(f"The {MANIFEST} of this archive is no backup's.") from None
    known = backup.version_of_program()
    if format > FORMAT or version > known:
        raise DatabaseTooNew(
            f"This backup was made by a newer Cowork (format {format}, schema {version}; this one knows"
            f" {FORMAT} and {known}). Install the newer one."
        )


def _check_members(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """The members are the manifest's, each once, each a plain file of the size that is told."""
    told = {member.path: member for member in manifest.members}
    infos = [info for info in archive.infolist() if info.filename != MANIFEST]
    if len(told) < len(manifest.members) or len(archive.infolist()) != len(archive.NameToInfo):
        raise BadBackup("Two files in this archive have the same name.")
    for info in infos:
        _check_kind(info)
        if not is_name(info.filename) or info.filename not in told:
            raise BadBackup(f"{info.filename[:200]!r} is no part of a backup.")
        if info.file_size != told.pop(info.filename).size:
            raise BadBackup(f"{info.filename} has another size than this backup says.")
    if told:
        raise BadBackup(f"{next(iter(told))[:200]!r} is missing in this archive, and {len(told) - 1} more.")
    if DATABASE not in {info.filename for info in infos}:
        raise BadBackup("This archive has no database.")


def _check_kind(info: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    plain = kind in (0, stat.S_IFREG) and not info.is_dir() and not info.flag_bits & 0x1
    if not plain or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadBackup(f"{info.filename[:200]!r} is no plain file in this archive.")
