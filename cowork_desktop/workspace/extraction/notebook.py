"""The sources of the cells of notebook files."""

import json
from collections.abc import Iterator
from pathlib import Path

from cowork_desktop.workspace.extraction.passages import Found, Line, Unreadable, of_lines

_LARGEST_BYTES = 100 * 1024**2


def read(path: Path) -> Iterator[Found]:
    """Places count the lines of all sources, one cell after the other; outputs are left out."""
    if path.stat().st_size > _LARGEST_BYTES:
        raise Unreadable("It is larger than notebooks that are read.")
    try:
        notebook = json.loads(path.read_bytes())
        sources = [_source(cell) for cell in notebook["cells"]]
    except (ValueError, KeyError, TypeError):
        raise Unreadable("It is damaged.") from None
    text = "\n".join(sources)
    yield from of_lines((Line(number, line) for number, line in enumerate(text.split("\n"), 1)), "line")


def _source(cell: dict[str, object]) -> str:
    """A text, or a list of lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)  # type: ignore[arg-type]
