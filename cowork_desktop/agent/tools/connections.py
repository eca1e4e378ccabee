"""What the tools for connections share: opening one, telling what failed there, and showing rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cowork_desktop.agent.shortening import one_line
from cowork_desktop.agent.tools.tool import ToolContext, ToolFailed
from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.live import Live
from cowork_desktop.schemas.connectors import Use

CONNECTION = "The connection, by its name as it is listed."
_LONGEST_CELL = 200
_LOOKED_AT = 2_000
"""Of a long text, whose end is not shown anyway."""


@contextmanager
def failures_told(connection: str) -> Iterator[None]:
    """What a connection says of what went wrong is content of others, too."""
    try:
        yield
    except DriverFailed as error:
        raise ToolFailed(error.message, source=source_of(connection)) from None


async def opened(context: ToolContext, connection: str, *uses: Use) -> Live:
    """Raises ToolFailed."""
    with failures_told(connection):
        live = await context.means.connections.open(context.conversation_id, connection, *uses)
    if context.demand and context.demand.about not in ("", live.identity):
        raise ToolFailed("The connection was changed after the user was asked. Look again, and call it anew.")
    return live


def source_of(connection: str) -> str:
    return f"the connection {connection}"


def as_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], room: int) -> tuple[str, int]:
    """Rows as lines with bars between their cells, as many as there is room for, and how many those are."""
    lines = [" | ".join(one_line(name, 80) for name in columns)]
    left = room - len(lines[0])
    for row in rows:
        line = " | ".join(cell(value) for value in row)
        left -= len(line) + 1
        if left < 0:
            break
        lines.append(line)
    return "\n".join(lines), len(lines) - 1


def cell(value: Any) -> str:
    """A value in one line; null as `null`."""
    match value:
        case None:
            return "null"
        case bytes() | bytearray() | memoryview():
            return f"({memoryview(value).nbytes:,} bytes)"
        case bool():
            return "true" if value else "false"
    try:
        text = str(value)
    except ValueError:  # https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
        return "(a number too long to be shown)"
    ending = "…" if len(text) > _LOOKED_AT else ""
    return one_line(text[:_LOOKED_AT] + ending, _LONGEST_CELL).replace("|", "¦")
