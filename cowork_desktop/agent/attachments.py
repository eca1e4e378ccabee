"""What the model gets of files that came with a message: pictures and PDFs as they are, tables as a profile,
short texts whole."""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cowork_desktop.agent import table_profile
from cowork_desktop.agent.fence import fence, shown_name
from cowork_desktop.agent.model import Content, Document, Image, Message, Text, ToolResult
from cowork_desktop.clock import Clock
from cowork_desktop.schemas.files import File
from cowork_desktop.schemas.texts import Passage
from cowork_desktop.store import files, texts
from cowork_desktop.store.database import Database
from cowork_desktop.workspace.contents import Contents

_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_LARGEST_IMAGE = 3_700_000
"""Bytes; in base64 the 5 MB that providers take."""
_LARGEST_DOCUMENT = 20_000_000
_MOST_BYTES = 24_000_000
"""Of all pictures and documents of a request, which may have 32 MB in base64."""
_TABLES = (
    "text/csv",
    "text/tab-separated-values",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-excel",
    "application/vnd.oasis.opendocument.spreadsheet",
)
_SHORT_TEXT = 6_000
"""Characters of a text that is told whole; of a longer one the agent reads what it needs."""
_PROFILED_PASSAGES = 200
_PATIENCE_SECONDS = 10.0
"""How long a turn waits for the text of what came with its message."""
_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Attached:
    """By the files' ids."""

    content: Mapping[str, Sequence[Content]] = field(default_factory=dict)
    as_they_are: frozenset[str] = frozenset()
    """Those that go as pictures or documents, which the provider may refuse."""

    @property
    def is_read(self) -> bool:
        """Whether the model gets anything of what is in them."""
        return bool(self.content)


NOTHING_ATTACHED = Attached()


async def load(
    ids: Sequence[str], *, current: Sequence[str], db: Database, contents: Contents, clock: Clock
) -> Attached:
    """The content of files of the history and of the `current` message, whose text is waited for a little.

    Of many large ones the newest are told.
    """
    found = {file.id: file for file in await db.scan(files.those, ids)}
    refused = await db.scan(files.refused, ids)
    room, told, whole = _MOST_BYTES, dict[str, list[Content]](), set[str]()
    until = clock.monotonic() + _PATIENCE_SECONDS
    for id in reversed(list(found)):
        file = found[id]
        if _goes_as_it_is(file) and id not in refused and file.size <= room:
            room -= file.size
            head = f"[attached: {shown_name(file.name)}"
            try:
                encoded = await asyncio.to_thread(_encoded, file, contents)
            except OSError:
                told[id] = [Text(f"{head}; the disk has lost it]")]
                continue
            told[id] = [Text(f"{head}]"), encoded]
            whole.add(id)
        else:
            if id in current:
                file = await when_read(file, db, clock, until)
            told[id] = await _as_text(file, db)
    return Attached(told, frozenset(whole))


def without(messages: Sequence[Message]) -> list[Message]:
    """The messages with a word in the place of each picture and document."""
    word = Text("[a picture or document that cannot be shown to the model]")
    return [
        replace(
            message,
            content=[word if isinstance(part, Image | Document) else _bare(part) for part in message.content],
        )
        for message in messages
    ]


def without_results_pictures(messages: Sequence[Message]) -> list[Message]:
    """The messages with a word in the place of the pictures of tools' results; those of the user stay."""
    word = "[a picture that cannot be shown to the model]"
    return [
        replace(
            message,
            content=[
                replace(part, output=f"{part.output}\n{word}", images=())
                if isinstance(part, ToolResult) and part.images
                else part
                for part in message.content
            ],
        )
        for message in messages
    ]


def has_any(messages: Sequence[Message]) -> bool:
    """Whether there are pictures or documents in the messages."""
    return any(
        isinstance(part, Image | Document) or (isinstance(part, ToolResult) and part.images)
        for message in messages
        for part in message.content
    )


def _bare(part: Content) -> Content:
    return replace(part, images=()) if isinstance(part, ToolResult) else part


def _goes_as_it_is(file: File) -> bool:
    is_document = file.mime_type == "application/pdf" and file.size <= _LARGEST_DOCUMENT
    return is_document or is_picture(file.mime_type, file.size)


def is_picture(media_type: str, size: int) -> bool:
    """Whether it is one that providers take."""
    return media_type in _IMAGES and size <= _LARGEST_IMAGE


def _encoded(file: File, contents: Contents) -> Content:
    data = base64.b64encode(contents.place(file.sha256).read_bytes()).decode()
    if file.mime_type == "application/pdf":
        return Document(file.name, data)
    return Image(file.mime_type, data)


async def _as_text(file: File, db: Database) -> list[Content]:
    """A table's profile, a short text whole, or a word of what there is to read."""
    passages, total = await db.scan(texts.read, file.id, _PROFILED_PASSAGES, 0)
    head = f"[attached: {shown_name(file.name)} ({file.mime_type}, {file.size:,} bytes)"
    if not passages:
        return [Text(f"{head}; {_WITHOUT_TEXT.get(file.text_status, 'it has no text that can be read')}]")]
    if file.mime_type in _TABLES:
        is_cut = total > len(passages)
        told = await asyncio.to_thread(table_profile.of_passages, passages, is_cut=is_cut)
        what = "a profile of it"
    else:
        told, what = _beginning(passages, total)
    return [Text(f"{head}; {what}:]\n{fence(told, f'the file {file.name}')}")]


_WITHOUT_TEXT = {
    "pending": "its text is not read yet",
    "extracting": "its text is not read yet",
    "failed": "its text could not be read",
}


def _beginning(passages: Sequence[Passage], total: int) -> tuple[str, str]:
    text = "\n".join(passage.text for passage in passages)
    if total <= len(passages) and len(text) <= _SHORT_TEXT:
        return text, "its text"
    return text[:_SHORT_TEXT], "the beginning of its text; read_file has the rest"


async def when_read(file: File, db: Database, clock: Clock, until: float) -> File:
    """The file when its text has been read, or as it is at that time."""
    while file.text_status in ("pending", "extracting") and clock.monotonic() < until:
        await clock.sleep(_LOOK_SECONDS)
        [file] = await db.scan(files.those, [file.id]) or [file]
    return file
