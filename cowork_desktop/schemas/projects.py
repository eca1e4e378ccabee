"""Projects on the wire."""

from typing import Annotated

from pydantic import MISSING, Field

from cowork_desktop.schemas.base import (
    Body,
    LongLimit,
    ModelName,
    Name,
    Offset,
    Pattern,
    Query,
    Schema,
    ShortText,
    Timestamp,
)

ConnectorId = Annotated[
    str, Pattern(r"^conn_[0-9a-z]{1,40}$", "String should be the id of a connection, which begins with conn_")
]
SkillId = Annotated[
    str, Pattern(r"^skill_[0-9a-z]{1,40}$", "String should be the id of a skill, which begins with skill_")
]
ConnectorIds = Annotated[list[ConnectorId], Field(max_length=1000)]
SkillIds = Annotated[list[SkillId], Field(max_length=1000)]


class Project(Schema):
    id: str
    name: str
    description: str
    connector_ids: list[str]
    """The data source connections that are reachable within this project."""
    skill_ids: list[str]
    """The skills that are active in all conversations of this project."""
    model: str | None
    """The agent's model in this project; null: the one of the settings."""
    is_general: bool
    """True of the one project that exists from the first start and cannot be deleted."""
    created_at: Timestamp
    updated_at: Timestamp


class ProjectCreate(Body):
    name: Name
    """Display name for the project."""
    description: ShortText = ""
    """Short description shown in the UI."""
    connector_ids: ConnectorIds = []
    """Data source connections available within this project."""
    skill_ids: SkillIds = []
    """Global skills to activate for all conversations in this project."""
    model: ModelName | None = None
    """The agent's model in this project; null: the one of the settings."""


class ProjectPatch(Body):
    name: Name | MISSING = MISSING
    description: ShortText | MISSING = MISSING
    connector_ids: ConnectorIds | MISSING = MISSING
    """Replaces the current list."""
    skill_ids: SkillIds | MISSING = MISSING
    """Replaces the current list."""
    model: ModelName | None | MISSING = MISSING


class ProjectQuery(Query):
    limit: LongLimit = 50
    offset: Offset = 0
