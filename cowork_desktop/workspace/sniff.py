"""What a file is, told from its bytes and never believed from whoever sends it."""

import codecs
import re
from pathlib import Path
from typing import IO

from cowork_desktop.workspace.extraction.containers import ole_type, zip_type
from cowork_desktop.workspace.extraction.decoding import bom_encoding
from cowork_desktop.workspace.extraction.text_types import text_type

BINARY = "application/octet-stream"
_HEAD_BYTES = 65_536
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# Where, what, and the type: from the WHATWG MIME Sniffing standard, sections 6.1 to 6.4, then from IANA's
# registry and from libmagic.
_SIGNATURES = [
    (0, b"%PDF-", "application/pdf"),
    (0, b"%!PS-Adobe-", "application/postscript"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"\0\0\1\0", "image/x-icon"),
    (0, b"\0\0\2\0", "image/x-icon"),
    (0, b"OggS\0", "application/ogg"),
    (0, b"MThd\0\0\0\6", "audio/midi"),
    (0, b"\0\1\0\0\0", "font/ttf"),
    (0, b"\x1f\x8b\x08", "application/x-gzip"),
    (0, b"Rar!\x1a\x07", "application/x-rar-compressed"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    (0, b"\x7fELF", "application/x-elf"),
]
# Text can begin like these.
_SIGNATURES_OF_BINARIES = [
    (0, b"BM", "image/bmp"),
    (8, b"WEBPVP", "image/webp"),
    (8, b"AIFF", "audio/aiff"),
    (8, b"AVI ", "video/avi"),
    (8, b"WAVE", "audio/wave"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OTTO", "font/otf"),
    (0, b"ttcf", "font/collection"),
    (0, b"wOFF", "font/woff"),
    (0, b"wOF2", "font/woff2"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (0, b"BZh", "application/x-bzip2"),
    (257, b"ustar", "application/x-tar"),
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (0, b"ARROW1", "application/vnd.apache.arrow.file"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
]
# ISO/IEC 14496-12: the brand in a file type box; video is what is not listed.
_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"hevc": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
# "Binary data bytes" of the standard, section 4.1.
_BINARY_BYTES = re.compile(rb"[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_BINARY_CHARACTERS = re.compile("[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\ufffe\uffff]")
# The header of a frame of MPEG audio, layer III: section 6.2.3.
_MP3 = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")


def sniff(path: Path, name: str) -> str:
    """The media type of a file; the user's `name` for it only tells kinds of text apart.

    Reads the first 64 KiB, and what a zip or OLE file says at its end about what is in it.
    """
    with path.open("rb") as file:
        return sniff_open(file, name)


def sniff_open(file: IO[bytes], name: str) -> str:
    """As `sniff`, of a file that is open at its beginning."""
    head = file.read(_HEAD_BYTES)
    return (
        _container_type(file, head)
        or _signed_type(head, _SIGNATURES)
        or _text_type(head, name)
        or _binary_type(head)
    )


def _container_type(file: IO[bytes], head: bytes) -> str | None:
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        return zip_type(file, head)
    return ole_type(file, head) if head.startswith(_OLE) else None


def _signed_type(head: bytes, signatures: list[tuple[int, bytes, str]]) -> str | None:
    return next((type for at, what, type in signatures if head.startswith(what, at)), None)


def _text_type(head: bytes, name: str) -> str | None:
    encoding = bom_encoding(head)
    if encoding is None and _BINARY_BYTES.search(head):
        return None
    try:
        # Not final: the last character may go on after the head.
        text = codecs.getincrementaldecoder(encoding or "latin-1")().decode(head)
    except UnicodeDecodeError:
        return None
    return None if _BINARY_CHARACTERS.search(text) else text_type(text, name)


def _binary_type(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if b"%PDF-" in head[:1024]:  # as readers of PDF do: it may come late
        return "application/pdf"
    return _signed_type(head, _SIGNATURES_OF_BINARIES) or ("audio/mpeg" if _MP3.match(head) else BINARY)
