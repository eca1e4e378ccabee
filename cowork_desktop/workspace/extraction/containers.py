"""The names inside zip and OLE files, read with bounded work, and what they say about the document."""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import IO

_OOXML = "application/vnd.openxmlformats-officedocument"
_MOST_DIRECTORY_BYTES = 65_536
_MOST_NAMES = 1_000
_MOST_DIRECTORY_SECTORS = 16
_MOST_SECTORS = 1_000
_NO_SECTOR = 0xFFFF_FFFA
"""From here on, numbers have a meaning of their own."""
_SMALL_STREAM = 4_096

# Folder of the main part: the type, and the type with macros.
_OOXML_TYPES = {
    b"word/": (f"{_OOXML}.wordprocessingml.document", "application/vnd.ms-word.document.macroEnabled.12"),
    b"xl/": (f"{_OOXML}.spreadsheetml.sheet", "application/vnd.ms-excel.sheet.macroEnabled.12"),
    b"ppt/": (
        f"{_OOXML}.presentationml.presentation",
        "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
    ),
}
_OLE_TYPES = {
    "EncryptedPackage": "application/encrypted",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "WordDocument": "application/msword",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
    "__properties_version1.0": "application/vnd.ms-outlook",
}


def zip_type(file: IO[bytes], head: bytes) -> str:
    """The type of the document that a zip file is, or that of a zip file; nothing is unpacked."""
    if head[30:38] == b"mimetype" and head[8:10] == b"\0\0":
        # Of OpenDocument and EPUB, where it is the first member, stored as it is.
        length = int.from_bytes(head[18:22], "little")
        text = head[38 : 38 + length] if length < 100 else b""
        if text.startswith((b"application/vnd.oasis.opendocument.", b"application/epub+zip")):
            return text.decode("ascii", "replace").strip()
    names = set(_zip_names(file))
    if b"[Content_Types].xml" in names:
        if b"xl/workbook.bin" in names:
            return "application/vnd.ms-excel.sheet.binary.macroEnabled.12"
        for folder, types in _OOXML_TYPES.items():
            if any(name.startswith(folder) for name in names):
                return types[folder + b"vbaProject.bin" in names]
    return "application/zip"


def _zip_names(file: IO[bytes]) -> Iterator[bytes]:
    """The first names of the central directory (APPNOTE.TXT 4.3.12 and 4.3.16)."""
    end = file.seek(0, 2)
    tail_start = max(0, end - 65_535 - 22)
    file.seek(tail_start)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return
    size, start = struct.unpack_from("<II", tail, at + 12)
    # What was put before the zip file moves all of it.
    file.seek(
        max(0, min(start, tail_start + at)) if start + size > tail_start + at else tail_start + at - size
    )
    directory = file.read(min(size, _MOST_DIRECTORY_BYTES))
    at = 0
    for _ in range(_MOST_NAMES):
        if directory[at : at + 4] != b"PK\x01\x02" or len(directory) < at + 46:
            return
        lengths = struct.unpack_from("<HHH", directory, at + 28)
        yield directory[at + 46 : at + 46 + lengths[0]]
        at += 46 + sum(lengths)


def ole_type(file: IO[bytes], head: bytes) -> str:
    """The type of what an OLE file holds, as its streams are named, or that of OLE files."""
    names = {_ole_name(entry) for entry in _ole_entries(file, head)}
    return next((type for name, type in _OLE_TYPES.items() if name in names), "application/x-ole-storage")


def ole_stream(file: IO[bytes], *names: str) -> bytes:
    """The beginning, of 64 bytes or more, of the first stream that has one of the names; empty where none
    has."""
    head = file.read(512)
    entries = list(_ole_entries(file, head))
    stream = next((entry for entry in entries if _ole_name(entry) in names), None)
    if stream is None:
        return b""
    start, size = struct.unpack_from("<II", stream, 116)
    if size >= _SMALL_STREAM:
        return _sector(file, start, _sector_bytes(head))
    # Small ones share a stream, which is that of the root.
    (root,) = struct.unpack_from("<I", entries[0], 116)
    steps, at = divmod(64 * start, _sector_bytes(head))
    sector = next(islice(_ole_sectors(file, head, root), steps, None), _NO_SECTOR)
    return _sector(file, sector, _sector_bytes(head))[at : at + 64]


def _ole_name(entry: bytes) -> str:
    length = int.from_bytes(entry[64:66], "little")
    return entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")


def _ole_entries(file: IO[bytes], head: bytes) -> Iterator[bytes]:
    """What stands in the first sectors of the directory ([MS-CFB] 2.2, 2.3 and 2.6)."""
    if len(head) < 512:
        return
    (first,) = struct.unpack_from("<I", head, 48)
    for sector in islice(_ole_sectors(file, head, first), _MOST_DIRECTORY_SECTORS):
        entries = _sector(file, sector, _sector_bytes(head))
        for at in range(0, len(entries) - 127, 128):
            yield entries[at : at + 128]


def _ole_sectors(file: IO[bytes], head: bytes, sector: int) -> Iterator[int]:
    """The numbers of the first sectors of a stream, from the first, as far as the head of the file tells."""
    sector_bytes = _sector_bytes(head)
    tables = struct.unpack_from("<109I", head, 76)
    for _ in range(_MOST_SECTORS):
        yield sector
        table, entry = divmod(sector, sector_bytes // 4)
        following = _sector(file, tables[table], sector_bytes) if table < len(tables) else b""
        if len(following) < sector_bytes:
            return
        (sector,) = struct.unpack_from("<I", following, 4 * entry)


def _sector_bytes(head: bytes) -> int:
    return 4096 if head[30] == 12 else 512


def _sector(file: IO[bytes], number: int, sector_bytes: int) -> bytes:
    if number >= _NO_SECTOR:
        return b""
    file.seek((number + 1) * sector_bytes)
    return file.read(sector_bytes)
