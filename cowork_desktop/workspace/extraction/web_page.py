"""What a reader of a page of the web sees: its title, its lines, and where its links lead."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urljoin

from cowork_desktop.workspace.extraction.html_tokens import attribute
from cowork_desktop.workspace.extraction.markup import Page, read_as
from cowork_desktop.workspace.extraction.passages import Found, Passage, clean, one_line

_LONGEST_TITLE = 300
_LONGEST_LINK = 1_000
# What a URL may hold as it is (RFC 3986), but for brackets, with which the link in the text would end.
_AS_IT_IS = "%/:?#@!$&'*+,;=~[]"


def read(path: Path, url: str) -> Iterator[Found]:
    """`url` is where the page was found. Its title has the place of line 0; a link is `[text](url)`."""
    page = LinkedPage(url)
    has_title = False
    for found in read_as(page, path):
        if page.title and not has_title:
            has_title = True
            yield Passage({"line": 0}, page.title)
        yield found
    if page.title and not has_title:
        yield Passage({"line": 0}, page.title)


class LinkedPage(Page):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.title = ""
        self._base = url
        self._has_base = False
        self._in_title = False
        self._link: str | None = None
        """The attributes of the link that is open."""
        self._link_from = 0
        """How many words stand before the link's."""

    def take(self, kind: str, value: str, attributes: str) -> None:
        if kind == "text" and self._in_title:
            self.title = self.title or one_line(clean(value))[:_LONGEST_TITLE]
        elif kind != "text" and value == "title":
            self._in_title = kind == "start"
        elif kind != "text" and value == "a":
            self._end_link()
            self._link = attributes if kind == "start" else None
            self._link_from = len(self._words)
        else:
            if kind == "start" and value == "base" and not self._has_base:
                self._has_base, self._base = True, self._target(attributes) or self._base
            super().take(kind, value, attributes)

    def end_line(self) -> None:
        self._end_link()
        super().end_line()
        self._link_from = 0

    def _end_link(self) -> None:
        """A link that goes over several lines is one in the first that has text."""
        words = "".join(self._words[self._link_from :]) if self._link else ""
        text = one_line(words)
        if not self._link or not text:
            return
        if "\t" not in words and (target := self._target(self._link)):
            blanks = [" " if words[end].isspace() else "" for end in (0, -1)]
            self._words[self._link_from :] = [f"{blanks[0]}[{text}]({target}){blanks[1]}"]
        self._link = None

    def _target(self, attributes: str) -> str | None:
        """Where it leads, unless that is the page itself or no page."""
        place = "".join((attribute(attributes, "href") or "").split())
        if not place or place.startswith("#") or len(place) > _LONGEST_LINK:
            return None
        try:
            url = urljoin(self._base, place)
        except ValueError:
            return None
        return quote(url, safe=_AS_IT_IS) if url.lower().startswith(("http://", "https://")) else None
