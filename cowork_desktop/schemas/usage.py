"""Token usage on the wire."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from cowork_desktop.schemas.base import Query, QueryText, Schema
from cowork_desktop.schemas.responses import Usage

Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]


class UsageGroup(Schema):
    key: str | None
    """A day (`2026-06-11`, UTC), a model's name, a conversation's or a project's id; null: no project."""
    responses: int
    usage: Usage


class UsageReport(Schema):
    data: list[UsageGroup]
    """Days newest first, other groups by their tokens, most first; at most 1,000."""
    responses: int
    usage: Usage
    """The sum of all groups."""


class UsageQuery(Query):
    group_by: Literal["day", "model", "conversation", "project"] = "day"
    project_id: QueryText | None = None
    conversation_id: QueryText | None = None
    model: QueryText | None = None
    since: Day | None = None
    """The first day, UTC."""
    until: Day | None = None
    """The last day, UTC."""
