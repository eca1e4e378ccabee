"""Zip files of what people take away."""

import hashlib
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

_CHUNK = 1024 * 1024


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Sink(Protocol):
    def write(self, chunk: bytes, /) -> int: ...


def write_zip(target: Path, files: Iterable[tuple[str, Path]]) -> None:
    """Write the files, by their paths in the archive."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for name, place in files:
            archive.write(place, name)


def pour(source: Readable, sink: Sink, most: int, check: Callable[[], None]) -> tuple[int, str]:
    """Copy at most so many bytes; how many there were, and their SHA-256."""
    digest, left = hashlib.sha256(), most
    while left and (chunk := source.read(min(_CHUNK, left))):
        check()
        digest.update(chunk)
        sink.write(chunk)
        left -= len(chunk)
    return most - left, digest.hexdigest()
