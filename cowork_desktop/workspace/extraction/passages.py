"""Text as passages that a search can point at: cleaned, cut, and numbered by their lines."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

Place = dict[str, int | str]
LONGEST = 2_000
"""Characters of a passage."""
_WIDEST_GAP = 10
_UNCLEAN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u2007\u200b\u200e\u200f\u2028-\u202f\u2066-\u2069\ufb00-\ufb06"
    "\ufb50-\ufdff\ufe70-\uffff\ud800-\udfff]"
)
_BLANK = dict.fromkeys(map(ord, "\x0b\x0c\x85\xa0\u2007\u2028\u2029\u202f"), " ")
_DROPPED = dict.fromkeys(
    code
    for first, last in (
        (0x00, 0x08),
        (0x0E, 0x1F),
        (0x7F, 0x9F),
        (0xAD, 0xAD),
        (0x200B, 0x200B),
        (0x200E, 0x200F),
        (0x202A, 0x202E),
        (0x2066, 0x2069),
        (0xFEFF, 0xFEFF),
        (0xFFFE, 0xFFFF),
    )
    for code in range(first, last + 1)
)
# What fonts do to letters; a search looks for the letters.
_SHAPES = {
    code: unicodedata.normalize("NFKC", chr(code))
    for first, last in ((0xFB00, 0xFB06), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC))
    for code in range(first, last + 1)
    if unicodedata.category(chr(code)) in ("Ll", "Lo")
}
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_CLEANER = _DROPPED | _BLANK | _SHAPES | _SURROGATES


@dataclass(frozen=True, slots=True)
class Total:
    """How much there is to read, in the unit of `Passage.done`."""

    units: int


@dataclass(frozen=True, slots=True)
class Passage:
    """Text, and the place of its first line.

    Where the place counts lines (`line`, `row`, `paragraph`), each further line of the text is one further.
    """

    place: Place
    text: str
    done: int | None = None


@dataclass(frozen=True, slots=True)
class End:
    """How it went, in words for the user where there is something to say."""

    state: Literal["ready", "partial", "failed"]
    reason: str | None = None


Found = Total | Passage | End


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or a piece of a long one: then the next has the same number."""

    number: int
    text: str
    done: int | None = None


class Unreadable(Exception):
    """A file cannot be read any further; the text is for the user."""


def clean(text: str) -> str:
    """The text without what no reader sees: control characters other than line ends and tabs, marks of
    direction, halves of characters; with letters instead of ligatures and of the shapes of Arabic letters.
    """
    if _UNCLEAN.search(text):
        text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CLEANER)
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """The text without line ends and tabs, for a cell or a paragraph, whose line or column is counted."""
    return " ".join(text.split())


def of_lines(lines: Iterable[Line], unit: str, place: Place | None = None) -> Iterator[Passage]:
    """Passages of lines whose numbers rise; the number of the first is added to the place as `unit`.

    A few missing or empty lines become empty lines, more begin a new passage. A line that is too long for
    one passage is cut where it has blanks; its pieces have the same number, in passages of their own, so that
    the last piece is the first line of what follows.
    """
    passage = _Growing()
    for line in lines:
        for piece in _pieces(clean(line.text).replace("\n", " ").rstrip()):
            if not passage.has_room(line.number, piece):
                yield passage.finished(unit, place or {})
                passage = _Growing()
            passage.add(line, piece)
    if passage.lines:
        yield passage.finished(unit, place or {})


def of_place(text: str, place: Place, done: int | None = None) -> Iterator[Passage]:
    """Passages of a text that all have the same place."""
    lines = (Line(number, line) for number, line in enumerate(clean(text).split("\n")))
    for passage in of_lines(lines, "line"):
        yield replace(passage, place=place, done=done)


@dataclass(slots=True)
class _Growing:
    first: int = 0
    lines: list[str] = field(default_factory=list)
    length: int = 0
    done: int | None = None

    def has_room(self, number: int, text: str) -> bool:
        gap = self._gap(number)
        return not self.lines or (0 <= gap <= _WIDEST_GAP and self.length + gap + len(text) < LONGEST)

    def add(self, line: Line, text: str) -> None:
        if not self.lines:
            self.first = line.number
        gap = self._gap(line.number)
        self.length += gap + len(text) + (1 if self.lines else 0)
        self.lines += [""] * gap
        self.lines.append(text)
        self.done = line.done

    def finished(self, unit: str, place: Place) -> Passage:
        return Passage({**place, unit: self.first}, "\n".join(self.lines), self.done)

    def _gap(self, number: int) -> int:
        """How many lines are missing before it."""
        return number - self.first - len(self.lines)


def _pieces(line: str) -> Iterator[str]:
    while len(line) > LONGEST:
        blank = max(line.rfind(" ", LONGEST // 2, LONGEST), line.rfind("\t", LONGEST // 2, LONGEST))
        at = blank + 1 or LONGEST
        if piece := line[:at].rstrip():
            yield piece
        line = line[at:]
    if line:
        yield line
