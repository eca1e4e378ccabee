"""The paragraphs of DOCX files, with tables, text boxes, notes, headers, footers and comments."""

from collections.abc import Iterator
from pathlib import Path

from cowork_desktop.workspace.extraction import ooxml
from cowork_desktop.workspace.extraction.archive import Archive
from cowork_desktop.workspace.extraction.passages import Found, Line, Total, Unreadable, of_lines

_ORDER = ("main", "footnotes", "endnotes", "header", "footer", "comments")


def read(path: Path) -> Iterator[Found]:
    """Places count, through all parts, the paragraphs and table rows that hold text; `done` counts parts.

    Read from the XML itself: python-docx leaves out text boxes and notes, and 25 MB of lxml are no help with
    that.
    """
    with Archive(path) as archive:
        parts = _parts(archive)
        yield Total(len(parts))
        yield from of_lines(_lines(archive, parts), "paragraph")


def _parts(archive: Archive) -> list[str]:
    ranked = [(_ORDER.index(kind), part) for kind, part in _kinds(archive) if kind in _ORDER]
    if not any(rank == 0 for rank, _ in ranked):
        raise Unreadable("It is damaged.")
    return [part for _, part in sorted(ranked)]


def _kinds(archive: Archive) -> Iterator[tuple[str, str]]:
    for content_type, part in ooxml.parts(archive):
        yield content_type.rpartition(".")[2], part


def _lines(archive: Archive, parts: list[str]) -> Iterator[Line]:
    number = 0
    for done, part in enumerate(parts):
        for line in ooxml.lines_of(archive, part):
            number += 1
            yield Line(number, line, done)
