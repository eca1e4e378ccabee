"""Token usage on the wire."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from cowork_desktop.schemas.base import Pattern, Query, QueryText, Schema
from cowork_desktop.schemas.responses import Usage


def _day(value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise PydanticCustomError("day", "There is no such day") from error
    return value


Day = Annotated[
    str,
    Pattern(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "String should be a day such as 2026-06-11"),
    AfterValidator(_day),
    WithJsonSchema({"type": "string", "format": "date"}),
]
"""`2026-06-11`, UTC."""


class UsageGroup(Schema):
    key: str | None
    """A day (`2026-06-11`, UTC), a model's name, a conversation's or a project's id; null: no project."""
    model: str | None
    """Of a group by `day_model`, whose `key` is the day; null for the others."""
    responses: int
    usage: Usage
    cost_usd: float | None
    """US dollars by list prices, which may be outdated; null where the price of one of its models is not
    known."""


class UsageReport(Schema):
    data: list[UsageGroup]
    """Days newest first, and within a day and otherwise groups by their tokens, most first; at most 1,000."""
    responses: int
    usage: Usage
    """The sum of all groups."""
    cost_usd: float | None
    """The sum of all groups; null where that of one is not known."""


class UsageQuery(Query):
    group_by: Literal["day", "model", "day_model", "conversation", "project"] = "day"
    project_id: QueryText | None = None
    conversation_id: QueryText | None = None
    model: QueryText | None = None
    since: Day | None = None
    """The first day, UTC."""
    until: Day | None = None
    """The last day, UTC."""
