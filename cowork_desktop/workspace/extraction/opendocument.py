"""The paragraphs of ODT files and the slides of ODP files."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from cowork_desktop.workspace.extraction.archive import Archive
from cowork_desktop.workspace.extraction.flow import Vocabulary, lines
from cowork_desktop.workspace.extraction.passages import Found, Line, Unreadable, of_lines, of_place
from cowork_desktop.workspace.extraction.xml_events import Event, events

_WORDS = Vocabulary(
    paragraph=frozenset({"p", "h"}),
    row="table-row",
    cell="table-cell",
    text=frozenset(),
    blank=frozenset({"s", "tab", "line-break"}),
    hidden=frozenset({"tracked-changes", "note-citation", "page-number"}),
    apart=frozenset({"annotation"}),
)
Events = Iterable[Event]


def read(path: Path) -> Iterator[Found]:
    """Places count the paragraphs and table rows that hold text, or the slides, and so does `done`."""
    with Archive(path) as archive:
        if is_encrypted(archive):
            raise Unreadable("The file is protected with a password.")
        yield from (_slides if _is_presentation(archive) else _paragraphs)(archive)


def is_encrypted(archive: Archive) -> bool:
    """Whether its manifest says so; one that cannot be read, as of a program that gave it a document type,
    says nothing."""
    name = "META-INF/manifest.xml"
    try:
        return name in archive and any(
            found == "encryption-data" for _, found, _ in events(archive.chunks(name))
        )
    except Unreadable:
        return False


def _is_presentation(archive: Archive) -> bool:
    return "mimetype" in archive and b"presentation" in b"".join(archive.chunks("mimetype"))


def _paragraphs(archive: Archive) -> Iterator[Found]:
    yield from of_lines(
        (Line(number, text) for number, text in enumerate(_lines(archive), 1)),
        "paragraph",
    )


def _lines(archive: Archive) -> Iterator[str]:
    yield from lines(events(archive.chunks("content.xml")), _WORDS)
    if "styles.xml" in archive:  # headers and footers
        yield from lines(events(archive.chunks("styles.xml")), _WORDS)


def _slides(archive: Archive) -> Iterator[Found]:
    for slide, page in enumerate(_pages(events(archive.chunks("content.xml"))), 1):
        yield from of_place("\n".join(lines(page, _WORDS)), {"slide": slide}, slide)


def _pages(found: Events) -> Iterator[list[Event]]:
    """The events of each slide."""
    page: list[Event] = []
    for event in found:
        kind, name, _ = event
        if (kind, name) == ("start", "page"):
            page = []
        elif (kind, name) == ("end", "page"):
            yield page
        else:
            page.append(event)
