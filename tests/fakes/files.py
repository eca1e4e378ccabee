"""Files on a running server: how they come there, when they have been read, and what lies on the disk."""

import asyncio
import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import openpyxl  # type: ignore[import-untyped]

from tests.fakes.server import Answer, Server

BINARY = b"\x00\x01\x02\xfe\xff nothing that could be read"
"""Bytes of a type that has no text, so that no process is started to read it."""
BOUNDARY = "b0undary"
_MOST_TRIES = 3_000


async def upload(
    server: Server,
    content: bytes | aiohttp.payload.Payload,
    *,
    name: str = "data.bin",
    media_type: str = "application/octet-stream",
    before: Mapping[str, str | None] | None = None,
    **after: str | None,
) -> Answer:
    """The answer to an upload; the fields stand before and after the file, those that are None nowhere."""
    form = aiohttp.FormData(quote_fields=False)
    for field, value in (before or {}).items():
        if value is not None:
            form.add_field(field, value)
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    form.add_field("file", file, filename=name, content_type=media_type)
    for field, value in after.items():
        if value is not None:
            form.add_field(field, value)
    return await server.call("POST", "/files", data=form)


async def new_file(server: Server, content: bytes = BINARY, **options: Any) -> Any:
    """A file that was uploaded."""
    answer = await upload(server, content, **options)
    assert answer.status == 201, answer.body
    return answer.json()


def part(disposition: str | bytes, content: bytes = BINARY) -> bytes:
    """One part of a form, its `Content-Disposition` byte for byte."""
    raw = disposition.encode() if isinstance(disposition, str) else disposition
    head = b"--" + BOUNDARY.encode() + b"\r\nContent-Disposition: form-data; " + raw
    return head + b"\r\n\r\n" + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


async def post_form(server: Server, body: bytes, *, boundary: str = BOUNDARY) -> Answer:
    """The answer to a form that is written by hand."""
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return await server.call("POST", "/files", data=io.BytesIO(body), headers=headers)


async def until_read(server: Server, id: str) -> Any:
    """The file, once nothing more is read of its text; the server tells nobody when that is."""
    for _ in range(_MOST_TRIES):
        file = await server.get(f"/files/{id}")
        if file["text_status"] not in ("pending", "extracting"):
            return file
        await asyncio.sleep(0.01)
    raise AssertionError(f"{file} is not read to its end")


async def swept() -> None:
    """Wait for what takes away the contents of deleted things."""
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "sweep"))


async def at_rest() -> None:
    """Wait until nothing is swept and no text is read, of files and of artifacts."""
    while tasks := [
        task for task in asyncio.all_tasks() if task.get_name().startswith(("sweep", "text of "))
    ]:
        await asyncio.wait(tasks)


def on_disk(data_dir: Path) -> set[str]:
    """What lies in the store of contents: the digests, and what has none yet."""
    return {place.name for place in (data_dir / "contents").rglob("*") if place.is_file()}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# Documents


def pdf(*pages: str) -> bytes:
    """A document of pages with a line of ASCII each."""
    font = 3 + 2 * len(pages)
    kids = " ".join(f"{3 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
    ]
    for n, text in enumerate(pages):
        drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {4 + 2 * n} 0 R"
            f" /Resources << /Font << /F1 {font} 0 R >> >> >>",
            f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        ]
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    written, starts = "%PDF-1.4\n", []
    for n, content in enumerate(objects, 1):
        starts.append(len(written))
        written += f"{n} 0 obj\n{content}\nendobj\n"
    rows = "".join(f"{start:010} 00000 n \n" for start in starts)
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{rows}"
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(written)}\n%%EOF\n"
    return (written + table + trailer).encode()


def xlsx(sheet: str, *rows: tuple[Any, ...]) -> bytes:
    """A workbook of one sheet."""
    book = openpyxl.Workbook()
    active = book.active
    assert active is not None
    active.title = sheet
    for row in rows:
        active.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def docx(document: bytes) -> bytes:
    """A Word document whose main part is this XML, compressed."""
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Override PartName="/word/document.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("word/document.xml", document)
    return written.getvalue()
