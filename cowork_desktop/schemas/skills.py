"""Skills on the wire."""

from typing import Annotated

from pydantic import MISSING, AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from cowork_desktop.schemas.base import (
    NO_NUL,
    VISIBLE,
    Body,
    Form,
    LongLimit,
    Offset,
    Pattern,
    Query,
    Schema,
    Timestamp,
    UploadedFile,
)

SkillName = Annotated[
    str,
    StringConstraints(max_length=64),
    Pattern(
        r"^[a-z0-9]+(-[a-z0-9]+)*$",
        "String should have small letters and digits alone, with single hyphens between them",
    ),
]
Summary = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1024), VISIBLE]
Instructions = Annotated[str, StringConstraints(max_length=200_000), NO_NUL]
ToolId = Annotated[
    str,
    StringConstraints(max_length=200),
    Pattern(
        r"^[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$",
        "String should not be blank, and should have no control characters",
    ),
]
"""Also with arguments, as `Bash(git log:*)` in files of other programs."""


def _distinct(tools: list[str]) -> list[str]:
    if len(set(tools)) < len(tools):
        raise PydanticCustomError("not_distinct", "Each tool should stand once")
    return tools


ToolIds = Annotated[
    list[ToolId],
    Field(max_length=200, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_distinct),
]


class Skill(Schema):
    id: str
    name: str
    description: str
    instructions: str
    tools: list[str]
    """The tools that this skill may invoke."""
    created_at: Timestamp
    updated_at: Timestamp


class SkillCreate(Body):
    name: SkillName
    """Kebab-case identifier. Used to invoke the skill from a conversation."""
    description: Summary
    """Short summary of what this skill does. Shown in the UI and used by the agent to decide whether to
    invoke it."""
    instructions: Instructions = ""
    """Detailed prompt injected whenever this skill is active. Explains how to carry out the task, preferred
    format, constraints, etc."""
    tools: ToolIds = []
    """List of tool identifiers the agent may call when running this skill."""


class SkillPatch(Body):
    name: SkillName | MISSING = MISSING
    """New identifier."""
    description: Summary | MISSING = MISSING
    """Updated summary."""
    instructions: Instructions | MISSING = MISSING
    """Revised prompt instructions."""
    tools: ToolIds | MISSING = MISSING
    """Replace the full list of allowed tools."""


class SkillQuery(Query):
    limit: LongLimit = 1000
    offset: Offset = 0


class SkillForm(Form):
    file: UploadedFile
    """A `SKILL.md`, up to 1 MiB."""
