"""Zip files of what people take away."""

import os
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from cowork_desktop.errors import StorageFull
from cowork_desktop.workspace.copying import open_regular, pour, size_of

_FIRST, _LAST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)
"""The times that a zip can tell."""
_LARGE = 2**30


def write_zip(target: Path, files: Iterable[tuple[str, Path]]) -> None:
    """Write the files, by their paths in the archive; what is gone by then is left out.

    Raises Conflict where one cannot be read, and StorageFull.
    """
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, place in files:
                if source := open_regular(place, name):
                    with (
                        source,
                        archive.open(_member(name, source), "w", force_zip64=is_large(source)) as sink,
                    ):
                        pour(source, sink)
    except OSError as error:
        raise StorageFull(f"The archive cannot be written: {error.strerror or error}.") from error


def is_large(source: BinaryIO) -> bool:
    """Whether a file may outgrow, until it is copied, what a zip tells without its extension for large ones,
    which not all programs know."""
    return size_of(source) >= _LARGE


def _member(name: str, source: BinaryIO) -> zipfile.ZipInfo:
    status = os.fstat(source.fileno())
    info = zipfile.ZipInfo(name, min(max(time.localtime(status.st_mtime)[:6], _FIRST), _LAST))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (status.st_mode & 0xFFFF) << 16
    return info
