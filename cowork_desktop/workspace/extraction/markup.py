"""What a reader of an HTML page sees, as lines."""

import re
from collections.abc import Iterator
from pathlib import Path

from cowork_desktop.workspace.extraction.decoding import bom_encoding, encoding_of, known
from cowork_desktop.workspace.extraction.html_tokens import tokens
from cowork_desktop.workspace.extraction.passages import End, Found, Line, of_lines, one_line

_MOST_CHARACTERS = 50_000_000
_HIDDEN = frozenset({"iframe", "noembed", "noframes", "noscript", "script", "style", "template"})
_INLINE = re.compile(
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|dfn|em|font|i|img|input|ins|kbd|label|mark|nobr|q|rp|rt"
    "|ruby|s|samp|small|span|strike|strong|sub|sup|time|tspan|tt|u|var|wbr"
)
_CELLS = frozenset({"td", "th"})
_META = re.compile(rb"<meta[^>]{1,200}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([A-Za-z0-9_.:-]+)", re.I)


def read(path: Path) -> Iterator[Found]:
    """Places count the lines of the text that comes out: one a block, one a row of a table."""
    yield from read_as(Page(), path)


def read_as(page: "Page", path: Path) -> Iterator[Found]:
    """What the page makes of a file."""
    with path.open(encoding=_encoding(path), errors="replace") as file:
        text = file.read(_MOST_CHARACTERS)
        is_whole = not file.read(1)
    yield from of_lines((Line(number, line) for number, line in enumerate(page.lines_of(text), 1)), "line")
    if not is_whole:
        yield End("partial", f"The first {_MOST_CHARACTERS:,} characters of the page were read.")


def lines_of(html: str) -> Iterator[str]:
    """The lines of a page, none of them empty."""
    return Page().lines_of(html)


def _encoding(path: Path) -> str:
    """What the page says of itself stands behind a byte order mark (HTML Living Standard, 13.2.3.2)."""
    with path.open("rb") as file:
        head = file.read(1024)
    declared = _META.search(head)
    named = known(declared[1].decode("ascii")) if declared and not bom_encoding(head) else None
    return named or encoding_of(path)


class Page:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._words: list[str] = []
        self._hidden = 0
        self._as_it_stands = 0

    def lines_of(self, html: str) -> Iterator[str]:
        for kind, value, attributes in tokens(html):
            self.take(kind, value, attributes)
            yield from self._finished()
        self.end_line()
        yield from self._finished()

    def _finished(self) -> list[str]:
        lines, self._lines = self._lines, []
        return lines

    def take(self, kind: str, value: str, attributes: str) -> None:
        if kind == "text":
            self._write(value)
        elif value in _HIDDEN:
            self._hidden = max(0, self._hidden + (1 if kind == "start" else -1))
        elif value in _CELLS:
            self._words += ["\t"] if kind == "start" else []
        elif not _INLINE.fullmatch(value):
            self.end_line()
            if value == "pre":
                self._as_it_stands = max(0, self._as_it_stands + (1 if kind == "start" else -1))

    def _write(self, text: str) -> None:
        if self._hidden:
            return
        if not self._as_it_stands:
            self._words.append(text.replace("\t", " "))
            return
        for line in text.split("\n"):
            self._words.append(line)
            self.end_line()

    def end_line(self) -> None:
        cells = [one_line(cell) for cell in "".join(self._words).split("\t")]
        if line := "\t".join(cells).strip():
            self._lines.append(line)
        self._words.clear()
