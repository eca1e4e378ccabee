"""Search over everything, on the wire."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from cowork_desktop.schemas.base import Limit, Pattern, Query, QueryText, Schema, Timestamp
from cowork_desktop.schemas.texts import Place

SearchKind = Literal["conversation", "item", "file", "artifact", "memory", "skill", "project"]

Cursor = Annotated[
    str,
    StringConstraints(max_length=20_000),
    Pattern(r"^[A-Za-z0-9_=-]*$", "String should be the next_cursor of the page before"),
]


class SearchQuery(Query):
    q: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    """Words that must all be there, the last one maybe unfinished; in quotation marks, a phrase."""
    project_id: QueryText | None = None
    """Only what belongs to a project."""
    conversation_id: QueryText | None = None
    """Only what belongs to a conversation."""
    file_id: QueryText | None = None
    """Only in one file."""
    kind: SearchKind | None = None
    """Only things of one kind; an `item` is a message."""
    order: Literal["relevance", "newest"] = "relevance"
    """By relevance where there are at most 1,000 hits; of more, the newest come first."""
    limit: Limit = 20
    cursor: Cursor | None = None
    """`next_cursor` of the page before."""


class SnippetPart(Schema):
    text: str
    is_match: bool


class SearchHit(Schema):
    kind: SearchKind
    id: str
    title: str
    """The name or title of the thing; of an item, its conversation's; empty where there is none."""
    snippet: list[SnippetPart]
    """Text around the first words that were found, in parts: those that were found and those between."""
    place: Place | None
    """Where in a file it was found."""
    project_id: str | None
    conversation_id: str | None
    created_at: Timestamp


class SearchPage(Schema):
    data: list[SearchHit]
    has_more: bool
    next_cursor: str | None
