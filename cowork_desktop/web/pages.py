"""Reads pages of the web as text, and keeps the last ones to read on in them."""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from cowork_desktop.web.addresses import PageFailed, page_url
from cowork_desktop.web.fetch import Fetcher

KEPT_BYTES = 16 * 1024 * 1024
"""Of text in memory."""


class Reading(Protocol):
    """The text of a page."""

    @property
    def title(self) -> str | None: ...

    @property
    def text(self) -> str: ...

    @property
    def note(self) -> str | None:
        """Why it is not all of it, in words for the user."""


Read = Callable[[bytes, str, str], Awaitable[Reading]]
"""Takes the text out of the bytes of a media type, found at a URL, in a process that can do no harm."""


@dataclass(frozen=True)
class Page:
    url: str
    """Where it was found in the end."""
    title: str | None
    text: str
    note: str | None

    @property
    def bytes_kept(self) -> int:
        return sum(sys.getsizeof(part) for part in (self.url, self.title, self.text, self.note))


class Pages:
    """One for the server. Pages are kept by the URL that was asked for, the last read the longest."""

    def __init__(self, read: Read, fetcher: Fetcher | None = None, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._read, self._fetcher, self._kept_bytes = read, fetcher or Fetcher(), kept_bytes
        self._kept: dict[str, Page] = {}

    async def fetch(self, url: str) -> Page:
        """The page as it is now. Raises PageFailed."""
        asked = page_url(url)
        fetched = await self._fetcher.fetch(asked)
        reading = await self._read(fetched.content, fetched.media_type, fetched.url)
        if not reading.text:
            raise PageFailed(reading.note or "It holds no text.")
        page = Page(fetched.url, reading.title, reading.text, reading.note)
        self._keep(str(asked), page)
        return page

    def kept(self, url: str) -> Page | None:
        """The page as it was fetched a while ago, unless others came since. Raises PageFailed."""
        asked = str(page_url(url))
        if page := self._kept.get(asked):
            self._keep(asked, page)
        return page

    def _keep(self, asked: str, page: Page) -> None:
        self._kept.pop(asked, None)
        self._kept[asked] = page
        total = sum(each.bytes_kept for each in self._kept.values())
        while total > self._kept_bytes:
            total -= self._kept.pop(next(iter(self._kept))).bytes_kept
