"""What a file is, by its bytes."""

import io
import struct
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cowork_desktop.workspace.extraction.text_types import EXTENSIONS, text_type
from cowork_desktop.workspace.extraction.types import can_extract
from cowork_desktop.workspace.sniff import sniff
from tests.documents.worker import DOCUMENTS

OOXML = "application/vnd.openxmlformats-officedocument"
ODF = "application/vnd.oasis.opendocument"


@pytest.fixture
def kind(tmp_path: Path) -> "Kind":
    return Kind(tmp_path / "stored")


class Kind:
    """What bytes are, under a name that their user gave them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, content: bytes, name: str = "file") -> str:
        self.path.write_bytes(content)
        return sniff(self.path, name)


def zipped(*names: str, **contents: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, "x")
        for name, content in contents.items():
            archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "type"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"GIF89a\1\0\1\0", "image/gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        (b"BM\x36\0\0\0\0\0", "image/bmp"),
        (b"II*\0\x08\0\0\0", "image/tiff"),
        (b"MM\0*\0\0\0\x08", "image/tiff"),
        (b"\0\0\1\0\1\0", "image/x-icon"),
        (b"\0\0\0\x20ftypavif\0\0\0\0", "image/avif"),
        (b"\0\0\0\x20ftypheic\0\0\0\0", "image/heic"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "video/mp4"),
        (b"\0\0\0\x20ftypM4A \0\0\2\0", "audio/mp4"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\x82\x84webm", "video/webm"),
        (b"ID3\4\0\0\0\0\0\0", "audio/mpeg"),
        (b"\xff\xfb\x90\x64\0\0", "audio/mpeg"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wave"),
        (b"OggS\0\2\0\0", "application/ogg"),
        (b"fLaC\0\0\0\x22", "audio/flac"),
        (b"\x1f\x8b\x08\0\0\0", "application/x-gzip"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "application/x-7z-compressed"),
        (b"SQLite format 3\0\x10\0", "application/vnd.sqlite3"),
        (b"PAR1\x15\x04\x15", "application/vnd.apache.parquet"),
        (b"wOFF\0\1\0\0", "font/woff"),
        (b"wOF2\0\1\0\0", "font/woff2"),
        (b"{\\rtf1\\ansi hello}", "application/rtf"),
        (b"\x7fELF\2\1\1\0", "application/x-elf"),
        (b"MZ\x90\0\3\0", "application/vnd.microsoft.portable-executable"),
        (b"\0\1\2\3\4\5", "application/octet-stream"),
        (b"\n\0%PDF-1.4", "application/pdf"),
    ],
)
def test_binary_files_are_known_by_their_signature(kind: Kind, content: bytes, type: str) -> None:
    assert kind(content, "holiday.txt") == type


@pytest.mark.parametrize(
    ("document", "type"),
    [
        ("report.docx", f"{OOXML}.wordprocessingml.document"),
        ("word-sections.docx", f"{OOXML}.wordprocessingml.document"),
        ("ledger.xlsx", f"{OOXML}.spreadsheetml.sheet"),
        ("talk.pptx", f"{OOXML}.presentationml.presentation"),
        ("powerpoint-text.pptx", f"{OOXML}.presentationml.presentation"),
        ("report.odt", f"{ODF}.text"),
        ("ledger.ods", f"{ODF}.spreadsheet"),
        ("talk.odp", f"{ODF}.presentation"),
        ("ledger.xls", "application/vnd.ms-excel"),
        ("password.xls", "application/vnd.ms-excel"),
        ("password.docx", "application/encrypted"),
        ("password.xlsx", "application/encrypted"),
        ("report.rtf", "application/rtf"),
        ("rotated.pdf", "application/pdf"),
    ],
)
def test_documents_are_told_apart_whatever_their_name(document: str, type: str) -> None:
    assert sniff(DOCUMENTS / document, "upload.bin") == type
    assert can_extract(type)


@pytest.mark.parametrize(
    ("names", "type"),
    [
        (["a.txt"], "application/zip"),
        (["word/document.xml"], "application/zip"),
        (["[Content_Types].xml", "word/document2.xml"], f"{OOXML}.wordprocessingml.document"),
        (
            ["[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"],
            "application/vnd.ms-excel.sheet.macroEnabled.12",
        ),
        (
            ["[Content_Types].xml", "xl/workbook.bin"],
            "application/vnd.ms-excel.sheet.binary.macroEnabled.12",
        ),
    ],
)
def test_zip_files_are_told_apart_by_what_is_in_them(kind: Kind, names: list[str], type: str) -> None:
    assert kind(zipped(*names), "report.docx") == type


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04", b"PK\x05\x06" + b"\xff" * 18, b"PK\x03\x04" + b"\xff" * 90_000]
)
def test_a_broken_zip_file_is_a_zip_file(kind: Kind, content: bytes) -> None:
    assert kind(content) == "application/zip"


@pytest.mark.parametrize("document", ["password.xls", "report.docx", "report.odt", "rotated.pdf"])
@given(at=st.integers(0, 20_000), length=st.integers(0, 5_000), put=st.binary(max_size=600))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_makes_it_fail(kind: Kind, document: str, at: int, length: int, put: bytes) -> None:
    content = (DOCUMENTS / document).read_bytes()
    at %= len(content)
    assert "/" in kind(content[:at] + put + content[at + length :])


@pytest.mark.parametrize("size", [8, 100, 512, 5_000])
def test_a_broken_ole_file_is_an_ole_file(kind: Kind, size: int) -> None:
    assert kind((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\3" * size)[:size]) == "application/x-ole-storage"


def test_an_ole_directory_that_goes_round_in_circles_ends(kind: Kind) -> None:
    header = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    header[30:32] = struct.pack("<H", 9)
    # The directory is sector 0, and so is the table that says what follows sector 0: sector 0.
    assert kind(bytes(header) + bytes(512)) == "application/x-ole-storage"


def test_a_zip_file_of_very_many_members_is_told_in_no_time(kind: Kind) -> None:
    content = zipped(*(f"{n}" for n in range(30_000)))
    started = time.process_time()
    assert kind(content) == "application/zip"
    assert time.process_time() - started < 0.1


@pytest.mark.parametrize(
    ("name", "content", "type"),
    [
        ("notes", b"plain words\n", "text/plain"),
        ("notes.txt", b"<html><body>an example</body></html>", "text/plain"),
        ("table.csv", b"a,b\n1,2\n", "text/csv"),
        ("table.CSV", b"a;b\n", "text/csv"),
        ("table.tsv", b"a\tb\n", "text/tab-separated-values"),
        ("read.md", b"# Title\n", "text/markdown"),
        ("code.py", b"import os\n", "text/x-python"),
        ("code.rs", b"fn main() {}\n", "text/x-rust"),
        ("data.json", b'{"a": 1}', "application/json"),
        ("data.json", b"no json at all", "text/plain"),
        ("book.ipynb", b'{"cells": []}', "application/x-ipynb+json"),
        ("page.html", b"words alone", "text/html"),
        ("page", b"  <!DOCTYPE html><title>x</title>", "text/html"),
        ("page.bin", b"<!-- made by hand --><html>", "text/html"),
        ("drawing.svg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
        ("drawing.svg", b"not a drawing", "text/plain"),
        ("drawing.xml", b"<svg></svg>", "image/svg+xml"),
        ("feed.dat", b'<?xml version="1.0"?><feed/>', "application/xml"),
        ("letter.eml", b"From: a@b.example\nTo: c@d.example\n\nHello\n", "message/rfc822"),
        ("letter.eml", b"Hello", "text/plain"),
        ("empty", b"", "text/plain"),
        ("empty.csv", b"", "text/csv"),
        ("BMW.txt", b"BMW is a maker of cars", "text/plain"),
        ("image.png", b"not an image", "text/plain"),
        ("setup.exe", b"MZ is how it begins", "text/plain"),
        ("../../etc/passwd.md", b"words", "text/markdown"),
        ("." * 300, b"words", "text/plain"),
        ("\U0001f600", b"words", "text/plain"),
    ],
)
def test_kinds_of_text_are_told_by_name_and_content(kind: Kind, name: str, content: bytes, type: str) -> None:
    assert kind(content, name) == type


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "cp1251", "shift_jis"]
)
def test_text_of_any_encoding_is_text(kind: Kind, encoding: str) -> None:
    text = {"cp1251": "Склад открыт", "shift_jis": "倉庫は水曜日", "cp1252": "Café"}.get(
        encoding, "Café 倉庫"
    )
    assert kind(text.encode(encoding), "table.csv") == "text/csv"


def test_a_character_cut_in_half_where_the_head_ends_is_no_fault(kind: Kind) -> None:
    assert kind(("x" + "\U0001f600" * 40_000).encode("utf-16")) == "text/plain"


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\0\0\1\0\0\0", b"\xff\xfe\0\xd8\0\0", b"words\0words", b"\x01\x02"]
)
def test_bytes_that_are_no_text_stay_binary_whatever_their_name(kind: Kind, content: bytes) -> None:
    assert kind(content, "table.csv") == "application/octet-stream"


@pytest.mark.parametrize(
    ("type", "expected"),
    [
        ("text/plain", True),
        ("text/x-python", True),
        ("text/html; charset=utf-8", True),
        ("application/pdf", True),
        ("application/vnd.ms-excel.sheet.macroEnabled.12", True),
        ("application/encrypted", True),
        ("application/vnd.vegalite.v5+json", True),
        ("application/atom+xml", True),
        ("application/javascript", True),
        ("image/png", False),
        ("application/octet-stream", False),
        ("application/zip", False),
        ("application/msword", False),
        ("video/mp4", False),
    ],
)
def test_it_is_known_which_types_hold_text(type: str, expected: bool) -> None:
    assert can_extract(type) is expected


@pytest.mark.parametrize("type", sorted({text_type("", f"x.{extension}") for extension in EXTENSIONS}))
def test_every_kind_of_text_holds_text(type: str) -> None:
    assert can_extract(type)
