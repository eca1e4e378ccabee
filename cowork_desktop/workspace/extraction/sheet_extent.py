"""How far the cells of a workbook lie apart, which its own dimensions do not tell honestly."""

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from cowork_desktop.workspace.extraction.archive import Archive

_MOST_CELLS = 30_000_000
"""About 1 GB in calamine."""
_CELL = re.compile(rb"\sr=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_OVERLAP = 32


def is_scattered(path: Path) -> bool:
    """Whether a workbook in XML has a sheet whose first and last cell span too many; others are never.

    Unpacks it once, and so refuses what is too large unpacked.
    """
    if not zipfile.is_zipfile(path):
        return False
    with Archive(path) as archive:
        parts = [name for name in archive.names if name.endswith((".xml", ".bin"))]
        extents = [_extent(archive.chunks(name)) for name in parts]
    return any(rows * columns > _MOST_CELLS for rows, columns in extents)


def _extent(chunks: Iterable[bytes]) -> tuple[int, int]:
    """The largest numbers of a row and of a column."""
    columns: set[bytes] = set()
    rows, before = 0, b""
    for chunk in chunks:
        if found := _CELL.findall(before + chunk):
            columns.update(column for column, _ in found)
            rows = max(rows, *(int(row) for _, row in found))
        before = chunk[-_OVERLAP:]
    return rows, max(map(_column, columns), default=0)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number
