"""A document in Markdown as an artifact: its page, and the source that the page is made of anew from."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from cowork_desktop.schemas.scratchpads import Cell, Scratchpad
from cowork_desktop.workspace.checks.faults import Fault, shown
from cowork_desktop.workspace.media_types import media_type
from cowork_desktop.workspace.report import render
from cowork_desktop.workspace.report_text import LONGEST_FANCY, image_sources, local_path

PAGE = "index.html"
SOURCE = "document.md"
_MADE_OF_SOURCE = f'<link rel="alternate" type="text/markdown" href="{SOURCE}">'


def is_document(files: Collection[str], page: bytes) -> bool:
    """Whether the page was made of the source beside it."""
    return SOURCE in files and _MADE_OF_SOURCE.encode() in page


def document(title: str, markdown: str, paths: Collection[str], now: int) -> bytes:
    """The page. It shows images that are among the `paths` beside it; `now` is in milliseconds."""
    time = f"{datetime.fromtimestamp(now / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
    cell = Cell(id="", type="markdown", content=markdown, status="success", error=None, index=0)
    pad = Scratchpad(
        id="",
        conversation_id="",
        title=title,
        cells=[cell],
        saved=True,
        artifact_id=None,
        created_at=time,
        updated_at=time,
    )
    return render(pad, images=images(paths), head=_MADE_OF_SOURCE)


def images(paths: Collection[str]) -> frozenset[str]:
    return frozenset(path for path in paths if media_type(path).startswith("image/"))


def check_document(markdown: str, paths: Collection[str]) -> Iterator[Fault]:
    """What would be missing on its page."""
    if len(markdown) > LONGEST_FANCY:
        yield Fault(SOURCE, None, f"it has more than {LONGEST_FANCY:,} characters: make it several documents")
        return
    known = images(paths)
    for line, source in image_sources(markdown):
        if source.startswith(("http://", "https://")):
            words = f"the image {shown(source)} is outside, and is shown as a link"
            yield Fault(SOURCE, line, words, is_fatal=False)
        elif local_path(source) not in known:
            yield Fault(SOURCE, line, f"the image {shown(source)} is not among the files")
