"""Pieces of long texts and lists, each of which says how to go on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from cowork_desktop.agent.tools.tool import ToolFailed

PAGE = 15_000
"""Characters of a text at once."""


_PIECE = PAGE - 100
"""Characters of a line that are told at once: a longer one counts as several where `offset` counts."""


@dataclass(frozen=True)
class Page:
    text: str
    """Which lines of how many, and the lines."""
    line: int
    """The number of the first, from 1; 0 where there is none."""


def page_of_lines(lines: Sequence[str], offset: int, of: str = "lines", numbered: bool = False) -> Page:
    """The lines from `offset` on for which there is room; raises ToolFailed behind the end."""
    total = len(lines) + sum((len(line) - 1) // _PIECE for line in lines if len(line) > _PIECE)
    if offset and offset >= total:
        raise ToolFailed(f"There are {total:,} {of}.")
    # No page has more pieces than characters.
    pieces = list(islice(_pieces(lines, is_any_long=total > len(lines), start=offset), PAGE))
    shown = that_fit(f"{piece.line}: {piece.text}" if numbered else piece.text for piece in pieces)
    end = offset + len(shown)
    going_on = f"; go on with offset={end}" if end < total else ""
    first, last = (pieces[0], pieces[len(shown) - 1]) if shown else (_NOTHING, _NOTHING)
    if not first.is_first:
        going_on = f", beginning within line {first.line:,}{going_on}"
    text = "\n".join(shown)
    return Page(f"[{of} {first.line:,}-{last.line:,} of {len(lines):,}{going_on}]\n{text}", first.line)


class _Piece(NamedTuple):
    line: int
    text: str
    is_first: bool
    """Whether the line begins with it."""


_NOTHING = _Piece(0, "", is_first=True)


def _pieces(lines: Sequence[str], *, is_any_long: bool, start: int) -> Iterator[_Piece]:
    """Each line with its number, a long one in several pieces, without the first ones of them."""
    if not is_any_long:
        return (_Piece(n + 1, lines[n], is_first=True) for n in range(start, len(lines)))
    pieces = (
        _Piece(n, line[at : at + _PIECE], is_first=at == 0)
        for n, line in enumerate(lines, 1)
        for at in range(0, max(len(line), 1), _PIECE)
    )
    return islice(pieces, start, None)


def that_fit(lines: Iterable[str]) -> list[str]:
    """The first ones, as many as there is room for, and at least one."""
    room, shown = PAGE, list[str]()
    for line in lines:
        if shown and len(line) > room:
            break
        shown.append(line)
        room -= len(line) + 1
    return shown
