"""Pieces of long texts and lists, each of which says how to go on."""

from collections.abc import Sequence

from cowork_desktop.agent.tools.tool import ToolFailed

PAGE = 15_000
"""Characters of a text at once."""


def page_of_lines(lines: Sequence[str], offset: int, of: str = "lines", numbered: bool = False) -> str:
    """Which lines of how many, and those from `offset` on for which there is room; raises ToolFailed behind
    the end."""
    if offset and offset >= len(lines):
        raise ToolFailed(f"There are {len(lines):,} {of}.")
    end = _end(lines, offset)
    going_on = f"; go on with offset={end}" if end < len(lines) else ""
    shown = [f"{n}: {line}" if numbered else line for n, line in enumerate(lines[offset:end], offset + 1)]
    text = "\n".join(shown)
    if len(text) > PAGE + 10 * len(shown):  # a single line
        text = f"{text[:PAGE]}\n[this line has {len(text) - PAGE:,} more characters]"
    return f"[{of} {min(offset + 1, len(lines)):,}-{end:,} of {len(lines):,}{going_on}]\n{text}"


def _end(lines: Sequence[str], offset: int) -> int:
    """Behind the last line that has room, and at least one."""
    room, end = PAGE, offset
    while end < len(lines) and (end == offset or len(lines[end]) < room):
        room -= len(lines[end]) + 1
        end += 1
    return end
