"""What the agent asks the user before it acts, on the wire."""

from typing import Annotated, Any, Literal

from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from cowork_desktop.schemas.base import NO_NUL, Body, LongLimit, Offset, Query, QueryText, Schema, Timestamp

Effect = Literal["read", "project", "lasting", "outside"]
"""`read`: nothing changes; `project`: files and artifacts of the project, which can be undone; `lasting`:
what other conversations will be told; `outside`: anything beyond."""
ApprovalStatus = Literal["pending", "allowed", "denied", "answered", "expired", "cancelled"]
Decision = Literal["allow", "allow_always", "deny"]


class Approval(Schema):
    """A call that waits for the user's word, or a question that the agent asks."""

    id: str
    response_id: str
    conversation_id: str
    project_id: str
    """Whose decisions are remembered; General's where the conversation has no project."""
    kind: Literal["approval", "question"]
    tool: str
    effect: Effect
    subject: str
    """What `allow_always` is remembered for, together with the tool: a host, say. Empty: for the tool."""
    summary: str
    """What would be done, in words; of a question, the question."""
    reason: str
    """Why the user is asked."""
    arguments: dict[str, Any]
    options: list[str]
    """Answers to a question that the agent suggests; any other can be given too."""
    status: ApprovalStatus
    answer: str | None
    """To a question."""
    created_at: Timestamp
    expires_at: Timestamp | None
    """When the call fails without an answer; null: it waits."""
    decided_at: Timestamp | None


class ApprovalAnswer(Body):
    """`decision` for a call, `answer` for a question (or `decision: "deny"`, which leaves it unanswered)."""

    decision: Decision | None = None
    answer: Annotated[str, StringConstraints(min_length=1, max_length=20_000), NO_NUL] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "ApprovalAnswer":
        if (self.decision is None) == (self.answer is None):
            raise PydanticCustomError("one_of", "Give either decision or answer")
        return self


class ApprovalQuery(Query):
    status: ApprovalStatus | None = None
    """`pending`: what waits for an answer. Returns all if omitted."""
    project_id: QueryText | None = None
    conversation_id: QueryText | None = None
    response_id: QueryText | None = None
    limit: LongLimit = 50
    offset: Offset = 0


class ApprovalRule(Schema):
    """Something that the user allowed always; it is not asked for again, unless the turn has read what
    somebody else may have written."""

    id: str
    project_id: str
    tool: str
    effect: Effect
    subject: str
    created_at: Timestamp


class ApprovalRuleQuery(Query):
    project_id: QueryText | None = None
    limit: LongLimit = 50
    offset: Offset = 0
