"""The tool that reads a file: the text of documents with its places, pictures as they are."""

import base64

from pydantic import Field

from cowork_desktop.agent.model import Image
from cowork_desktop.agent.tools import files_in_reach
from cowork_desktop.agent.tools.paging import PAGE, page_of_lines
from cowork_desktop.agent.tools.tool import Arguments, Outcome, Tool, ToolContext, ToolFailed
from cowork_desktop.errors import CoworkError
from cowork_desktop.schemas.files import File
from cowork_desktop.schemas.texts import Passage, Place
from cowork_desktop.store import texts

_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_LARGEST_IMAGE = 3_700_000
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
        description="Where to go on: the number that the last result named. In text files it counts lines,"
        " in documents passages.",
    )


async def _run(context: ToolContext, arguments: ReadFile) -> Outcome:
    found = await files_in_reach.find(context, arguments.file)
    if isinstance(found, str):
        return await _of_folder(context, found, arguments.offset)
    if found.mime_type in _IMAGES and found.size <= _LARGEST_IMAGE:
        return await _picture(context, found)
    return await _of_uploaded(context, found, arguments.offset)


async def _of_folder(context: ToolContext, path: str, offset: int) -> Outcome:
    try:
        content = await context.means.project_files.read(context.project_id, path)
    except CoworkError as error:
        raise ToolFailed(error.message) from error
    try:
        lines = content.decode("utf-8-sig").removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        raise ToolFailed(f"{path} is no text of UTF-8. Read it with run_code.") from None
    return Outcome(
        page_of_lines(lines, offset, numbered=True),
        source=f"the file {path}",
        links=[files_in_reach.link_to_path(path, offset + 1)],
    )


async def _picture(context: ToolContext, file: File) -> Outcome:
    data = base64.b64encode(await files_in_reach.read_bytes(context, file)).decode()
    return Outcome(
        f"{file.name}: {file.mime_type}, {file.size:,} bytes. The picture follows.",
        source=f"the file {file.name}",
        links=[files_in_reach.link_to(file)],
        images=[Image(file.mime_type, data)],
    )


async def _of_uploaded(context: ToolContext, file: File, offset: int) -> Outcome:
    file = await files_in_reach.when_read(context, file)
    passages, total = await context.db.scan(texts.read, file.id, _PASSAGES, offset)
    if not passages:
        raise ToolFailed(await _why_nothing(context, file, total, offset))
    shown = _that_fit(passages)
    end = shown[-1].n + 1
    going_on = f"; go on with offset={end}" if end < total else ""
    note = f" ({file.text_error})" if file.text_error else ""
    head = f"[passages {offset + 1:,}-{end:,} of {total:,}{going_on}]{note}"
    return Outcome(
        "\n".join([head, *(f"[{told_place(passage.place)}]\n{passage.text}" for passage in shown)]),
        source=f"the file {file.name}",
        links=[files_in_reach.link_to(file, shown[0].place)],
    )


def _that_fit(passages: list[Passage]) -> list[Passage]:
    room, shown = PAGE, list[Passage]()
    for passage in passages:
        if shown and len(passage.text) > room:
            break
        shown.append(passage)
        room -= len(passage.text) + 20
    return shown


def told_place(place: Place) -> str:
    """`page 3`, `sheet Sales, row 2`."""
    return ", ".join(f"{name} {value}" for name, value in place.model_dump(exclude_none=True).items())


async def _why_nothing(context: ToolContext, file: File, total: int, offset: int) -> str:
    path = (await files_in_reach.paths(context)).get(file.id)
    code = f" Read it with run_code, at {path}." if path else ""
    if offset and total:
        return f"The file has {total:,} passages."
    if file.text_status in ("pending", "extracting"):
        return "The text of this file is still being read. Try again in a while." + code
    if file.text_status == "failed":
        return f"The text of this file could not be read: {file.text_error}" + code
    return f"{file.name} is {file.mime_type} and has no text." + code


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
