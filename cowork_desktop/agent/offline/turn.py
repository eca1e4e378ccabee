"""What the offline model reads in a request: the user's words, the files, and what its own calls gave."""

import hashlib
import re
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from cowork_desktop.agent.model import Document, Image, Message, ModelRequest, Text, ToolCall, ToolResult

_FILES = re.compile(r"<files\b[^>]*>\n(.*?)\n?</files>", re.S)
_FILE = re.compile(r"\s*[-*]\s+(?P<path>.+?)(?:\s+\([^()]*\)[^()]*)?\s*")
_ATTACHED = "[attached: "
_SUMMARY = '<content from="a summary of the conversation'
_FENCED = re.compile(r'<content from="[^"]*"([^>]*)>\n(.*?)\n</content\1>', re.S)
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Call:
    """A call of a tool that a plan wants made next."""

    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Result:
    text: str
    """Without the tags that mark it as data."""
    is_error: bool


Plan = Generator[Call, Result, str]
"""Yields calls, is sent their results, and returns the answer."""


@dataclass(frozen=True)
class NamedFile:
    path: str
    """Below the kernel's working folder."""
    is_attached: bool = False
    """Whether it came with the turn's message."""

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def ending(self) -> str:
        return PurePosixPath(self.path).suffix.lower().lstrip(".")


@dataclass(frozen=True)
class Turn:
    words: str
    """What the user wrote."""
    files: Sequence[NamedFile]
    has_pictures: bool
    has_documents: bool
    earlier: Sequence[Message]
    results: Sequence[Result]
    """Of the calls of this turn, in their order."""
    tools: frozenset[str]
    key: str
    """Another for each turn of a conversation."""

    @property
    def call_id(self) -> str:
        """Of the next call."""
        return f"offline_{self.key}_{len(self.results) + 1}"


def read(request: ModelRequest) -> Turn:
    """The turn begins with the last message of the user's that is no result of a tool."""
    start = max(
        (n for n, message in enumerate(request.messages) if _is_said(message)),
        default=len(request.messages) - 1,
    )
    said, after = request.messages[start], request.messages[start + 1 :]
    texts = [part.text for part in said.content if isinstance(part, Text)]
    return Turn(
        words=texts[0] if texts else "",
        files=list(_files(texts[1:])),
        has_pictures=any(isinstance(part, Image) for part in said.content),
        has_documents=any(isinstance(part, Document) for part in said.content),
        earlier=[message for message in request.messages[:start] if not _is_summary(message)],
        results=_results(after),
        tools=frozenset(tool.name for tool in request.tools),
        key=str(said.place[0] or _digest(request.messages[: start + 1])),
    )


def text_of(message: Message) -> str:
    """What a user wrote, or what an answer said."""
    texts = [part.text for part in message.content if isinstance(part, Text)]
    return "\n".join(texts[:1] if message.role == "user" else texts)


def unfenced(text: str) -> str:
    """A tool's output without the tags that mark it as data, and without a terminal's colours."""
    return _COLOURS.sub("", _FENCED.sub(lambda found: found[2], text))


def _is_said(message: Message) -> bool:
    return message.role == "user" and not any(isinstance(part, ToolResult) for part in message.content)


def _results(messages: Iterable[Message]) -> list[Result]:
    contents = [part for message in messages for part in message.content]
    given = {part.call_id: part for part in contents if isinstance(part, ToolResult)}
    return [
        Result(unfenced(given[part.call_id].output), given[part.call_id].is_error)
        for part in contents
        if isinstance(part, ToolCall) and part.call_id in given
    ]


def _is_summary(message: Message) -> bool:
    return any(isinstance(part, Text) and _SUMMARY in part.text for part in message.content)


def _files(texts: Sequence[str]) -> Iterable[NamedFile]:
    attached = tuple(text.removeprefix(_ATTACHED) for text in texts if text.startswith(_ATTACHED))
    for block in (block for text in texts for block in _FILES.finditer(text)):
        for found in filter(None, map(_FILE.fullmatch, block[1].splitlines())):
            file = NamedFile(found["path"].strip("`"))
            yield replace(file, is_attached=any(text.startswith(file.name) for text in attached))


def _digest(messages: Sequence[Message]) -> str:
    """Of all that was said up to the turn: it grows with each."""
    digest = hashlib.blake2b(digest_size=6)
    for message in messages:
        digest.update(f"{message.role}\0{text_of(message)}\0".encode("utf-8", "replace"))
    return digest.hexdigest()
