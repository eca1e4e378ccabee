"""Pieces of long texts and lists, each of which says how to go on."""

from collections.abc import Iterable, Iterator, Sequence

from cowork_desktop.agent.tools.tool import ToolFailed

PAGE = 15_000
"""Characters of a text at once."""


_PIECE = PAGE - 100
"""Characters of a line that are told at once: a longer one counts as several where `offset` counts."""


def page_of_lines(lines: Sequence[str], offset: int, of: str = "lines", numbered: bool = False) -> str:
    """Which lines of how many, and those from `offset` on for which there is room; raises ToolFailed behind
    the end."""
    pieces = list(_pieces(lines))
    if offset and offset >= len(pieces):
        raise ToolFailed(f"There are {len(pieces):,} {of}.")
    rest = pieces[offset:]
    shown = that_fit(f"{n}: {piece}" if numbered else piece for n, piece in rest)
    end = offset + len(shown)
    going_on = f"; go on with offset={end}" if end < len(pieces) else ""
    if offset and pieces[offset - 1][0] == pieces[offset][0]:
        going_on = f", beginning within line {pieces[offset][0]:,}{going_on}"
    first, last = (rest[0][0], rest[len(shown) - 1][0]) if shown else (0, 0)
    text = "\n".join(shown)
    return f"[{of} {first:,}-{last:,} of {len(lines):,}{going_on}]\n{text}"


def line_at(lines: Sequence[str], offset: int) -> int:
    """The number of the line that is at this offset, from 1."""
    return next((n for at, (n, _) in enumerate(_pieces(lines)) if at == offset), 1)


def _pieces(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Each line with its number, a long one in several pieces."""
    for n, line in enumerate(lines, 1):
        for start in range(0, max(len(line), 1), _PIECE):
            yield n, line[start : start + _PIECE]


def that_fit(lines: Iterable[str]) -> list[str]:
    """The first ones, as many as there is room for, and at least one."""
    room, shown = PAGE, list[str]()
    for line in lines:
        if shown and len(line) > room:
            break
        shown.append(line)
        room -= len(line) + 1
    return shown
