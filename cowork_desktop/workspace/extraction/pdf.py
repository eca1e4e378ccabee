"""The pages of PDF files."""

from collections.abc import Iterator
from pathlib import Path

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2.raw import FPDF_ERR_PASSWORD  # type: ignore[import-untyped]

from cowork_desktop.workspace.extraction.passages import End, Found, Total, Unreadable, of_place


def read(path: Path) -> Iterator[Found]:
    """Places count pages from 1, and so does `done`. A page that cannot be read keeps none of the others."""
    document = _opened(path)
    pages = len(document)
    yield Total(pages)
    faults, has_text = 0, False
    for number in range(1, pages + 1):
        try:
            text = _text(document, number)
        except pdfium.PdfiumError:
            faults += 1
            continue
        for passage in of_place(text, {"page": number}, number):
            has_text = True
            yield passage
    yield _end(pages, faults, has_text)


def _opened(path: Path) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if error.err_code == FPDF_ERR_PASSWORD:
            raise Unreadable("The file is protected with a password.") from None
        raise Unreadable("It is damaged.") from None


def _text(document: pdfium.PdfDocument, number: int) -> str:
    page = document[number - 1]
    try:
        page.set_rotation(0)  # else the lines of a page that is turned come from its last to its first
        text = page.get_textpage()
        try:
            return str(text.get_text_range())
        finally:
            text.close()
    finally:
        page.close()


def _end(pages: int, faults: int, has_text: bool) -> End:
    if faults == pages:
        return End("failed", "None of its pages can be read.")
    if faults:
        return End("partial", f"{faults:,} of {pages:,} pages could not be read.")
    if not has_text:
        return End("ready", "The pages hold no text; they may be scanned images.")
    return End("ready")
