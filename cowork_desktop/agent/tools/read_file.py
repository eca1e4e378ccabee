"""The tool that reads a file: the text of documents with its places, pictures as they are."""

import asyncio
import base64
import io

from pydantic import Field

from cowork_desktop.agent.attachments import is_picture
from cowork_desktop.agent.fence import shown_name
from cowork_desktop.agent.model import Image
from cowork_desktop.agent.tools import files_in_reach
from cowork_desktop.agent.tools.paging import Page, page_of_lines, that_fit
from cowork_desktop.agent.tools.tool import Arguments, Outcome, Tool, ToolContext, ToolFailed
from cowork_desktop.schemas.conversations import FileLink
from cowork_desktop.schemas.files import File
from cowork_desktop.schemas.texts import Place
from cowork_desktop.store import texts
from cowork_desktop.workspace.sniff import BINARY, sniff_open

_PASSAGES = 1_000


class ReadFile(Arguments):
    file: str = Field(
        min_length=1,
        max_length=1_000,
        description="Its path in the working folder (files/report.pdf), its name, or its id (file_...).",
    )
    offset: int = Field(
        default=0,
        ge=0,
        description="Where to go on: the number that the last result named. In text files it counts lines"
        " (a very long one several times), in documents passages.",
    )


async def _run(context: ToolContext, arguments: ReadFile) -> Outcome:
    found = await files_in_reach.find(context, arguments.file)
    if isinstance(found, str):
        return await _of_folder(context, found, arguments.offset)
    if is_picture(found.mime_type, found.size):
        content = await files_in_reach.read_bytes(context, found)
        return _picture(found.name, found.mime_type, content, files_in_reach.link_to(found))
    return await _of_uploaded(context, found, arguments.offset)


async def _of_folder(context: ToolContext, path: str, offset: int) -> Outcome:
    content = await context.means.project_files.read(context.project_id, path)
    media_type = await asyncio.to_thread(sniff_open, io.BytesIO(content), path)
    if is_picture(media_type, len(content)):
        return _picture(path, media_type, content, files_in_reach.link_to_path(path))
    page = await asyncio.to_thread(_page, path, media_type, content, offset)
    return Outcome(
        page.text, source=f"the file {path}", links=[files_in_reach.link_to_path(path, page.line or 1)]
    )


def _page(path: str, media_type: str, content: bytes, offset: int) -> Page:
    """The lines from an offset on; raises ToolFailed."""
    try:
        text = None if media_type == BINARY else content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise ToolFailed(
            f"{path} is {media_type}, {len(content):,} bytes, and no text of UTF-8. Read it with run_code."
        )
    return page_of_lines(files_in_reach.lines_of(text), offset, numbered=True)


def _picture(name: str, media_type: str, content: bytes, link: FileLink) -> Outcome:
    return Outcome(
        f"{name}: {media_type}, {len(content):,} bytes. The picture follows.",
        source=f"the file {name}",
        links=[link],
        images=[Image(media_type, base64.b64encode(content).decode())],
    )


async def _of_uploaded(context: ToolContext, file: File, offset: int) -> Outcome:
    file = await files_in_reach.when_read(context, file)
    passages, total = await context.db.scan(texts.read, file.id, _PASSAGES, offset)
    if not passages:
        raise ToolFailed(await _why_nothing(context, file, total, offset))
    shown = that_fit(f"[{told_place(passage.place)}]\n{passage.text}" for passage in passages)
    end = offset + len(shown)
    going_on = f"; go on with offset={end}" if end < total else ""
    note = f" ({file.text_error})" if file.text_error else ""
    if file.text_status == "extracting":
        note = " (its text is still being read: there will be more)"
    head = f"[passages {offset + 1:,}-{end:,} of {total:,}{going_on}]{note}"
    return Outcome(
        "\n".join([head, *shown]),
        source=f"the file {file.name}",
        links=[files_in_reach.link_to(file, passages[0].place)],
    )


def told_place(place: Place) -> str:
    """`page 3`, `sheet Sales, row 2`."""
    return ", ".join(f"{name} {value}" for name, value in place.model_dump(exclude_none=True).items())


async def _why_nothing(context: ToolContext, file: File, total: int, offset: int) -> str:
    path = (await files_in_reach.paths(context)).get(file.id)
    code = f" Read it with run_code, at {path}." if path else ""
    if offset and total:
        return f"The file has {total:,} passages."
    if file.text_status in ("pending", "extracting"):
        return f"The text of this file is still being read. Try again in a while.{code}"
    if file.text_status == "failed":
        return f"The text of this file could not be read: {file.text_error}{code}"
    if file.text_status != "none":
        return f"There are no words in this file.{code}"
    return f"{shown_name(file.name)!r} is {file.mime_type}, {file.size:,} bytes, and has no text.{code}"


TOOL = Tool(
    name="read_file",
    description=(
        "Read a file that the user uploaded, or one of the working folder. Of documents (PDF, Office, web"
        " pages, tables) you get the text with its places: page, slide, sheet and row, line. Pictures you get"
        " to see. Results hold about 15,000 characters and say at which offset to go on. To compute with a"
        " table use run_code with its path instead."
    ),
    input=ReadFile,
    run=_run,
    is_basic=True,
)
