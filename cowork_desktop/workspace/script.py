"""A scratchpad as a Python script in the percent format, with `# %%` before each cell."""

import re
import warnings

from cowork_desktop.schemas.scratchpads import Cell, Scratchpad

_NEWLINE = re.compile(r"\r\n?|\n")
_STRING_OR_COMMENT = re.compile(
    r"""("{3}|'{3})(?:\\.|(?!\1)[^\\])*\1|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\#[^\n]*""", re.DOTALL
)
_MAGIC = re.compile(r"\s*(?:%[A-Za-z]|!|\?)|[\w.,\[\] \t]+=\s*(?:!|%[A-Za-z])|\s*%{0,2}[\w.*]+\?{1,2}\s*$")
_MAGICS_AROUND_PYTHON = ("%%capture", "%%prun", "%%time", "%%timeit")
_FUTURE_ANNOTATIONS = re.compile(r"from\s+__future__\s+import\s+annotations\b")
_NOT_IN_MID_FILE = re.compile(r"(?:from\s+__future__|global)\s[^;]*$")
# In the first line; in the second one a cell could say otherwise.
_ENCODING = "# -*- coding: utf-8 -*-"


def write_script(pad: Scratchpad) -> bytes:
    """Valid Python in UTF-8, without the outputs.

    Magics become comments; so do cells in other languages, and Python that does not compile, as `await`
    outside of functions does not.
    """
    script = _script(pad, has_code=True)
    if not _compiles(script):
        # Cells that are valid each by itself, but not in one file.
        script = _script(pad, has_code=False)
    return script.encode("utf-8", "replace")


def _script(pad: Scratchpad, *, has_code: bool) -> str:
    cells = [cell for cell in pad.cells if cell.type != "output"]
    parts = [_ENCODING]
    if has_code and any(_FUTURE_ANNOTATIONS.match(line) for cell in cells for line in _lines(cell)):
        parts.append("from __future__ import annotations")
    for cell in cells:
        language = _NEWLINE.sub(" ", "markdown" if cell.type == "markdown" else cell.language or "python")
        if language == "python":
            parts.append(f"\n# %%\n{_python(_lines(cell)) if has_code else _commented(_lines(cell))}")
        else:
            parts.append(f"\n# %% [{language}]\n{_commented(_lines(cell))}")
    return "\n".join(parts).rstrip("\n") + "\n"


def _lines(cell: Cell) -> list[str]:
    """As Python counts them, which knows three ends of a line: no text may leave its comment."""
    return _NEWLINE.split(cell.content)


def _commented(lines: list[str]) -> str:
    return "\n".join(f"# {line}" if line else "#" for line in lines)


def _python(lines: list[str]) -> str:
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if not lines[first].startswith("%%"):
        return _statements(lines)
    if lines[first].split()[0] not in _MAGICS_AROUND_PYTHON:
        return _commented(lines)
    return f"{_commented(lines[: first + 1])}\n{_statements(lines[first + 1 :])}"


def _statements(lines: list[str]) -> str:
    source = _without(_NOT_IN_MID_FILE, lines)
    if not _compiles(source):
        source = _without(_MAGIC, source.split("\n"))
    return source if _compiles(source) else _commented(lines)


def _without(unwanted: re.Pattern[str], lines: list[str]) -> str:
    """The lines joined, those that match made comments, or `pass` and a comment where a block may need it."""
    inside = _begin_in_strings("\n".join(lines))
    kept: list[str] = []
    goes_on = False
    for n, line in enumerate(lines):
        if goes_on or (n not in inside and unwanted.match(line)):
            indent = line[: len(line) - len(line.lstrip())]
            kept.append(f"{indent}pass  # {line.lstrip()}" if indent and not goes_on else f"# {line}")
            goes_on = line.endswith("\\")
        else:
            kept.append(line)
    return "\n".join(kept)


def _begin_in_strings(source: str) -> set[int]:
    """The lines, from 0, that begin in a string of many lines."""
    inside: set[int] = set()
    line, position = 0, 0
    for found in _STRING_OR_COMMENT.finditer(source):
        first = line + source.count("\n", position, found.start())
        line, position = first + found[0].count("\n"), found.end()
        inside.update(range(first + 1, line + 1))
    return inside


def _compiles(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<cell>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return False
    return True
