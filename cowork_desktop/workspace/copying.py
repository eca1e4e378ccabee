"""Reading files that may change, vanish or be locked meanwhile, and copying what is in them."""

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

from cowork_desktop.errors import Conflict

ALL = 2**62
"""More bytes than any file has."""
_CHUNK = 1024 * 1024
_NOT_ELSEWHERE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Sink(Protocol):
    def write(self, chunk: bytes, /) -> int: ...


def open_regular(place: Path, name: str | None = None) -> BinaryIO | None:
    """A regular file; None where there is none. No link is followed, and no pipe waited for.

    Raises Conflict, with the file's `name`, where it is there and cannot be read.
    """
    try:
        file = os.fdopen(os.open(place, os.O_RDONLY | _NOT_ELSEWHERE), "rb")
    except FileNotFoundError:
        return None
    except OSError as error:
        if not is_regular(place):
            return None
        raise Conflict(f"{name or place.name} cannot be read: {error.strerror or error}.") from error
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    return None


def is_regular(place: Path) -> bool:
    """Whether a regular file is there, and no link to one."""
    try:
        return stat.S_ISREG(place.lstat().st_mode)
    except (OSError, ValueError):
        return False


def size_of(file: BinaryIO) -> int:
    """Bytes, as they are now."""
    return os.fstat(file.fileno()).st_size


def digest_of(place: Path, name: str | None = None) -> str | None:
    """The SHA-256 of a regular file, in hexadecimal; None where there is none. Raises Conflict, as
    `open_regular` does."""
    if source := open_regular(place, name):
        with source:
            return hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]
    return None


def pour(
    source: Readable, sink: Sink, most: int = ALL, check: Callable[[], None] = lambda: None
) -> tuple[int, str]:
    """Copy at most so many bytes; how many there were, and their SHA-256."""
    digest, left = hashlib.sha256(), most
    while left and (chunk := source.read(min(_CHUNK, left))):
        check()
        digest.update(chunk)
        sink.write(chunk)
        left -= len(chunk)
    return most - left, digest.hexdigest()
