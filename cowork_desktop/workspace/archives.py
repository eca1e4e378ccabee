"""Zip files of what people take away."""

import hashlib
import time
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1024 * 1024


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Sink(Protocol):
    def write(self, chunk: bytes, /) -> int: ...


def write_zip(target: Path, files: Iterable[tuple[str, Path | bytes]]) -> None:
    """Write the files, by their paths in the archive, each from a place on the disk or from memory."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for name, content in files:
            if isinstance(content, bytes):
                archive.writestr(
                    zipfile.ZipInfo(name, max(time.gmtime()[:6], _EPOCH)), content, zipfile.ZIP_DEFLATED
                )
            else:
                archive.write(content, name)


def pour(source: Readable, sink: Sink, most: int, check: Callable[[], None]) -> tuple[int, str]:
    """Copy at most so many bytes; how many there were, and their SHA-256."""
    digest, left = hashlib.sha256(), most
    while left and (chunk := source.read(min(_CHUNK, left))):
        check()
        digest.update(chunk)
        sink.write(chunk)
        left -= len(chunk)
    return most - left, digest.hexdigest()
