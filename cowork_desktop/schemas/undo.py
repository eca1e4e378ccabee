"""What was taken back of a turn, on the wire."""

from typing import Literal

from cowork_desktop.schemas.base import Schema


class ChangeView(Schema):
    """One thing that a turn has changed."""

    kind: Literal["file", "artifact", "memory", "schedule"]
    ref: str
    """Its id; of a file its path in the project's working folder."""
    name: str
    project_id: str
    what: Literal["created", "changed", "deleted"]
    """What the turn did to it, all in all."""


class ChangeLeft(ChangeView):
    reason: str
    """Why it is as it was before the undo, in words."""


class Undone(Schema):
    """What was taken back, and what was not; neither has what was taken back before."""

    response_id: str
    undone: list[ChangeView]
    left: list[ChangeLeft]
