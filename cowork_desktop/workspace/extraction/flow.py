"""Paragraphs and table rows as lines, out of the XML of word processors and slides."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cowork_desktop.workspace.extraction.passages import one_line
from cowork_desktop.workspace.extraction.xml_events import Event


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The local names of a format."""

    paragraph: frozenset[str]
    row: str
    cell: str
    text: frozenset[str]
    """Where text counts; empty: anywhere in a paragraph."""
    blank: frozenset[str]
    """What stands for a blank, a tab or a line break inside a paragraph."""
    hidden: frozenset[str]
    """What is left out with all that it holds."""
    apart: frozenset[str] = frozenset()
    """What stands inside a paragraph and has paragraphs of its own; text directly in it is no text."""


OOXML = Vocabulary(
    paragraph=frozenset({"p"}),
    row="tr",
    cell="tc",
    text=frozenset({"t"}),
    blank=frozenset({"tab", "ptab", "br", "cr"}),
    # Properties have elements named like text; deleted and moved text is no longer there; what is for older
    # programs is there twice; fields hold numbers of pages and codes.
    hidden=frozenset({"pPr", "rPr", "del", "moveFrom", "Fallback", "fld"}),
)


def lines(events: Iterable[Event], words: Vocabulary) -> Iterator[str]:
    """One line a paragraph, one line a row of a table with its cells between tabs; none that is empty."""
    flow = _Flow(words)
    for kind, name, _ in events:
        if kind == "text":
            flow.write(name)
        elif kind == "start":
            flow.start(name)
        elif line := flow.end(name):
            yield line


@dataclass(slots=True)
class _Flow:
    words: Vocabulary
    paragraphs: list[list[str]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    in_text: int = 0
    hidden: int = 0

    def write(self, text: str) -> None:
        if self.paragraphs and not self.hidden and (self.in_text or not self.words.text):
            self.paragraphs[-1].append(text)

    def start(self, name: str) -> None:
        words = self.words
        if self.hidden or name in words.hidden:
            self.hidden += 1
        elif name in words.text:
            self.in_text += 1
        elif name in words.paragraph or name in words.apart:
            self.paragraphs.append([])
        elif name in words.blank and self.paragraphs:
            self.paragraphs[-1].append(" ")
        elif name == words.row:
            self.rows.append([])
        elif name == words.cell:
            self.cells.append([])

    def end(self, name: str) -> str | None:
        """A line that is complete."""
        words = self.words
        if self.hidden:
            self.hidden -= 1
        elif name in words.text:
            self.in_text -= 1
        elif name in words.paragraph:
            return self._line("".join(self.paragraphs.pop()))
        elif name in words.apart:
            self.paragraphs.pop()
        elif name == words.cell:
            cell = " ".join(self.cells.pop())
            if not self.rows:
                return self._line(cell)
            self.rows[-1].append(cell)
        elif name == words.row:
            return self._line("\t".join(self.rows.pop()), is_row=True)
        return None

    def _line(self, text: str, *, is_row: bool = False) -> str | None:
        """It belongs to the cell that it stands in."""
        line = text.rstrip() if is_row and not self.cells else one_line(text)
        if self.cells:
            if line:
                self.cells[-1].append(line)
            return None
        return line
