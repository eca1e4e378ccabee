"""The lines of files that are text as they stand; of JSON, with its escapes read."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cowork_desktop.workspace.extraction.decoding import encoding_of
from cowork_desktop.workspace.extraction.passages import Found, Line, Total, of_lines

_LONGEST_LINE = 65_536
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|.)")


def read(path: Path) -> Iterator[Found]:
    """Places count the file's own lines; `done` counts bytes."""
    yield Total(path.stat().st_size)
    yield from of_lines(lines_of(path, encoding_of(path)), "line")


def read_json(path: Path) -> Iterator[Found]:
    """The same; letters that are written as escapes are read, for they are what is looked for."""
    yield Total(path.stat().st_size)
    lines = lines_of(path, encoding_of(path))
    yield from of_lines((replace(line, text=_unescaped(line.text)) for line in lines), "line")


def lines_of(path: Path, encoding: str) -> Iterator[Line]:
    """The lines of a file, however long, in bounded memory."""
    number = 1
    with path.open("rb") as binary, io.TextIOWrapper(binary, encoding, "replace") as file:
        while text := file.readline(_LONGEST_LINE):
            yield Line(number, text.rstrip("\n"), binary.tell())
            number += text.endswith("\n")


def _unescaped(text: str) -> str:
    """Pairs of escapes may be halves of one character."""
    if "\\u" not in text:
        return text
    return _ESCAPE.sub(_letter, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _letter(escape: re.Match[str]) -> str:
    code = int(escape[1] or "0", 16)
    return chr(code) if code > 0x7F else escape[0]
