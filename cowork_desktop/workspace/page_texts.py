"""Takes the text out of pages of the web, in the process that reads documents."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cowork_desktop.ids import random_id
from cowork_desktop.tasks import wholly
from cowork_desktop.workspace.extraction.types import WEB_PAGE
from cowork_desktop.workspace.reader_process import told_by_reader

logger = logging.getLogger(__name__)

MOST_CHARACTERS = 2_000_000
_AT_ONCE = 2
_SECONDS = 30
_HTML = ("text/html", "application/xhtml+xml")
_TOO_LONG = f"Reading its text took longer than {_SECONDS} seconds."
_BROKEN = "Its text cannot be read: the reader broke off."


@dataclass(frozen=True)
class PageText:
    title: str | None
    text: str
    """Links of HTML stand in it as in Markdown, whole; pages of a PDF begin with `[page N]`."""
    note: str | None
    """Why it is not all of it."""


class PageTexts:
    def __init__(self, folder: Path) -> None:
        """`folder` is where pages lie while they are read; it has to be there."""
        self._folder = folder
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def read(self, content: bytes, media_type: str, url: str) -> PageText:
        """What cannot be read has a note and no text."""
        path = self._folder / random_id("page")
        async with self._room:
            try:
                await wholly(asyncio.to_thread(path.write_bytes, content))
                return await _read(path, _type_for_reader(media_type), url)
            finally:
                await wholly(asyncio.to_thread(path.unlink, missing_ok=True))


def _type_for_reader(media_type: str) -> str:
    if media_type in _HTML:
        return WEB_PAGE
    return media_type if media_type in ("application/pdf", "application/json") else "text/plain"


async def _read(path: Path, mime_type: str, url: str) -> PageText:
    reading = _Reading()
    try:
        async with asyncio.timeout(_SECONDS), aclosing(told_by_reader(path, mime_type, url)) as lines:
            async for told in lines:
                reading.take(told)
                if reading.characters >= MOST_CHARACTERS:
                    return reading.so_far(f"Only its first {MOST_CHARACTERS:,} characters are here.")
                if "end" in told:
                    return reading.so_far(told.get("reason"))
    except TimeoutError:
        return reading.so_far(_TOO_LONG)
    except (OSError, ValueError, KeyError, TypeError):
        logger.exception("The reader of a page failed")
    return reading.so_far(_BROKEN)


@dataclass(eq=False)
class _Reading:
    title: str | None = None
    pieces: list[str] = field(default_factory=list)
    characters: int = 0
    page: int | None = None

    def take(self, told: Mapping[str, Any]) -> None:
        if "text" not in told:
            return
        place, text = told["place"], str(told["text"])
        if place.get("line") == 0:
            self.title = text
            return
        if place.get("page") != self.page:
            self.page = place["page"]
            text = f"[page {self.page}]\n{text}"
        self.pieces.append(text)
        self.characters += len(text)

    def so_far(self, note: str | None) -> PageText:
        return PageText(self.title, "\n".join(self.pieces), note)
