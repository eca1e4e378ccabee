"""The slides of PPTX files, with tables, groups, diagrams and speaker notes."""

from collections.abc import Iterator
from pathlib import Path

from cowork_desktop.workspace.extraction import ooxml
from cowork_desktop.workspace.extraction.archive import Archive
from cowork_desktop.workspace.extraction.passages import Found, Total, Unreadable, of_place
from cowork_desktop.workspace.extraction.xml_events import events

_WITH_A_SLIDE = ("diagramData", "chart", "notesSlide", "comments")


def read(path: Path) -> Iterator[Found]:
    """Places count slides as shown, hidden ones too; `done` counts slides."""
    with Archive(path) as archive:
        slides = _slides(archive)
        yield Total(len(slides))
        for number, part in enumerate(slides, 1):
            yield from of_place("\n".join(_lines(archive, part)), {"slide": number}, number)


def _slides(archive: Archive) -> list[str]:
    """The parts of the slides in the order in which they are shown."""
    presentation = next(
        (part for kind, part in ooxml.parts(archive) if kind.endswith(".main")), "ppt/presentation.xml"
    )
    if presentation not in archive:
        raise Unreadable("It is damaged.")
    related = ooxml.relations(archive, presentation)
    ids = [
        _relation_id(attributes)
        for kind, name, attributes in events(archive.chunks(presentation))
        if kind == "start" and name == "sldId"
    ]
    return [related[found][1] for found in ids if found in related]


def _relation_id(attributes: dict[str, str]) -> str:
    """Of its two attributes named `id`, the one that has a namespace."""
    return next((value for name, value in attributes.items() if name.endswith(" id")), "")


def _lines(archive: Archive, slide: str) -> Iterator[str]:
    yield from ooxml.lines_of(archive, slide)
    for kind, part in ooxml.relations(archive, slide).values():
        if kind in _WITH_A_SLIDE:
            yield from ooxml.lines_of(archive, part)
