"""The text that is in files and artifacts, and where in them, on the wire."""

from typing import Literal

from pydantic import Field

from cowork_desktop.schemas.base import LongLimit, Offset, Query, Schema

TextStatus = Literal["none", "pending", "extracting", "ready", "partial", "failed"]


Absent = Field(default=None, exclude_if=lambda value: value is None)


class Place(Schema):
    """Where in a document something is; it has what the kind of the document has, counted from 1."""

    page: int | None = Absent
    sheet: str | None = Absent
    row: int | None = Absent
    slide: int | None = Absent
    paragraph: int | None = Absent
    line: int | None = Absent


class Progress(Schema):
    done: int
    total: int | None
    """In the same unit, pages for one; null where it is not known."""


class Passage(Schema):
    n: int
    """The place in the text, from 0."""
    place: Place
    """Of its first line."""
    text: str


class PassageQuery(Query):
    limit: LongLimit = 100
    offset: Offset = 0
