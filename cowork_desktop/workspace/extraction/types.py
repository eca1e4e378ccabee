"""Which types of files text is taken out of, and what reads each."""

from typing import Literal

Reader = Literal[
    "pdf",
    "word",
    "slides",
    "sheets",
    "opendocument",
    "html",
    "page",
    "mail",
    "notebook",
    "json",
    "rtf",
    "text",
    "locked",
]

WEB_PAGE = "text/x-web-page"
"""HTML that came from the web, of which the links count; no file is of this type."""
_OOXML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
_READERS: dict[str, Reader] = {
    "application/pdf": "pdf",
    f"{_OOXML}.wordprocessingml.document": "word",
    f"{_OOXML}.wordprocessingml.template": "word",
    "application/vnd.ms-word.document.macroenabled.12": "word",
    f"{_OOXML}.presentationml.presentation": "slides",
    f"{_OOXML}.presentationml.slideshow": "slides",
    "application/vnd.ms-powerpoint.presentation.macroenabled.12": "slides",
    f"{_OOXML}.spreadsheetml.sheet": "sheets",
    "application/vnd.ms-excel": "sheets",
    "application/vnd.ms-excel.sheet.macroenabled.12": "sheets",
    "application/vnd.ms-excel.sheet.binary.macroenabled.12": "sheets",
    f"{_ODF}.spreadsheet": "sheets",
    f"{_ODF}.text": "opendocument",
    f"{_ODF}.presentation": "opendocument",
    "application/encrypted": "locked",
    "application/json": "json",
    "application/jsonl": "json",
    "application/rtf": "rtf",
    "application/sql": "text",
    "application/toml": "text",
    "application/x-ipynb+json": "notebook",
    "application/x-sh": "text",
    "application/x-subrip": "text",
    "application/x-tex": "text",
    "application/xhtml+xml": "html",
    "application/xml": "text",
    "application/yaml": "text",
    "image/svg+xml": "html",
    "message/rfc822": "mail",
    "text/html": "html",
    WEB_PAGE: "page",
}


def can_extract(mime_type: str) -> bool:
    """Whether a file of this type may hold text that can be taken out."""
    return reader_of(mime_type) is not None


def reader_of(mime_type: str) -> Reader | None:
    """What reads files of this type; parameters such as `charset` are left aside."""
    essence = mime_type.partition(";")[0].strip().lower()
    if reader := _READERS.get(essence):
        return reader
    if essence.endswith("json"):
        return "json"
    return "text" if essence.startswith("text/") or essence.endswith(("+xml", "javascript")) else None
