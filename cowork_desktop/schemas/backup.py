"""Backups on the wire, and the manifest in their archives."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from cowork_desktop.schemas.base import (
    NO_NUL,
    Body,
    LongLimit,
    Offset,
    Pattern,
    Query,
    Schema,
    Timestamp,
)

Digest = Annotated[
    str, Pattern(r"^[0-9a-f]{64}$", "String should have 64 hexadecimal digits, in small letters")
]
Size = Annotated[int, Field(ge=0)]
BACKUPS = "backups"
"""The folder of archives in the data folder."""
Place = Annotated[str, StringConstraints(min_length=1, max_length=4_000), NO_NUL]


class BackupCreate(Body):
    path: Place | None = None
    """Absolute: a folder that is there, or a `.zip` that is not. Null: `backups` in the data folder."""


class Damage(Schema):
    """Bytes that the disk had not kept."""

    sha256: Digest
    """What they should have been."""
    name: str
    """A file that has them, of those that were uploaded or of an artifact."""
    fault: Literal["changed", "missing"]
    """`changed`: they are in the backup as they were found."""


class Backup(Schema):
    path: str
    """The archive."""
    size: int
    """Bytes of the archive."""
    created_at: Timestamp
    schema_version: int
    files: int
    """How many there are in the archive beside the database."""
    bytes: int
    """Of all that is in it, unpacked."""
    verified: bool
    """Read again whole, and found as it should be; false where something was damaged before."""
    damaged: list[Damage]
    left_out: int
    """How many links, special files and unreadable files of working folders are not in it."""


class BackupArchive(Schema):
    """An archive in the data folder's own `backups`, unread."""

    path: str
    size: int
    """Bytes of the archive."""
    created_at: Timestamp


class BackupQuery(Query):
    limit: LongLimit = 50
    offset: Offset = 0


class Member(Schema):
    """A file in the archive."""

    path: str
    size: Size
    sha256: Digest


class Manifest(Schema):
    """What a backup consists of."""

    format: Literal[1] = 1
    cowork_version: str
    schema_version: int
    created_at: Timestamp
    members: list[Member]
    damaged: list[Damage]
    left_out: int
